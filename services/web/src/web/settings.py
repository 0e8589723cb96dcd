"""What web reads from its environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.runtime import ServiceSettings


class WebSettings(ServiceSettings):
    """The common settings under the prefix WEB_, and where the browser finds us."""

    model_config = SettingsConfigDict(env_prefix="WEB_")

    public_url: str = Field(default="http://localhost:8000", description="Address under which browsers reach us")
    static_dir: Path | None = Field(default=None, description="Folder of the built web app")
    gateway_url: str | None = Field(default=None, description="Address under which other programs reach the gateway")
    encryption_key: SecretStr = Field(description="Secret under which API keys are hashed, at least 32 bytes")
    # 30 days without a visit, then one signs in again.
    session_days: int = Field(default=30, ge=1, le=365, description="Days after the last visit until a session ends")
