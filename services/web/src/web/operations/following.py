"""Following a generation: its segments as server-sent events, resumable at any number.

Subscribe first, then read what is stored, drop what was seen, read again where a number is missing or it is
silent. What the browser gets was committed before; what the live path loses is found in the rows.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from shared.bus import Bus
from shared.call import Call
from shared.contracts.llm_gateway import FINAL_STATUSES, Generation, GenerationText, GetGeneration, ReadSegments
from shared.problems import DeadlineExceeded, NotFound, Problem, RateLimited, RemoteProblem, Unavailable
from shared.runtime import logger
from web.domain import age_seconds
from web.operations.live_text import LiveMessage, progress_event, segment_event
from web.operations.viewers import Viewer

# Silence for this long may be a lost message or a lost process: the rows know.
SILENCE_SECONDS = 2.0
READ_SECONDS = 5.0
# Proxies and browsers give up a connection on which nothing comes.
PING_SECONDS = 15.0
PING = b": ping\n\n"
# A browser that is sent away connects again after this time.
RECONNECT = b"retry: 500\n\n"
# The job that brings a generation to the gateway is mostly there in 20 ms. One whose gateway was killed is sent again
# after 10 s by whoever ordered it.
ARRIVAL_SECONDS = 20.0
ARRIVAL_POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.5
_PASSING = frozenset({Unavailable.type, DeadlineExceeded.type, RateLimited.type})

log = logger(__name__)


@dataclass
class Following:
    """One browser's way through one generation. `last` is the number of the last segment that it was sent."""

    bus: Bus
    call: Call
    generation_id: UUID
    last: int
    _progress: bytes = field(default=b"", init=False)

    async def find(self) -> Generation:
        """Read the generation's state. Raises the gateway's problem, or Unavailable.

        An id that was made just now is not believed to be missing: whoever made it may have been faster than
        the job that brings it to the gateway.
        """
        age = age_seconds(self.generation_id, time.time())
        give_up = time.monotonic() + (ARRIVAL_SECONDS if abs(age) < ARRIVAL_SECONDS else 0)
        pause = ARRIVAL_POLL_SECONDS
        while True:
            try:
                request = GetGeneration(generation_id=self.generation_id)
                return await self.bus.request(self.call.with_deadline(READ_SECONDS), request)
            except RemoteProblem as problem:
                if not problem.is_a(NotFound) or time.monotonic() > give_up:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_POLL_SECONDS)

    async def events(self, viewer: Viewer[LiveMessage]) -> AsyncIterator[bytes]:
        """Yield events until the generation ended, the viewer is let go, or the gateway refuses; a ping in silence."""
        told_at = time.monotonic()
        try:
            async for chunk in self._chunks(viewer):
                if chunk or time.monotonic() - told_at > PING_SECONDS:
                    yield chunk or PING
                    told_at = time.monotonic()
        except Problem as problem:
            log.warning("live_text_refused", problem=problem.type)
            yield RECONNECT

    async def _chunks(self, viewer: Viewer[LiveMessage]) -> AsyncIterator[bytes]:
        """Yield what is new at each turn, which may be nothing."""
        must_read = True
        while True:
            text = await self._read() if must_read else None
            if text is not None:
                yield self._stored(text)
                if self._is_whole(text.generation):
                    yield end_event(text.generation)
                    return
                if text.segments and self.last < text.generation.last_segment:
                    continue
            messages = await viewer.next(SILENCE_SECONDS)
            if viewer.ended:
                yield RECONNECT
                return
            yield b"".join(map(self._news, messages))
            must_read = viewer.take_missed() or not messages or self._must_read(messages)

    async def _read(self) -> GenerationText | None:
        """Read the committed text after `last`; None while the gateway is away, which a viewer sits out."""
        request = ReadSegments(generation_id=self.generation_id, after=self.last)
        try:
            return await self.bus.request(self.call.with_deadline(READ_SECONDS), request)
        except Problem as problem:
            if problem.type not in _PASSING:
                raise
            log.warning("live_text_waits", problem=problem.type)
            return None

    def _is_whole(self, generation: Generation) -> bool:
        return generation.status in FINAL_STATUSES and self.last >= generation.last_segment

    def _stored(self, text: GenerationText) -> bytes:
        new = [piece for piece in text.segments if piece.number > self.last]
        pieces = [segment_event(piece.number, piece.text, piece.kind) for piece in new]
        self.last = max([self.last, *(piece.number for piece in text.segments)])
        usage = text.generation.usage.model_dump(mode="json")
        return b"".join(pieces) + self._new_progress(progress_event(text.generation.status, usage))

    def _news(self, message: LiveMessage) -> bytes:
        """Return what of a live message was not sent yet, up to the first number that is missing."""
        news: list[bytes] = []
        for number, encoded in message.pieces:
            if number == self.last + 1:
                news.append(encoded)
                self.last = number
        return b"".join(news) + self._new_progress(message.progress)

    def _new_progress(self, progress: bytes) -> bytes:
        is_new, self._progress = progress != self._progress, progress
        return progress if is_new else b""

    def _must_read(self, messages: list[LiveMessage]) -> bool:
        """Say whether the rows know more: a number before these was lost, or the generation ended."""
        highest = max((number for message in messages for number, _ in message.pieces), default=0)
        return highest > self.last or any(message.is_final for message in messages)


def end_event(generation: Generation) -> bytes:
    """Write the end of a stream: the generation as it ended."""
    return b"event: end\ndata: %b\n\n" % generation.model_dump_json().encode()
