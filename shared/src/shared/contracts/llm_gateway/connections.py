"""What a project brings of its own: accounts at providers, models with prices, aliases, settings of the gateway."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from shared.contracts.ids import ConnectionId
from shared.contracts.llm_gateway.samples import CONNECTION
from shared.contracts.message import Fact, Request, View

ProviderKind = Literal["openai", "anthropic", "xai", "groq", "azure", "compatible"]
Capability = Literal["tools", "images", "json_schema", "reasoning", "temperature", "embeddings"]
ConnectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
ModelName = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[^\s/]+/\S+$")]
AliasName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,79}$")]
Price = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class ProviderConnection(View):
    """An account at a provider. The key is never shown: `key_hint` is its end, None where none is kept.

    `origin` is `installation` for what comes from the environment (`id` is then None, and only its operator changes
    it), else `project`. `missing` says what to do where it cannot be asked yet.
    """

    id: ConnectionId | None
    name: str
    provider: ProviderKind | Literal["simulator"]
    base_url: str | None
    key_hint: str | None
    origin: Literal["installation", "project"]
    missing: str | None
    revision: int
    updated_at: datetime | None


class ConnectionList(View):
    """Every connection that the project can use; its own hide the installation's of the same name."""

    items: list[ProviderConnection]


class ConnectionCheck(View):
    """What a provider said to a small question. `detail` is a sentence for the admin."""

    ok: bool
    detail: str
    milliseconds: int


class CustomModel(View):
    """A model as an admin described it; None leaves what the catalogue knows."""

    model: str
    context_tokens: int | None
    max_output_tokens: int | None
    input_usd_per_million: Decimal | None
    cached_input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    capabilities: list[Capability]
    retires_on: date | None
    updated_at: datetime


class CustomModelList(View):
    """The project's own models."""

    items: list[CustomModel]


class ModelAlias(View):
    """A name for models that are asked in turn: the next one where the one before cannot answer."""

    name: str
    targets: list[str]
    updated_at: datetime


class ModelAliasList(View):
    """The project's aliases."""

    items: list[ModelAlias]


class GatewaySettings(View):
    """How the gateway treats this project's calls; see `SaveGatewaySettings`."""

    cache_seconds: int | None
    unknown_price_ceiling_usd_per_million: Decimal | None


class ListConnections(Request[ConnectionList]):
    """List the connections that the project can use."""

    subject: ClassVar[str] = "request.llm_gateway.list_connections.v1"
    action: ClassVar[str] = "models.read"
    answer: ClassVar[type[BaseModel]] = ConnectionList
    sample: ClassVar[dict[str, Any]] = {}


class SaveConnection(Request[ProviderConnection]):
    """Make a connection, or change it where `id` names one (with the `revision` that was seen).

    `api_key` None keeps the key, unless `base_url` or `provider` changes: then the kept key is cleared, because it was
    meant for another place.
    """

    subject: ClassVar[str] = "request.llm_gateway.save_connection.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = ProviderConnection
    sample: ClassVar[dict[str, Any]] = {
        "id": None,
        "revision": 0,
        "name": "ollama",
        "provider": "compatible",
        "base_url": "http://127.0.0.1:11434/v1",
        "api_key": None,
    }
    id: ConnectionId | None = None
    revision: int = Field(default=0, ge=0)
    name: ConnectionName
    provider: ProviderKind
    base_url: str | None = Field(default=None, max_length=500)
    api_key: str | None = Field(default=None, max_length=500, repr=False)


class DeleteConnection(Request[ConnectionList]):
    """Forget a connection and its key; the installation's of the same name is used again where there is one."""

    subject: ClassVar[str] = "request.llm_gateway.delete_connection.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = ConnectionList
    sample: ClassVar[dict[str, Any]] = {"id": CONNECTION}
    id: ConnectionId


class TestConnection(Request[ConnectionCheck]):
    """Ask the provider for its list of models, which costs nothing."""

    __test__: ClassVar[bool] = False

    subject: ClassVar[str] = "request.llm_gateway.test_connection.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = ConnectionCheck
    sample: ClassVar[dict[str, Any]] = {"name": "openai"}
    name: ConnectionName


class ListCustomModels(Request[CustomModelList]):
    """List the models that the project describes by itself."""

    subject: ClassVar[str] = "request.llm_gateway.list_custom_models.v1"
    action: ClassVar[str] = "models.read"
    answer: ClassVar[type[BaseModel]] = CustomModelList
    sample: ClassVar[dict[str, Any]] = {}


class SaveCustomModel(Request[CustomModel]):
    """Describe a model of a connection, or correct what the catalogue says of it."""

    subject: ClassVar[str] = "request.llm_gateway.save_custom_model.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = CustomModel
    sample: ClassVar[dict[str, Any]] = {
        "model": "ollama/llama3.3",
        "context_tokens": 131072,
        "input_usd_per_million": "0",
        "output_usd_per_million": "0",
        "capabilities": ["tools"],
    }
    model: ModelName
    context_tokens: int | None = Field(default=None, ge=1, le=100_000_000)
    max_output_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    input_usd_per_million: Price | None = None
    cached_input_usd_per_million: Price | None = None
    output_usd_per_million: Price | None = None
    capabilities: list[Capability] = Field(default_factory=list, max_length=10)
    retires_on: date | None = None


class DeleteCustomModel(Request[CustomModelList]):
    """Forget the project's own description of a model."""

    subject: ClassVar[str] = "request.llm_gateway.delete_custom_model.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = CustomModelList
    sample: ClassVar[dict[str, Any]] = {"model": "ollama/llama3.3"}
    model: ModelName


class ListAliases(Request[ModelAliasList]):
    """List the project's names for chains of models."""

    subject: ClassVar[str] = "request.llm_gateway.list_aliases.v1"
    action: ClassVar[str] = "models.read"
    answer: ClassVar[type[BaseModel]] = ModelAliasList
    sample: ClassVar[dict[str, Any]] = {}


class SaveAlias(Request[ModelAlias]):
    """Name a chain of models; the same name again replaces it."""

    subject: ClassVar[str] = "request.llm_gateway.save_alias.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = ModelAlias
    sample: ClassVar[dict[str, Any]] = {"name": "writer", "targets": ["anthropic/claude-sonnet-5-5", "simulator/quill"]}
    name: AliasName
    targets: list[ModelName] = Field(min_length=1, max_length=8)


class DeleteAlias(Request[ModelAliasList]):
    """Forget an alias."""

    subject: ClassVar[str] = "request.llm_gateway.delete_alias.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = ModelAliasList
    sample: ClassVar[dict[str, Any]] = {"name": "writer"}
    name: AliasName


class GetGatewaySettings(Request[GatewaySettings]):
    """Read how the gateway treats this project's calls."""

    subject: ClassVar[str] = "request.llm_gateway.get_gateway_settings.v1"
    action: ClassVar[str] = "models.read"
    answer: ClassVar[type[BaseModel]] = GatewaySettings
    sample: ClassVar[dict[str, Any]] = {}


class SaveGatewaySettings(Request[GatewaySettings]):
    """Set how the gateway treats this project's calls.

    `cache_seconds` keeps answers for equal questions so long, None keeps none. A model without a known price counts
    as `unknown_price_ceiling_usd_per_million` under a budget; None refuses it there.
    """

    subject: ClassVar[str] = "request.llm_gateway.save_gateway_settings.v1"
    action: ClassVar[str] = "connections.manage"
    answer: ClassVar[type[BaseModel]] = GatewaySettings
    sample: ClassVar[dict[str, Any]] = {"cache_seconds": 3600, "unknown_price_ceiling_usd_per_million": None}
    cache_seconds: int | None = Field(default=None, ge=1, le=2_592_000)
    unknown_price_ceiling_usd_per_million: Price | None = None


class ConnectionSaved(Fact):
    """A connection was made or changed. Every gateway process forgets what it knew of it."""

    subject: ClassVar[str] = "fact.llm_gateway.connection.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"connection_id": CONNECTION, "name": "ollama"}
    connection_id: ConnectionId
    name: str


class ConnectionDeleted(Fact):
    """A connection and its key are gone."""

    subject: ClassVar[str] = "fact.llm_gateway.connection.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"connection_id": CONNECTION, "name": "ollama"}
    connection_id: ConnectionId
    name: str


class CustomModelSaved(Fact):
    """An admin described a model."""

    subject: ClassVar[str] = "fact.llm_gateway.custom_model.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"model": "ollama/llama3.3"}
    model: str


class CustomModelDeleted(Fact):
    """A project's own description of a model is gone."""

    subject: ClassVar[str] = "fact.llm_gateway.custom_model.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"model": "ollama/llama3.3"}
    model: str


class AliasSaved(Fact):
    """A name for a chain of models was set."""

    subject: ClassVar[str] = "fact.llm_gateway.alias.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"name": "writer"}
    name: str


class AliasDeleted(Fact):
    """A name for a chain of models is gone."""

    subject: ClassVar[str] = "fact.llm_gateway.alias.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"name": "writer"}
    name: str


class GatewaySettingsSaved(Fact):
    """A project's settings of the gateway changed."""

    subject: ClassVar[str] = "fact.llm_gateway.settings.saved.v1"
    sample: ClassVar[dict[str, Any]] = {"setting": "project"}
    setting: Literal["project"] = "project"
