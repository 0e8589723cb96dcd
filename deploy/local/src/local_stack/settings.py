"""What the user may choose for the local stack, and what child processes inherit."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.embedded.settings import EmbeddedSettings

REPOSITORY = Path(__file__).parents[4]
PROVIDER_VARIABLES = frozenset(
    {
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "XAI_API_KEY",
        "GROQ_API_KEY",
        "COMPATIBLE_API_KEY",
        "COMPATIBLE_BASE_URL",
    }
)


ENV_FILE = REPOSITORY / ".env"


class LocalStackSettings(BaseSettings):
    """Address and data folder of the local stack."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="SCRIPTORIUM_", env_file=ENV_FILE, env_ignore_empty=True, extra="ignore"
    )

    port: int = Field(default=8000, ge=1, le=65535, description="port of the web application")
    log_level: str = Field(default="info", description="debug, info, warning or error, for every service")
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP address that gets every service's traces")
    data: Path = Field(default=Path(".scriptorium"), description="folder of all databases, relative to the repository")

    def for_services(self) -> dict[str, str]:
        """Return what every service gets under its own prefix."""
        chosen = {"LOG_LEVEL": self.log_level, "OTLP_ENDPOINT": self.otlp_endpoint}
        return {name: value for name, value in chosen.items() if value}


class ServerPrograms(EmbeddedSettings):
    """Paths of other server programs, from `.env` too."""

    model_config = SettingsConfigDict(frozen=True, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore")


def inherited_environment(*, with_provider_keys: bool) -> dict[str, str]:
    """Return the variables of `.env` and of this process; what the process was given wins."""
    from_file = {name: value for name, value in dotenv_values(ENV_FILE).items() if value}
    everything = from_file | dict(os.environ)
    return everything if with_provider_keys else without_provider_keys(everything)


def without_provider_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what services other than the gateway may see."""
    return {name: value for name, value in environment.items() if name not in PROVIDER_VARIABLES}
