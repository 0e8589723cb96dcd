"""What workflows reads from its environment."""

from pydantic_settings import SettingsConfigDict

from shared.runtime import ServiceSettings


class WorkflowsSettings(ServiceSettings):
    """The common settings under the prefix WORKFLOWS_; this service has none of its own."""

    model_config = SettingsConfigDict(env_prefix="WORKFLOWS_")
