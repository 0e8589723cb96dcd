"""A TCP proxy that can misbehave: put it on any link between two processes of a test.

Latency, blackhole, reset and cut are switched while connections are open; loopback only.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_CHUNK = 64 * 1024


@dataclass
class Link:
    """The state of the link. `cut_after_bytes` counts what flows back to the client over all connections."""

    upstream_port: int
    port: int = 0
    latency_seconds: float = 0.0
    bytes_per_second: int | None = None
    cut_after_bytes: int | None = None
    connections: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin with a link that works."""
        self._flows.set()

    def blackhole(self) -> None:
        """Take everything and pass nothing on, without closing anything."""
        self._flows.clear()

    def heal(self) -> None:
        """Pass on what was held, and everything from now on."""
        self._flows.set()

    def reset(self) -> None:
        """Break every open connection with RST, as a crashed host does."""
        for writer in list(self._open):
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection in both directions until either side ends it."""
        self.connections += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        self._open |= {writer, up_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, up_writer, counts=False))
                group.create_task(self._pump(up_reader, writer, counts=True))
        except* OSError:
            pass
        finally:
            self._open -= {writer, up_writer}
            writer.close()
            up_writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool) -> None:
        while data := await source.read(_CHUNK):
            await self._flows.wait()
            await asyncio.sleep(
                self.latency_seconds + (len(data) / self.bytes_per_second if self.bytes_per_second else 0)
            )
            sink.write(self._within_cut(data) if counts else data)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()

    def _within_cut(self, data: bytes) -> bytes:
        """Pass what the cut still allows, then break the link."""
        if self.cut_after_bytes is None:
            return data
        allowed, self.cut_after_bytes = data[: self.cut_after_bytes], max(0, self.cut_after_bytes - len(data))
        if self.cut_after_bytes == 0:
            self.cut_after_bytes = None
            asyncio.get_running_loop().call_later(0.01, self.reset)
        return allowed


@asynccontextmanager
async def fault_proxy(upstream_port: int) -> AsyncIterator[Link]:
    """Listen on a free loopback port, `link.port`, and carry connections to `upstream_port`."""
    link = Link(upstream_port)
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        link.heal()
        link.reset()
