"""What the user may choose for the local stack, and what child processes inherit."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

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


class LocalStackSettings(BaseSettings):
    """Address and data folder of the local stack."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="SCRIPTORIUM_", env_file=REPOSITORY / ".env", env_ignore_empty=True, extra="ignore"
    )

    port: int = Field(default=8000, ge=1, le=65535, description="port of the web application")
    data: Path = Field(default=Path(".scriptorium"), description="folder of all databases, relative to the repository")


def inherited_environment() -> dict[str, str]:
    """Return the variables of `.env` and of this process; what the process was given wins."""
    from_file = {name: value for name, value in dotenv_values(REPOSITORY / ".env").items() if value}
    return from_file | dict(os.environ)


def without_provider_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what services other than the gateway may see."""
    return {name: value for name, value in environment.items() if name not in PROVIDER_VARIABLES}
