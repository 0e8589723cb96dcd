import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from shared.runtime import slow_clients
from shared.runtime.slow_clients import BoundedProtocol


async def _app(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, wait longer than any bound of the test, answer."""
    while (message := await receive())["type"] == "http.request" and message.get("more_body"):
        continue
    await asyncio.sleep(0.6)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Serve with bounds of a moment."""
    monkeypatch.setattr(slow_clients, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(slow_clients, "BODY_SECONDS", 0.5)
    server = uvicorn.Server(uvicorn.Config(_app, port=0, lifespan="off", log_config=None, http=BoundedProtocol))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  the library has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def _answer(port: int, first: bytes, drip: bytes = b"") -> bytes:
    """Send `first`, then a drip now and then until the server closes; return all that it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)

    async def go_on() -> None:
        while drip:
            await asyncio.sleep(0.05)
            writer.write(drip)

    dripping = asyncio.create_task(go_on())
    try:
        async with asyncio.timeout(5):
            return await reader.read(-1)
    finally:
        dripping.cancel()
        writer.close()


@pytest.mark.parametrize(
    ("first", "drip", "status"),
    [
        (b"", b"", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", b" ", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 10_000, b"", b"HTTP/1.1 431 "),
    ],
)
async def test_a_request_that_does_not_come_to_its_end_is_closed(
    port: int, first: bytes, drip: bytes, status: bytes
) -> None:
    assert (await _answer(port, first, drip))[: len(status) or None] == status


async def test_an_answer_may_take_longer_than_its_request(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    assert (await _answer(port, request)).endswith(b"ok")
