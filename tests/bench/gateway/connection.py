"""The client of the load generator: one kept-alive HTTP/1.1 connection, with as little in the way as Python allows."""

import asyncio
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

import httptools
import orjson


class AnswerError(Exception):
    """The answer was a refusal, or none came."""


class Connection(asyncio.Protocol):
    """Asks one question at a time."""

    def __init__(self) -> None:
        """Make one that is not connected yet; see `connected`."""
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[float] | None = None
        self._on_body: Callable[[bytes], None] | None = None
        self._refusal = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        # uvloop's transports keep the promises of asyncio's without being descended from them.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell who waits for an answer that none comes."""
        self._fail("the connection was closed before the answer ended")

    def data_received(self, data: bytes) -> None:
        """Read; the parser calls the methods below."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Pass on what was read of a good answer."""
        if self._parser.get_status_code() != 200:
            self._refusal += body
        elif self._on_body is not None:
            self._on_body(body)

    def on_message_complete(self) -> None:
        """End the question with the moment of its end."""
        status = self._parser.get_status_code()
        if status != 200:
            self._fail(f"{status}: {self._refusal[:400].decode(errors='replace')}")
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(time.perf_counter())

    async def ask(self, question: bytes, on_body: Callable[[bytes], None] | None = None) -> float:
        """Send a question and return when its answer ended, by `time.perf_counter`. Raises AnswerError."""
        self._answer = asyncio.get_running_loop().create_future()
        self._on_body = on_body
        self._transport.write(question)
        return await self._answer

    def close(self) -> None:
        """Hang up, in the middle of an answer too."""
        self._transport.abort()

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(AnswerError(reason))


async def connected(url: str) -> Connection:
    """Open a connection to the server of an address."""
    host, _, port = urlsplit(url).netloc.partition(":")
    _, connection = await asyncio.get_running_loop().create_connection(Connection, host, int(port))
    return connection


def question(url: str, headers: dict[str, str], body: dict[str, object]) -> bytes:
    """Write a whole POST request, to be sent many times."""
    parts, payload = urlsplit(url), orjson.dumps(body)
    fixed = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": str(len(payload))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (fixed | headers).items())
    return f"POST {parts.path} HTTP/1.1\r\n{lines}\r\n".encode() + payload
