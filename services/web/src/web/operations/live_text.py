"""Live text: what a generation says now, heard once a process for all the browsers that look at it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.bus import Bus
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import FINAL_STATUSES, live_generation_subject
from web.operations.viewers import Viewer, Viewers


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """What one live message brings, encoded once for all its viewers."""

    pieces: tuple[tuple[int, bytes], ...]
    progress: bytes
    is_final: bool


class LiveText:
    """The live subjects that browsers of this process look at."""

    def __init__(self, bus: Bus) -> None:
        """Take the connection to hear them on."""
        self.bus = bus
        self._viewers: Viewers[UUID, LiveMessage] = Viewers()
        self._subscriptions: dict[UUID, asyncio.Task[Subscription]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        bus.on_reconnect(self._miss_all)

    @asynccontextmanager
    async def viewing(self, generation_id: UUID) -> AsyncIterator[Viewer[LiveMessage]]:
        """Hear a generation's live text; the first viewer subscribes, the last one leaves."""
        with self._viewers.viewing(generation_id) as viewer:
            try:
                # Shielded, because others wait for the same subscription when this browser goes.
                await asyncio.shield(self._subscription(generation_id))
                yield viewer
            finally:
                if self._viewers.of(generation_id) == [viewer]:
                    self._leave(generation_id)

    @property
    def subscribed(self) -> set[UUID]:
        """The generations that this process hears."""
        return set(self._subscriptions)

    def close(self) -> None:
        """Let every browser go: this process stops."""
        self._viewers.close()

    def _subscription(self, generation_id: UUID) -> "asyncio.Task[Subscription]":
        if generation_id not in self._subscriptions:
            self._subscriptions[generation_id] = asyncio.create_task(self._listen(generation_id))
        return self._subscriptions[generation_id]

    async def _listen(self, generation_id: UUID) -> Subscription:
        async def hear(_subject: str, data: bytes, _headers: dict[str, str]) -> None:
            message = read_live(data)
            for viewer in self._viewers.of(generation_id):
                viewer.tell(message, len(data))

        return await self.bus.listen(live_generation_subject(encode_id("ge", generation_id)), hear)

    def _leave(self, generation_id: UUID) -> None:
        """Unsubscribe in a task of its own: whoever leaves was mostly cancelled, and could not wait for it."""
        leaving = asyncio.create_task(_unsubscribed(self._subscriptions.pop(generation_id)))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _miss_all(self) -> None:
        for viewer in self._viewers.all():
            viewer.miss()


async def _unsubscribed(subscribing: "asyncio.Task[Subscription]") -> None:
    with contextlib.suppress(NatsError):
        await (await subscribing).unsubscribe()


def read_live(data: bytes) -> LiveMessage:
    """Read a LiveSegment without building its model: a hundred streams bring thousands a second."""
    body: dict[str, Any] = orjson.loads(data)
    pieces = tuple(
        (piece["number"], segment_event(piece["number"], piece["text"], piece.get("kind", "text")))
        for piece in body["segments"]
    )
    return LiveMessage(pieces, progress_event(body["status"], body["usage"]), body["status"] in FINAL_STATUSES)


def segment_event(number: int, text: str, kind: str) -> bytes:
    """Write one segment; its number is the event's id, to resume from."""
    segment = {"number": number, "text": text, "kind": kind}
    return b"id: %d\nevent: segment\ndata: %b\n\n" % (number, orjson.dumps(segment))


def progress_event(status: str, usage: dict[str, Any]) -> bytes:
    """Write what is known of a running generation."""
    told = {name: usage.get(name) for name in ("output_tokens", "cost_usd", "estimated")}
    return b"event: progress\ndata: %b\n\n" % orjson.dumps({"status": status, **told})
