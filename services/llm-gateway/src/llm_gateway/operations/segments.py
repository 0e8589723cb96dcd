"""The segment writer: text of all running generations, committed in common transactions, then shown.

The first words of a generation are written at once, later ones every 33 ms or 2 KB. While one transaction is
on the wire the next gathers, so that a hundred streams cost hardly more than one.
"""

import asyncio
import contextlib
import math
from collections.abc import Sequence
from uuid import UUID

from llm_gateway.domain import LeaseLost
from llm_gateway.operations.manuscript import Manuscript
from llm_gateway.store import segments as store
from llm_gateway.store.segments import Piece
from shared.bus import Bus
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import LiveSegment, Segment, SegmentKind, live_generation_subject
from shared.faults import fault_point
from shared.postgres import Database
from shared.problems import Unavailable
from shared.runtime import logger

SEGMENT_SECONDS = 0.033
# Due times fall on this grid, so that many streams meet in one transaction: at most 91 a second.
GRID_SECONDS = 0.011
# What arrives shortly before a segment is due is still read in time for it.
READ_AHEAD_SECONDS = 0.005
RETRY_SECONDS = 0.1
MAX_TRIES = 3

log = logger(__name__)


class SegmentWriter:
    """Writes the text of every generation that this process drives."""

    def __init__(self, database: Database, bus: Bus) -> None:
        """Take where segments are kept and where they are shown."""
        self._database = database
        self._bus = bus
        self._waiting: dict[Manuscript, None] = {}
        self._wake = asyncio.Event()
        self._sleeps_until = 0.0
        self._pen = asyncio.Lock()
        self._written = asyncio.Event()

    def add(self, manuscript: Manuscript, text: str, kind: SegmentKind = "text") -> None:
        """Append text; it is written soon. NUL characters, which PostgreSQL cannot store, are dropped."""
        clean = text.replace("\x00", "")
        if clean:
            is_first = not manuscript.has_own_text and kind == "text"
            self._append(manuscript, clean, kind, at_once=is_first or manuscript.last_write == 0)

    def begin_draft(self, manuscript: Manuscript) -> None:
        """Say that the model begins its draft anew, by an empty segment."""
        self._append(manuscript, "", "draft", at_once=False)

    def _append(self, manuscript: Manuscript, text: str, kind: SegmentKind, *, at_once: bool) -> None:
        manuscript.add(text, kind)
        now = asyncio.get_running_loop().time()
        if at_once or manuscript.is_full:
            manuscript.due = now
        elif manuscript not in self._waiting:
            manuscript.due = _on_grid(max(now, manuscript.last_write + SEGMENT_SECONDS))
        self._waiting[manuscript] = None
        if manuscript.due < self._sleeps_until:
            self._wake.set()

    async def pace(self, manuscript: Manuscript) -> None:
        """Wait until it is worth reading on, or possible: see `READ_AHEAD_SECONDS` and `MAX_WAITING_CHARACTERS`.

        Text is written when it is due; reading it much earlier costs a wake-up a chunk and gains nothing.
        """
        seconds = manuscript.due - READ_AHEAD_SECONDS - asyncio.get_running_loop().time()
        if seconds > 0 and manuscript in self._waiting:
            await asyncio.sleep(seconds)
        while manuscript.is_overfull:
            self._written.clear()
            await self._written.wait()

    async def close(self, manuscript: Manuscript) -> Piece | None:
        """Take the rest of the text for the transaction that ends the generation. Raises LeaseLost.

        Everything before it is committed when this returns.
        """
        async with self._pen:
            self._waiting.pop(manuscript, None)
            while manuscript.is_mixed and not manuscript.is_lost:
                await self._write_next(manuscript)
            if manuscript.is_lost:
                raise LeaseLost
            return manuscript.take()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._sleep()
            async with self._pen:
                due = self._take_due()
                if due:
                    await self._write(due)
                    self._written.set()

    async def _sleep(self) -> None:
        self._wake.clear()
        self._sleeps_until = min((m.due for m in self._waiting), default=math.inf)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if self._sleeps_until == math.inf else self._sleeps_until):
                await self._wake.wait()
        self._sleeps_until = 0.0

    def _take_due(self) -> dict[Piece, Manuscript]:
        now = asyncio.get_running_loop().time()
        due = [manuscript for manuscript in self._waiting if manuscript.due <= now]
        taken: dict[Piece, Manuscript] = {}
        for manuscript in due:
            del self._waiting[manuscript]
            manuscript.last_write = now
            piece = manuscript.take()
            if manuscript.has_waiting:
                manuscript.due = now
                self._waiting[manuscript] = None
            if piece is not None and not manuscript.is_lost:
                taken[piece] = manuscript
        return taken

    async def _write_next(self, manuscript: Manuscript) -> None:
        piece = manuscript.take()
        if piece is not None:
            await self._write({piece: manuscript})

    async def _write(self, taken: dict[Piece, Manuscript]) -> None:
        written = await self._commit_patiently(list(taken))
        for piece, manuscript in taken.items():
            if piece.lease.generation_id in written:
                await self._show(piece, manuscript)
            else:
                log.warning("lease_lost", generation_id=str(piece.lease.generation_id), epoch=piece.lease.epoch)
                manuscript.lose()

    async def _show(self, piece: Piece, manuscript: Manuscript) -> None:
        generation_id = piece.lease.generation_id
        live = LiveSegment(
            generation_id=generation_id,
            status="running",
            segments=[Segment(number=piece.number, text=piece.text, kind=piece.kind)],
            usage=manuscript.usage(),
        )
        await self._bus.publish_live(live_generation_subject(encode_id("ge", generation_id)), live)

    async def _commit_patiently(self, pieces: Sequence[Piece]) -> set[UUID]:
        """Commit the pieces, waiting while the database is away. One that cannot be written stops no other."""
        tries, is_waiting = 0, False
        while True:
            try:
                return await self._commit(pieces)
            except (Unavailable, TimeoutError):
                # Tried ten times a second, said once.
                if not is_waiting:
                    log.warning("segments_wait_for_database", segments=len(pieces))
                is_waiting = True
            except Exception:  # whatever one text does to the database, its neighbours shall be written
                log.exception("segments_not_written", segments=len(pieces))
                tries += 1
                if len(pieces) > 1:
                    return set().union(*[await self._commit_patiently([piece]) for piece in pieces])
                if tries == MAX_TRIES:
                    return set()
            await asyncio.sleep(RETRY_SECONDS)

    async def _commit(self, pieces: Sequence[Piece]) -> set[UUID]:
        projects = {piece.lease.project_id for piece in pieces}
        async with self._database.transaction(list(projects)) as conn:
            written = await store.insert_segments(conn, pieces)
            for piece in pieces:
                if piece.lease.generation_id not in written and await store.is_written(conn, piece):
                    written.add(piece.lease.generation_id)
            fault_point("segment_written")
        fault_point("segment_committed")
        return written


def _on_grid(moment: float) -> float:
    return math.ceil(moment / GRID_SECONDS) * GRID_SECONDS
