"""How bytes travel to a provider: one HTTP client a connection, and its failures as ours."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from ssl import SSLContext
from types import ModuleType, TracebackType
from typing import Protocol

import httpcore2
import httpx2
import orjson

from llm_gateway.domain import CallFailed
from llm_gateway.providers import refusals
from llm_gateway.providers.addresses import AddressRules, GuardedBackend
from shared.runtime import logger

_WRITE_SECONDS = 30.0
# One connection a generation: more than a process drives at once would only hide a leak.
_MAX_CONNECTIONS = 1_000
_MAX_IDLE = 100
_IDLE_SECONDS = 30.0

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """Where a provider is, how to be let in, and how long it may take. `rules` hold where a project chose the place."""

    provider: str
    base_url: str
    api_key: str = field(repr=False)
    key_variable: str
    connect_seconds: float
    read_seconds: float
    first_byte_seconds: float
    rules: AddressRules | None = None


class _StreamedResponse(Protocol):
    """What both SDKs give for an answer that is read as it comes."""

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Yield what arrives."""
        ...


def http_client(access: Access) -> httpx2.AsyncClient:
    """Make a client that follows no redirects and takes no proxy from the environment."""
    return httpx2.AsyncClient(
        transport=_transport(access.rules),
        timeout=httpx2.Timeout(
            connect=access.connect_seconds,
            # Strikes before the headers only: `read_bytes` bounds the rest more tightly.
            read=access.first_byte_seconds,
            write=_WRITE_SECONDS,
            pool=access.connect_seconds,
        ),
        follow_redirects=False,
        trust_env=False,
    )


async def read_bytes(access: Access, response: _StreamedResponse) -> AsyncGenerator[bytes]:
    """Yield the bytes of an answer as they come. Raises CallFailed where it does not begin or falls silent."""
    chunks = aiter(response.iter_bytes())
    seconds = access.first_byte_seconds
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise refusals.went_silent(access.provider, seconds) from None
        yield chunk
        seconds = access.read_seconds


def _transport(rules: AddressRules | None) -> httpx2.AsyncHTTPTransport:
    limits = httpx2.Limits(
        max_connections=_MAX_CONNECTIONS, max_keepalive_connections=_MAX_IDLE, keepalive_expiry=_IDLE_SECONDS
    )
    transport = httpx2.AsyncHTTPTransport(verify=_certificates(), trust_env=False, limits=limits)
    if rules is not None:
        # The library has no argument for it; a test notices when the private name goes away.
        transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001
            ssl_context=_certificates(),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=GuardedBackend(rules),
        )
    return transport


@cache
def _certificates() -> SSLContext:
    """Read the trusted authorities once: it takes longer than a call."""
    return httpx2.create_ssl_context(trust_env=False)


class Faults:
    """`with Faults(...)`: what the SDK, the transport and the parser raise inside becomes CallFailed."""

    def __init__(self, access: Access, name: str, sdk: ModuleType) -> None:
        """Take the model's name for the sentence, and the SDK whose errors are meant."""
        self._access = access
        self._name = name
        self._sdk = sdk

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Translate; what is not known here passes as it is."""
        failure = None if error is None else self._translated(error)
        if failure is not None:
            raise failure from error

    def _translated(self, error: BaseException) -> CallFailed | None:
        provider = self._access.provider
        if isinstance(error, self._sdk.APIStatusError):
            return refusals.refused_by_status(provider, self._access.key_variable, self._name, error)
        if isinstance(error, self._sdk.APIConnectionError):
            return self._broken(error.__cause__)
        if isinstance(error, httpx2.TransportError):
            return self._broken(error)
        if isinstance(error, orjson.JSONDecodeError | LookupError | TypeError | AttributeError | self._sdk.APIError):
            # Named, because a bug of ours in the reading looks the same; never quoted, because it may quote the answer.
            log.warning("provider_answer_unreadable", provider=provider, error=type(error).__name__)
            return refusals.unreadable(provider)
        return None

    def _broken(self, error: BaseException | None) -> CallFailed:
        provider = self._access.provider
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
            return refusals.not_reached(provider)
        if isinstance(error, httpx2.TimeoutException):
            return refusals.went_silent(provider, self._access.first_byte_seconds)
        return refusals.connection_lost(provider)
