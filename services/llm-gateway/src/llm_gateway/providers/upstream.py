"""Calls whose bytes pass through: one pool of connections for all providers, and nothing built twice.

The SDKs cost a millisecond and a half a call; other teams' calls need none of what they do.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from llm_gateway.domain.calls import Route
from llm_gateway.providers import refusals
from llm_gateway.providers.wires import WireFormat

# What a caller may say to the provider beside the body: versions of the format, never accounts or addresses.
PASSED_HEADERS: Final = (b"anthropic-version", b"anthropic-beta", b"openai-beta")
_ANTHROPIC_VERSION = "2023-06-01"
_KEEPALIVE_SECONDS = 30.0
# A refusal is a few lines; whatever sends more is not worth reading.
_LONGEST_REFUSAL = 64 * 1024
# What a provider may hold back in one piece before its whole answer is too large to be one.
LONGEST_ANSWER = 64 * 1024 * 1024
_READ_BUFFER = 256 * 1024


class Upstream:
    """The way out of this process for other teams' calls."""

    def __init__(
        self, connect_seconds: float, silence_seconds: float, whole_seconds: float, resolver: AbstractResolver
    ) -> None:
        """Bound the waits: for a connection, between the bytes of a stream, and for a whole answer."""
        self._silence_seconds = silence_seconds
        self._stream_timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_seconds, sock_read=silence_seconds
        )
        self._whole_timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds, sock_read=whole_seconds)
        self._whole_seconds = whole_seconds
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[tuple[str, str], URL] = {}

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def asked(
        self, route: Route, wire: WireFormat, body: bytes, headers: Mapping[str, str], *, is_streamed: bool
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Ask once, never twice; the answer is a good one. Raises CallFailed, also for what breaks while it is read.

        Leaving the context closes the connection, unless the answer was read to its end.
        """
        seconds = self._silence_seconds if is_streamed else self._whole_seconds
        try:
            async with self._opened().post(
                self._url(route, wire),
                data=body,
                headers=_headers(route, wire, headers),
                allow_redirects=False,
                timeout=self._stream_timeout if is_streamed else self._whole_timeout,
            ) as response:
                if response.status != 200:
                    refusal = await response.content.read(_LONGEST_REFUSAL)
                    raise refusals.read_refusal(route, response.status, response.headers, refusal)
                yield response
        except TimeoutError as error:
            failed = refusals.not_reached if isinstance(error, aiohttp.ConnectionTimeoutError) else None
            raise failed(route.provider) if failed else refusals.went_silent(route.provider, seconds) from error
        except aiohttp.ClientConnectorError as error:
            raise refusals.not_reached(route.provider) from error
        except (aiohttp.ClientError, OSError) as error:
            raise refusals.connection_lost(route.provider) from error

    def _opened(self) -> aiohttp.ClientSession:
        # Made inside of the running loop, at the first call.
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_SECONDS, resolver=self._resolver)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=_READ_BUFFER,
                skip_auto_headers=("User-Agent",),
            )
        return self._session

    def _url(self, route: Route, wire: WireFormat) -> URL:
        key = (route.base_url, wire.path)
        url = self._urls.get(key)
        if url is None:
            url = self._urls[key] = URL(_address(route, wire))
        return url


def _address(route: Route, wire: WireFormat) -> str:
    base = route.base_url.rstrip("/")
    if route.provider == "anthropic" or wire.wire == "messages":
        # Their address is named without the version that all of their paths begin with.
        base = f"{base.removesuffix('/v1')}/v1"
    return f"{base}{wire.path}"


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
