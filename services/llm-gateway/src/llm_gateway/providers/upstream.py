"""Calls whose bytes pass through: one pool of connections for all providers, and nothing built twice.

The SDKs cost a millisecond and a half a call; other teams' calls need none of what they do.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from llm_gateway.domain.calls import Route
from llm_gateway.providers import refusals
from llm_gateway.providers.adapters import Timeouts
from llm_gateway.providers.addresses import AddressRules, GuardedResolver
from llm_gateway.providers.wires import WireFormat

# What a caller may say to the provider beside the body: versions of the format, never accounts or addresses.
PASSED_HEADERS: Final = (b"anthropic-version", b"anthropic-beta", b"openai-beta")
_ANTHROPIC_VERSION = "2023-06-01"
_KEEPALIVE_SECONDS = 30.0
# A refusal is a few lines; whatever sends more is not worth reading.
_LONGEST_REFUSAL = 64 * 1024
# What a provider may hold back in one piece before its whole answer is too large to be one.
LONGEST_ANSWER = 64 * 1024 * 1024
_READ_BUFFER = 64 * 1024


class Upstream:
    """The way out of this process for other teams' calls."""

    def __init__(self, timeouts: Timeouts, whole_seconds: float, rules: AddressRules) -> None:
        """Bound the waits: for a connection, for the first and the next bytes of a stream, and for a whole answer.

        The rules hold for hosts that a project chose.
        """
        connect = timeouts.connect_seconds
        self._silence_seconds = timeouts.read_seconds
        self._first_seconds = max(timeouts.first_byte_seconds, timeouts.read_seconds)
        self._stream_timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=self._first_seconds)
        self._whole_timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=whole_seconds)
        self._whole_seconds = whole_seconds
        self._rules = rules
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._urls: dict[tuple[str, str], URL] = {}

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()

    def begin(self, response: aiohttp.ClientResponse) -> None:
        """From the first bytes of a stream on, less patience is due than before them."""
        if response.connection is not None and response.connection.protocol is not None:
            response.connection.protocol.read_timeout = self._silence_seconds

    @asynccontextmanager
    async def asked(
        self, route: Route, wire: WireFormat, body: bytes, headers: Mapping[str, str], *, is_streamed: bool
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Ask once, never twice; the answer is a good one. Raises CallFailed, also for what breaks while it is read.

        Leaving the context closes the connection, unless the answer was read to its end.
        """
        protocol: ResponseHandler | None = None
        try:
            async with self._opened(route).post(
                self._url(route, wire),
                data=body,
                headers=_headers(route, wire, headers),
                allow_redirects=False,
                timeout=self._stream_timeout if is_streamed else self._whole_timeout,
            ) as response:
                if response.status != 200:
                    refusal = await response.content.read(_LONGEST_REFUSAL)
                    raise refusals.read_refusal(route, response.status, response.headers, refusal)
                protocol = response.connection.protocol if response.connection is not None else None
                yield response
        except aiohttp.ConnectionTimeoutError as error:
            raise refusals.not_reached(route.provider) from error
        except aiohttp.SocketTimeoutError as error:
            seconds = protocol.read_timeout if protocol else None
            waited = self._first_seconds if is_streamed else self._whole_seconds
            raise refusals.went_silent(route.provider, seconds or waited) from error
        except aiohttp.ClientConnectorError as error:
            raise refusals.not_reached(route.provider) from error
        except (aiohttp.ClientError, OSError) as error:
            raise refusals.connection_lost(route.provider) from error

    def _opened(self, route: Route) -> aiohttp.ClientSession:
        """Hosts that a project chose have a pool of their own, which connects to checked addresses only."""
        session = self._sessions.get(route.is_guarded)
        if session is None:
            # Made inside of the running loop, at the first call.
            resolver = GuardedResolver(self._rules) if route.is_guarded else None
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, resolver=resolver, use_dns_cache=not route.is_guarded
            )
            session = self._sessions[route.is_guarded] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=_READ_BUFFER,
                skip_auto_headers=("User-Agent",),
            )
        return session

    def _url(self, route: Route, wire: WireFormat) -> URL:
        key = (route.base_url, wire.path)
        url = self._urls.get(key)
        if url is None:
            url = self._urls[key] = URL(f"{route.base_url}{wire.path}")
        return url


def _headers(route: Route, wire: WireFormat, passed: Mapping[str, str]) -> CIMultiDict[str]:
    headers = CIMultiDict(passed)
    headers["Content-Type"] = "application/json"
    headers["Accept-Encoding"] = "identity"
    key = route.api_key or "none"
    if wire.wire == "messages":
        headers["x-api-key"] = key
        headers.setdefault("anthropic-version", _ANTHROPIC_VERSION)
    elif route.provider == "azure":
        headers["api-key"] = key
    else:
        headers["Authorization"] = f"Bearer {key}"
    return headers
