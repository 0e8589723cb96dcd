"""Clients that take their time, or never come to an end: bounds on the way to a whole request.

Uvicorn bounds neither: a client that sends a byte a second holds its connection for ever, and one that sends headers
without an end fills the memory.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS = 10.0
# 5 MB, the largest body that is taken anywhere, over a line of 1 Mbit/s.
BODY_SECONDS = 45.0
HEADER_BYTES = 64 * 1024

_TOO_SLOW = (
    b'{"type":"/problems/http-408","title":"Refused","status":408,"detail":"The request took too long to arrive."}'
)
_TOO_LONG = (
    b'{"type":"/problems/http-431","title":"Refused","status":431,"detail":"The headers are longer than 64 KB."}'
)


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes a connection whose request does not arrive in time, or whose headers are too long."""

    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _is_in_headers = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first headers."""
        super().connection_made(transport)
        self._expect_within(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the headers are too long."""
        super().data_received(data)
        if self._is_in_headers:
            self._header_bytes += len(data)
        if self._header_bytes > HEADER_BYTES:
            self._refuse(b"431 Request Header Fields Too Large", _TOO_LONG)

    def on_message_begin(self) -> None:
        """Expect the headers to come to an end."""
        super().on_message_begin()
        self._is_in_headers = True
        self._expect_within(HEADER_SECONDS)

    def on_headers_complete(self) -> None:
        """Expect the body."""
        super().on_headers_complete()
        self._is_in_headers, self._header_bytes = False, 0
        self._expect_within(BODY_SECONDS)

    def on_message_complete(self) -> None:
        """Expect nothing more: how long the answer takes is not the client's doing."""
        super().on_message_complete()
        self._expect_nothing()

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._timer = self.loop.call_later(seconds, self._refuse, b"408 Request Timeout", _TOO_SLOW)

    def _expect_nothing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes, problem: bytes) -> None:
        """Say why and close; in the middle of another answer, and to who said nothing yet, only close."""
        cycle: RequestResponseCycle | None = self.cycle
        is_open = cycle is not None and not cycle.response_complete
        is_answering = cycle is not None and is_open and cycle.response_started
        if (self._is_in_headers or is_open) and not is_answering and not self.transport.is_closing():
            headers = b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close" % len(
                problem
            )
            self.transport.write(b"HTTP/1.1 %b\r\n%b\r\n\r\n%b" % (status, headers, problem))
        self.transport.close()
