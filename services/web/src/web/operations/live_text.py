"""Live text: a generation's segments as server-sent events, resumable at any number.

Subscribe first, then read what is stored, drop what was seen, read again where a number is missing or it is
silent. What the browser gets was committed before; what the live path loses is found in the rows.
"""

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
from shared.call import Call
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    GenerationText,
    GenerationUsage,
    ReadSegments,
    live_generation_subject,
)
from shared.problems import Problem
from shared.runtime import logger
from web.operations.viewers import Viewer, Viewers

# Silence for this long may be a lost message or a lost process: the rows know.
SILENCE_SECONDS = 2.0
READ_SECONDS = 5.0
PING = b": ping\n\n"
# A browser that is sent away connects again after this time.
RECONNECT = b"retry: 500\n\n"

log = logger(__name__)


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
        self._subscriptions: dict[UUID, Subscription] = {}
        bus.on_reconnect(self._miss_all)

    @asynccontextmanager
    async def viewing(self, generation_id: UUID) -> AsyncIterator[Viewer[LiveMessage]]:
        """Hear a generation's live text; the first viewer subscribes, the last one leaves."""
        with self._viewers.viewing(generation_id) as viewer:
            await self._subscribe(generation_id)
            try:
                yield viewer
            finally:
                if self._viewers.of(generation_id) == [viewer]:
                    await self._unsubscribe(generation_id)

    def close(self) -> None:
        """Let every browser go: this process stops."""
        self._viewers.close()

    async def _subscribe(self, generation_id: UUID) -> None:
        if generation_id in self._subscriptions:
            return

        async def hear(_subject: str, data: bytes, _headers: dict[str, str]) -> None:
            message = read_live(data)
            for viewer in self._viewers.of(generation_id):
                viewer.tell(message)

        subscription = await self.bus.listen(live_generation_subject(encode_id("ge", generation_id)), hear)
        if generation_id in self._subscriptions:
            await subscription.unsubscribe()
        else:
            self._subscriptions[generation_id] = subscription

    async def _unsubscribe(self, generation_id: UUID) -> None:
        subscription = self._subscriptions.pop(generation_id, None)
        if subscription is not None:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    def _miss_all(self) -> None:
        for viewer in self._viewers.all():
            viewer.miss()


def read_live(data: bytes) -> LiveMessage:
    """Read a LiveSegment without building its model: a hundred streams bring thousands a second."""
    body: dict[str, Any] = orjson.loads(data)
    pieces = tuple((piece["number"], segment_event(piece["number"], piece["text"])) for piece in body["segments"])
    return LiveMessage(pieces, _progress_event(body["status"], body["usage"]), body["status"] in FINAL_STATUSES)


def segment_event(number: int, text: str) -> bytes:
    """Write one segment; its number is the event's id, to resume from."""
    return b"id: %d\nevent: segment\ndata: %b\n\n" % (number, orjson.dumps({"number": number, "text": text}))


def _progress_event(status: str, usage: dict[str, Any]) -> bytes:
    told = {name: usage.get(name) for name in ("output_tokens", "cost_usd", "estimated")}
    return b"event: progress\ndata: %b\n\n" % orjson.dumps({"status": status, **told})


def _usage_event(status: str, usage: GenerationUsage) -> bytes:
    return _progress_event(status, usage.model_dump(mode="json"))


@dataclass
class Following:
    """One browser's way through one generation. `last` is the number of the last segment that it was sent."""

    live: LiveText
    call: Call
    generation_id: UUID
    last: int

    async def read(self) -> GenerationText:
        """Read the committed text after `last`. Raises the gateway's problem, or Unavailable."""
        request = ReadSegments(generation_id=self.generation_id, after=self.last)
        return await self.live.bus.request(self.call.with_deadline(READ_SECONDS), request)

    async def events(self, viewer: Viewer[LiveMessage], first: GenerationText) -> AsyncIterator[bytes]:
        """Yield events until the generation ended, the process stops, or the browser leaves."""
        text: GenerationText | None = first
        while True:
            if text is not None:
                for event in self._stored(text):
                    yield event
                if text.generation.status in FINAL_STATUSES:
                    yield b"event: end\ndata: %b\n\n" % text.generation.model_dump_json().encode()
                    return
            messages = await viewer.next(SILENCE_SECONDS)
            if viewer.ended:
                yield RECONNECT
                return
            must_read = not messages or viewer.take_missed()
            for message in messages:
                pieces = self._news(message)
                must_read = must_read or pieces is None or message.is_final
                yield b"".join(pieces or ()) + message.progress
            text = await self._read_or_wait() if must_read else None
            if must_read and text is None:
                yield PING

    def _stored(self, text: GenerationText) -> list[bytes]:
        pieces = [segment_event(piece.number, piece.text) for piece in text.segments if piece.number > self.last]
        self.last = max([self.last, *(piece.number for piece in text.segments)])
        return [b"".join(pieces), _usage_event(text.generation.status, text.generation.usage)]

    def _news(self, message: LiveMessage) -> list[bytes] | None:
        """Return what of a live message was not sent yet; None where a number before it is missing."""
        news: list[bytes] = []
        for number, encoded in message.pieces:
            if number == self.last + 1:
                news.append(encoded)
                self.last = number
            elif number > self.last:
                return news or None
        return news

    async def _read_or_wait(self) -> GenerationText | None:
        """Read the rows; None while the gateway is away, which a viewer sits out."""
        try:
            return await self.read()
        except Problem as problem:
            log.warning("live_text_waits", problem=problem.type)
            await asyncio.sleep(0.5)
            return None
