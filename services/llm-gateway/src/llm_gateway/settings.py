"""What llm-gateway reads from its environment: its own settings, and the providers' keys under their usual names."""

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.runtime import ServiceSettings


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class LlmGatewaySettings(ServiceSettings):
    """Settings of llm-gateway. A provider without a key is listed, and says which variable to set."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="LLM_GATEWAY_", env_ignore_empty=True, populate_by_name=True
    )

    sealing_key: SecretStr = Field(
        description="Key under which provider keys rest in the database: 32 random bytes in base64"
    )
    old_sealing_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="Earlier sealing keys, separated by commas; they open what was sealed under them"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="Hosts on private networks that projects may connect to: host or host:port, separated by commas",
    )
    simulator_url: str | None = Field(default=None, description="Address of the provider simulator")
    default_model: str | None = Field(
        default=None,
        description="Model taken when none is named, as provider/model; else the first provider with a key decides",
    )
    # A process at this bound uses about one core at 50 chunks a second and stream.
    max_running: int = Field(default=200, ge=1, description="Generations that one process runs at once")
    # The sockets and buffers of so many calls fit into some hundred megabytes.
    max_calls: int = Field(default=1000, ge=1, description="Calls of other teams that one process makes at once")
    redis_url: SecretStr | None = Field(
        default=None, description="Redis that the processes share limits through; without it each holds its own part"
    )
    provider_connect_seconds: float = Field(default=5.0, gt=0, description="How long a provider may take to accept")
    # Reasoning models think before they say anything: half a minute is common, and giving up early pays for it twice.
    provider_first_byte_seconds: float = Field(
        default=60.0,
        gt=0,
        description="How long a provider may take to begin a streamed answer; at least the longest silence within it",
    )
    # Within an answer more than this is a stall for the person who waits.
    provider_read_seconds: float = Field(default=30.0, gt=0, description="Longest silence within a streamed answer")
    # Long enough for a pause of the process or the database, short enough for the person who waits after a crash.
    lease_seconds: float = Field(default=10.0, ge=1, description="How long a silent process keeps its generations")
    generation_seconds: float = Field(default=900.0, gt=0, description="Longest time that one generation may take")

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(default=None, validation_alias="ANTHROPIC_BASE_URL")
    xai_api_key: SecretStr | None = Field(default=None, validation_alias="XAI_API_KEY")
    groq_api_key: SecretStr | None = Field(default=None, validation_alias="GROQ_API_KEY")
    compatible_api_key: SecretStr | None = Field(default=None, validation_alias="COMPATIBLE_API_KEY")
    compatible_base_url: str | None = Field(default=None, validation_alias="COMPATIBLE_BASE_URL")
