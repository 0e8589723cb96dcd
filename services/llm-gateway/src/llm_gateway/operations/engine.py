"""The engine of one gateway process: what it drives, its heartbeat, and how it stops."""

import asyncio
import contextlib
from collections.abc import Iterable
from uuid import UUID

from llm_gateway.domain import Spent, StopReason
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.driving import drive
from llm_gateway.operations.manuscript import Manuscript
from llm_gateway.operations.running import Claim, Running
from llm_gateway.operations.spending import usage_view
from llm_gateway.store import attempts, leases
from shared.contracts.ids import decode_id, encode_id
from shared.contracts.llm_gateway import live_cancel_subject
from shared.runtime import logger

# After the last generations were told to stop, this is enough for one more transaction each.
CLOSE_SECONDS = 5.0

log = logger(__name__)


class Engine:
    """All generations that this process drives."""

    def __init__(self, desk: Desk) -> None:
        """Start with nothing to do, under a new name: a restarted process inherits no lease."""
        self.desk = desk
        self.process_id = desk.traffic.presence.process_id
        self.is_draining = False
        self.slot_freed = asyncio.Event()
        # Until then the database was away, and so were the heartbeats of the other processes.
        self.trusts_leases_from = asyncio.get_running_loop().time() + desk.limits.heartbeat_seconds
        self._running: dict[UUID, Running] = {}
        self._tasks: dict[Running, asyncio.Task[None]] = {}

    @property
    def free_slots(self) -> int:
        """How many more generations this process may take."""
        return 0 if self.is_draining else max(0, self.desk.limits.max_running - len(self._running))

    async def launch(self, claim: Claim) -> None:
        """Drive a generation that this process has leased, in a task of its own."""
        claimed, settled = claim.generation, None
        if claimed.epoch > 1:
            settled = await self._settled_before(claim)
        self.stop(claimed.id, StopReason.LEASE_LOST)
        manuscript = Manuscript(claimed.lease, claimed.last_segment)
        running = Running(claimed, manuscript, settled, claim.plan, claim.attempt, claim.admission)
        running.manuscript.watch(running.stop, lambda: usage_view(running.spent_so_far()))
        if claimed.cancel_requested:
            running.stop(StopReason.CANCELLED)
        self._running[claimed.id] = running
        task = asyncio.create_task(drive(self.desk, running), name=encode_id("ge", claimed.id))
        self._tasks[running] = task
        task.add_done_callback(lambda done: self._forget(running, done))

    def stop(self, generation_id: UUID, reason: StopReason) -> None:
        """Stop a generation if this process drives it."""
        running = self._running.get(generation_id)
        if running is not None:
            running.stop(reason)

    async def wait_for_end(self, generation_id: UUID, seconds: float) -> None:
        """Return when this process no longer drives the generation, at once where it never did, or after `seconds`."""
        running = self._running.get(generation_id)
        if running is not None:
            await asyncio.wait([self._tasks[running]], timeout=seconds)

    async def listen_for_cancels(self) -> None:
        """Hear the cancels of every process from now on."""
        await self.desk.bus.listen(live_cancel_subject("*"), self._hear_cancel)

    async def warm(self) -> None:
        """Load what the first call would wait for, then rest."""
        await self.desk.providers.warm()
        await asyncio.Event().wait()

    async def beat(self) -> None:
        """Keep the leases until cancelled."""
        while True:
            await asyncio.sleep(self.desk.limits.heartbeat_seconds)
            await self._beat_once()

    async def drain(self) -> None:
        """Take nothing more, give what runs time to finish, then hand the rest back."""
        self.is_draining = True
        await self._wait_for_all(self.desk.limits.stop_seconds)
        for running in list(self._running.values()):
            running.stop(StopReason.HANDED_BACK)
        await self._wait_for_all(CLOSE_SECONDS)
        await self.desk.checker.close()

    async def _wait_for_all(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    async def _hear_cancel(self, subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        with contextlib.suppress(ValueError):
            self.stop(decode_id("ge", subject.rpartition(".")[2]), StopReason.CANCELLED)

    async def _beat_once(self) -> None:
        driven = dict(self._running)
        if not driven:
            return
        beats = await self._extend(driven)
        for generation_id, running in driven.items():
            beat = beats.get(generation_id)
            if beat is None or beat.epoch != running.claimed.epoch:
                running.stop(StopReason.LEASE_LOST)
            elif beat.cancel_requested:
                running.stop(StopReason.CANCELLED)

    async def _extend(self, driven: Iterable[UUID]) -> dict[UUID, leases.Beat]:
        """Extend the leases of what is driven, in one statement for the process."""
        async with self.desk.database.relay() as conn:
            beats = await leases.extend_leases(conn, self.process_id, list(driven), self.desk.limits.lease_seconds)
        return {beat.id: beat for beat in beats}

    async def _settled_before(self, claim: Claim) -> Spent | None:
        claimed = claim.generation
        try:
            async with self.desk.database.transaction(claimed.project_id) as conn:
                return await attempts.sum_usage(conn, claimed.project_id, claimed.id)
        except BaseException:  # cancelled too: nobody else gives the place back
            self.desk.traffic.limiter.withdraw(claim.admission)
            raise

    def _forget(self, running: Running, done: "asyncio.Task[None]") -> None:
        del self._tasks[running]
        self.desk.traffic.limiter.finish(running.admission, running.used_tokens)
        if self._running.get(running.claimed.id) is running:
            del self._running[running.claimed.id]
        self.slot_freed.set()
        if not done.cancelled() and done.exception() is not None:
            log.error("generation_dropped", generation_id=str(running.claimed.id), exc_info=done.exception())
