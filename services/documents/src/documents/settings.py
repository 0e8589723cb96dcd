"""What documents reads from its environment."""

from pydantic_settings import SettingsConfigDict

from shared.runtime import ServiceSettings


class DocumentsSettings(ServiceSettings):
    """The common settings under the prefix DOCUMENTS_; this service has none of its own."""

    model_config = SettingsConfigDict(env_prefix="DOCUMENTS_")
