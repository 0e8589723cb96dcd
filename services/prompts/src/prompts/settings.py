"""What the service reads from its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.runtime import ServiceSettings


class PromptsSettings(ServiceSettings):
    """Settings of prompts, each with the prefix PROMPTS_."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="PROMPTS_")

    # A render takes about a millisecond of one process: two serve some thousand a second, and each keeps 50 MB.
    template_workers: int = Field(default=2, ge=1, le=64, description="Processes that render templates")
