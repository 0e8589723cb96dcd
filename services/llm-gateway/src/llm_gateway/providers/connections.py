"""Which providers this installation can reach, by which wire format, with which key."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from llm_gateway.domain import ProviderKeyMissing, UnknownModel
from llm_gateway.providers.anthropic_messages import AnthropicMessages
from llm_gateway.providers.catalogue import KNOWN_MODELS, SIMULATED_MODELS
from llm_gateway.providers.openai_chat import OpenAIChat
from llm_gateway.providers.protocol import Provider
from llm_gateway.providers.transport import Access

SIMULATOR = "simulator"
_ANTHROPIC_SIMULATED = "reed"

Wire = Literal["openai_chat", "anthropic_messages"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider of this installation. `missing` says what to set where it cannot be asked yet."""

    provider: str
    wire: Wire
    base_url: str
    key_variable: str
    api_key: str | None = field(default=None, repr=False)
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a provider may take to accept a connection, and to send the next bytes."""

    connect_seconds: float
    read_seconds: float


@dataclass(frozen=True, slots=True)
class Target:
    """A model and the connection on which it is asked."""

    adapter: Provider
    name: str
    base_url: str


@dataclass(frozen=True, slots=True)
class ModelLabel:
    """What is written on a generation before anybody is asked."""

    model: str
    provider: str
    simulated: bool


class Providers:
    """All connections of the installation and the model that is taken when none is named."""

    def __init__(self, connections: list[Connection], timeouts: Timeouts, default_model: str | None) -> None:
        """Take the connections; none is opened before it is needed."""
        self.connections = connections
        self._timeouts = timeouts
        self.default_model = default_model or self._first_with_key()
        self._adapters: dict[tuple[str, Wire], Provider] = {}

    def label(self, model: str | None) -> ModelLabel:
        """Name the model and its provider as a generation keeps them, known here or not."""
        full = model or self.default_model
        provider = full.partition("/")[0]
        return ModelLabel(full, provider, provider == SIMULATOR)

    def resolve(self, model: str) -> Target:
        """Find the connection of `provider/model`. Raises UnknownModel or ProviderKeyMissing."""
        provider, _, name = model.partition("/")
        wanted: Wire | None = None
        if provider == SIMULATOR:
            wanted = "anthropic_messages" if name.startswith(_ANTHROPIC_SIMULATED) else "openai_chat"
        for connection in self.connections:
            if connection.provider == provider and name and wanted in {None, connection.wire}:
                return Target(self._adapter(connection), name, connection.base_url)
        known = ", ".join(self._known())
        message = f"There is no model {model!r} here. Name one as provider/model, for example one of: {known}."
        raise UnknownModel(message, model=model)

    async def warm(self) -> None:
        """Load the SDKs of all connections that can be asked."""
        for connection in self.connections:
            if connection.missing is None:
                await self._adapter(connection).warm()

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(adapter.close() for adapter in self._adapters.values()))

    def _adapter(self, connection: Connection) -> Provider:
        if connection.missing is not None:
            raise ProviderKeyMissing(connection.missing, provider=connection.provider)
        key = (connection.provider, connection.wire)
        if key not in self._adapters:
            self._adapters[key] = self._build(connection)
        return self._adapters[key]

    def _build(self, connection: Connection) -> Provider:
        adapter = OpenAIChat if connection.wire == "openai_chat" else AnthropicMessages
        return adapter(
            Access(
                provider=connection.provider,
                base_url=connection.base_url,
                # Servers on one's own machine take any key, and the SDK insists on one.
                api_key=connection.api_key or "none",
                key_variable=connection.key_variable,
                connect_seconds=self._timeouts.connect_seconds,
                read_seconds=self._timeouts.read_seconds,
            )
        )

    def _first_with_key(self) -> str:
        for connection in self.connections:
            names = KNOWN_MODELS.get(connection.provider, ())
            if connection.missing is None and names:
                return f"{connection.provider}/{names[0]}"
        return f"{SIMULATOR}/{SIMULATED_MODELS[0]}"

    def _known(self) -> list[str]:
        listed = {**KNOWN_MODELS, SIMULATOR: SIMULATED_MODELS}
        askable = dict.fromkeys(c.provider for c in self.connections if c.missing is None)
        return [f"{provider}/{name}" for provider in askable for name in listed.get(provider, ())]
