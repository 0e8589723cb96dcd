"""What every service reads from its environment. Each service subclasses it with its own prefix and settings."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings common to all services. A secret has no default, so that a missing one stops the start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="PostgreSQL address of the app role, which row level security holds")
    relay_database_url: SecretStr = Field(description="PostgreSQL address of the relay role: outbox, leases, reapers")
    owner_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL address of the owner role; only `migrate` needs it"
    )
    nats_url: SecretStr = Field(description="NATS address with this service's user and password")
    signing_key: SecretStr = Field(
        description="Ed25519 private key of this service for internal tokens, URL-safe base64"
    )
    public_keys: dict[str, str] = Field(description="Public keys of all services by name, as JSON")
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=0, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    log_format: str = Field(default="json", description="json, or text for a terminal")
    otlp_endpoint: str | None = Field(
        default=None, description="OTLP/HTTP address to send traces to; none are sent without it"
    )
    fault_points: str = Field(default="", description="Places at which tests kill or freeze this process")
    # Kubernetes gives 30 s between SIGTERM and SIGKILL: 20 s of finishing leave room for closing.
    stop_seconds: float = Field(default=20.0, gt=0, description="How long work that was begun may go on after SIGTERM")
