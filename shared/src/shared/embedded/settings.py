"""Where the server programs are, when it is not the installed wheels that bring them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EmbeddedSettings(BaseSettings):
    """Overrides for machines that bring their own servers (other platforms, security updates)."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    pg_bin: Path | None = Field(default=None, description="folder that holds `postgres` and `initdb`")
    nats_server_bin: Path | None = Field(default=None, description="path of `nats-server`")
    redis_server_bin: Path | None = Field(default=None, description="path of `valkey-server` or `redis-server`")
