"""The official SDKs as adapters: one for each address and key, made once, closed when it falls out of use."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

from llm_gateway.domain.calls import Route
from llm_gateway.providers.addresses import AddressRules
from llm_gateway.providers.anthropic_messages import AnthropicMessages
from llm_gateway.providers.openai_chat import OpenAIChat
from llm_gateway.providers.protocol import Provider, ProviderEvent
from llm_gateway.providers.transport import Access
from shared.contracts.llm_gateway import GenerationRequest

# Each holds idle connections for half a minute; more accounts than this are seldom asked within one.
MOST_ADAPTERS = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a provider may take to accept a connection, to begin a streamed answer and to send the next bytes."""

    connect_seconds: float
    read_seconds: float
    first_byte_seconds: float


@dataclass(slots=True)
class _Lent:
    adapter: Provider
    users: int = 0
    is_evicted: bool = False


class Providers:
    """All adapters of this process."""

    def __init__(self, timeouts: Timeouts, rules: AddressRules) -> None:
        """Open nothing yet."""
        self._timeouts = timeouts
        self._rules = rules
        self._loaded: set[type[Provider]] = set()
        self._adapters: OrderedDict[tuple[type[Provider], Access], _Lent] = OrderedDict()

    async def stream(
        self, route: Route, request: GenerationRequest, attempt_id: UUID
    ) -> AsyncGenerator[list[ProviderEvent]]:
        """Ask the model of a route once, never twice; see `Provider.stream`."""
        lent = await self._lend(route)
        lent.users += 1
        try:
            async with aclosing(lent.adapter.stream(route.name, request, attempt_id)) as answer:
                async for arrived in answer:
                    yield arrived
        finally:
            lent.users -= 1
            if lent.is_evicted and not lent.users:
                await lent.adapter.close()

    async def warm(self) -> None:
        """Load the SDK that most providers share ahead of the first call; Anthropic's takes 35 MB when it is needed."""
        await self._load(OpenAIChat)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(lent.adapter.close() for lent in self._adapters.values()))

    async def _lend(self, route: Route) -> _Lent:
        adapter, access = _adapter(route), self._access(route)
        await self._load(adapter)
        key = (adapter, access)
        lent = self._adapters.get(key)
        if lent is None:
            lent = self._adapters[key] = _Lent(adapter(access))
        self._adapters.move_to_end(key)
        if len(self._adapters) > MOST_ADAPTERS:
            _, oldest = self._adapters.popitem(last=False)
            oldest.is_evicted = True
            if not oldest.users:
                await oldest.adapter.close()
        return lent

    async def _load(self, adapter: type[AnthropicMessages | OpenAIChat]) -> None:
        """Import the SDK off the event loop: it takes seconds."""
        if adapter not in self._loaded:
            await asyncio.to_thread(import_module, "anthropic" if adapter is AnthropicMessages else "openai")
            self._loaded.add(adapter)

    def _access(self, route: Route) -> Access:
        return Access(
            provider=route.provider,
            base_url=route.base_url,
            # Servers on one's own machine take any key, and the SDK insists on one.
            api_key=route.api_key or "none",
            key_variable=route.key_source,
            connect_seconds=self._timeouts.connect_seconds,
            read_seconds=self._timeouts.read_seconds,
            first_byte_seconds=max(self._timeouts.first_byte_seconds, self._timeouts.read_seconds),
            rules=self._rules if route.is_guarded else None,
        )


def _adapter(route: Route) -> type[AnthropicMessages | OpenAIChat]:
    return AnthropicMessages if "messages" in route.wires else OpenAIChat
