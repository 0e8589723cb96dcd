import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.proxy import Link, fault_proxy


@asynccontextmanager
async def _echo() -> AsyncIterator[Link]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with fault_proxy(server.sockets[0].getsockname()[1]) as link:
        yield link
    server.close()


async def _say(link: Link, words: bytes, seconds: float = 5.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        writer.write(words)
        return await asyncio.wait_for(reader.readexactly(len(words)), seconds)
    finally:
        writer.close()


async def test_a_healthy_link_carries_bytes_both_ways() -> None:
    async with _echo() as link:
        assert await _say(link, b"hello") == b"hello"


async def test_latency_delays_each_direction() -> None:
    async with _echo() as link:
        link.latency_seconds = 0.1
        began = time.monotonic()
        await _say(link, b"hello")
        assert time.monotonic() - began >= 0.2


async def test_a_blackhole_holds_and_a_healed_link_delivers() -> None:
    async with _echo() as link:
        link.blackhole()
        with pytest.raises(TimeoutError):
            await _say(link, b"hello", 0.2)
        link.heal()
        assert await _say(link, b"again") == b"again"


async def test_a_cut_breaks_the_connection_after_so_many_bytes() -> None:
    async with _echo() as link:
        link.cut_after_bytes = 3
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await _say(link, b"hello")
        assert await _say(link, b"again") == b"again"


async def test_a_reset_is_seen_as_a_lost_connection() -> None:
    async with _echo() as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"x")
        await reader.readexactly(1)
        link.reset()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
