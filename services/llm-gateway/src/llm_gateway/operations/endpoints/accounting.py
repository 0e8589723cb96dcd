"""The ledger at work: the rows of all calls of this process, written in common transactions.

A call waits for its attempt's row before the provider is called; its usage is written after it. While one
transaction is on the wire the next gathers, so that a hundred calls cost hardly more than one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from uuid import UUID

from llm_gateway.domain.budgets import Reservation
from llm_gateway.operations.budgets import tell_reached
from llm_gateway.operations.spending import NOTHING_SPENT
from llm_gateway.store import budgets, ledger
from llm_gateway.store.ledger import CacheHit, NewCall, SettledCall
from shared.call import Call, service_call
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.problems import Problem, Unavailable
from shared.runtime import logger

# More would only make each transaction longer, and with it everybody's wait.
BATCH = 256
# Two on the wire: one waits for the disk while the other one is being filled.
WRITERS = 2
RETRY_SECONDS = 0.2

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """A call to be written down, with the money that it may spend where a budget applies."""

    call: NewCall
    reservation: Reservation | None = None

    @property
    def project_id(self) -> UUID:
        """Whose row it becomes."""
        return self.call.account.project_id


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call to be settled; `is_budgeted` where it holds money."""

    call: NewCall
    settled: SettledCall
    is_budgeted: bool = False

    @property
    def project_id(self) -> UUID:
        """Whose row it becomes."""
        return self.settled.project_id


@dataclass(slots=True)
class _Waiting:
    """An entry and whoever waits for it."""

    entry: OpenedCall | EndedCall | CacheHit
    done: "asyncio.Future[None]"

    @property
    def project_id(self) -> UUID:
        return self.entry.account.project_id if isinstance(self.entry, CacheHit) else self.entry.project_id


class Ledger:
    """Writes down every call of this process."""

    def __init__(self, database: Database, process_id: UUID) -> None:
        """Take where to write, and under whose name calls are open."""
        self._database = database
        self._process_id = process_id
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._busy = 0

    async def open(self, opened: OpenedCall) -> None:
        """Write down that a provider is about to be called. Raises Unavailable, or the budget's refusal.

        Whoever is cancelled while it waits does not call: the row is closed as soon as it is there.
        """
        done = self._enqueue(opened).done
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            done.add_done_callback(partial(self._close_unused, opened))
            raise
        fault_point("call_opened")

    async def extend(self, project_id: UUID, attempt_id: UUID, usd: Decimal) -> None:
        """Hold so much more for a call under way. Raises the budget's refusal."""
        async with self._database.transaction(project_id) as conn:
            await budgets.extend(conn, project_id, attempt_id, usd)

    async def settle(self, ended: EndedCall) -> None:
        """Write down how a call ended: once, however long the database is away, also where this is cancelled."""
        await asyncio.shield(self._enqueue(ended).done)

    async def record_hit(self, hit: CacheHit) -> None:
        """Write down an answer from the cache."""
        await asyncio.shield(self._enqueue(hit).done)

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._write())

    async def drain(self) -> None:
        """Return when nothing waits any more."""
        self._idle.clear()
        if self._waiting or self._busy:
            await self._idle.wait()

    def _close_unused(self, opened: OpenedCall, written: "asyncio.Future[None]") -> None:
        if not written.cancelled() and written.exception() is None:
            unused = SettledCall(opened.project_id, opened.call.id, "cancelled", NOTHING_SPENT)
            self._enqueue(EndedCall(opened.call, unused, is_budgeted=opened.reservation is not None))

    def _enqueue(self, entry: OpenedCall | EndedCall | CacheHit) -> _Waiting:
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return waiting

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._wake.clear()
            self._busy += 1
            try:
                await self._write_batch(batch)
            finally:
                self._busy -= 1
                if not self._busy and not self._waiting:
                    self._idle.set()

    async def _write_batch(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        try:
            refusals = await self._commit(batch)
        except (Unavailable, TimeoutError) as error:
            await self._keep(batch, error)
            return
        except Exception as error:  # whoever waits must hear of a bug; the rows are the reaper's then
            log.exception("ledger_failed")
            for waiting in batch:
                _answer(waiting, error)
            return
        for waiting in batch:
            is_opened = isinstance(waiting.entry, OpenedCall)
            _answer(waiting, refusals.get(waiting.entry.call.id) if is_opened else None)  # type: ignore[union-attr]

    async def _keep(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """Nothing was written: calls are turned away, ends are written later."""
        for waiting in batch:
            if isinstance(waiting.entry, OpenedCall):
                _answer(waiting, error if isinstance(error, Unavailable) else Unavailable(str(error)))
        log.warning("ledger_waits_for_database", entries=len(batch))
        await asyncio.sleep(RETRY_SECONDS)
        self._waiting = [kept for kept in batch if not isinstance(kept.entry, OpenedCall)] + self._waiting
        if self._waiting:
            self._wake.set()

    async def _commit(self, batch: Sequence[_Waiting]) -> dict[UUID, Problem]:
        entries = [waiting.entry for waiting in batch]
        opened = [entry for entry in entries if isinstance(entry, OpenedCall)]
        ended = [entry for entry in entries if isinstance(entry, EndedCall)]
        hits = [entry for entry in entries if isinstance(entry, CacheHit)]
        async with self._database.transaction(sorted({waiting.project_id for waiting in batch})) as conn:
            if ended:
                await _settle(conn, ended, [entry.reservation for entry in opened if entry.reservation is not None])
            if hits:
                await ledger.insert_cache_hits(conn, hits)
            return await self._open(conn, opened) if opened else {}

    async def _open(self, conn: Connection, opened: Sequence[OpenedCall]) -> dict[UUID, Problem]:
        reservations = [entry.reservation for entry in opened if entry.reservation is not None]
        refusals = await budgets.reserve(conn, reservations) if reservations else {}
        allowed = [entry.call for entry in opened if entry.call.id not in refusals]
        if allowed:
            await ledger.insert_calls(conn, self._process_id, allowed)
        return refusals


async def _settle(conn: Connection, ended: Sequence[EndedCall], reserving: Sequence[Reservation]) -> None:
    settled = await ledger.settle_calls(conn, [entry.settled for entry in ended])
    budgeted = {entry.call.id: entry for entry in ended if entry.is_budgeted and entry.call.id in settled}
    if budgeted:
        costs = [(entry.project_id, entry.call.id, entry.settled.spent.cost_usd) for entry in budgeted.values()]
        if reserving:
            await budgets.lock_together(conn, [cost[:2] for cost in costs], reserving)
        reached = await budgets.settle(conn, costs)
        await tell_reached(conn, reached, lambda attempt_id: _call_of(budgeted[attempt_id].call))


def _call_of(call: NewCall) -> Call:
    """The call in whose name facts are told."""
    return service_call(call.account.project_id, call.account.actor_id, call.request_id)


def _answer(waiting: _Waiting, error: Exception | None) -> None:
    if waiting.done.done():
        return
    if error is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(error)
