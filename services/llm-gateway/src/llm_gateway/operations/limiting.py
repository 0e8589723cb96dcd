"""Limits of speed: every call is admitted here before it is made, and says here what it used.

Calls that ask in the same moment are decided by one call of the script in Redis; while it is on its way the next
ones gather. Without Redis each process holds its own part of every limit.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import LocalLimits, SpeedLimit, Standing, TooFast, Verdict
from llm_gateway.operations.limit_book import LimitBook
from llm_gateway.operations.presence import Presence
from llm_gateway.store.limit_script import Batch, LimitScript, ScriptAway
from shared.runtime import logger

PROBE_SECONDS = 1.0
# What comes back waits this long for company: among calls that follow each other it travels beside the next question.
RETURN_SECONDS = 0.005

log = logger(__name__)


@dataclass(eq=False, slots=True)
class Admission:
    """A call that may be made: give it to `Limiter.finish`, or to `withdraw`, whatever becomes of the call."""

    limits: tuple[SpeedLimit, ...] = ()
    reserved: int = 0
    slot: str = ""
    ahead: Sequence[float] = ()
    is_local: bool = False
    is_over: bool = False

    @property
    def requests(self) -> Standing | None:
        """Where the caller stands by the tightest limit of requests; None without one."""
        return _tightest(map(Standing.of, (limit.requests for limit in self.limits), self.ahead[::2]))

    @property
    def tokens(self) -> Standing | None:
        """Where the caller stands by the tightest limit of tokens; None without one."""
        return _tightest(map(Standing.of, (limit.tokens for limit in self.limits), self.ahead[1::2]))


# Of every call that no limit applies to.
UNLIMITED = Admission()


@dataclass(eq=False, slots=True)
class _Question:
    limits: tuple[SpeedLimit, ...]
    tokens: int
    slot: str
    answer: "asyncio.Future[Admission]"


class Limiter:
    """The limits of one gateway process; `run` keeps it in touch with the others."""

    def __init__(self, book: LimitBook, script: LimitScript | None, presence: Presence) -> None:
        """Take what knows the limits and what decides for all processes; without the latter this one holds its part."""
        self._book = book
        self._script = script
        self._presence = presence
        self._is_alone = True
        self._local = LocalLimits()
        self._names = (f"{presence.process_id.hex[-8:]}{secrets.token_hex(2)}.{number}" for number in itertools.count())
        self._held: dict[str, tuple[SpeedLimit, set[str]]] = {}
        self._questions: list[_Question] = []
        self._returns: list[tuple[Admission, int, int]] = []
        self._renews = False
        self._is_closed = False
        self._flight: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, account: Account, tokens: int) -> Admission:
        """Admit a call that expects to use so many tokens, or raise TooFast.

        Without a limit it returns at once. A call larger than what may be taken at once is admitted when nothing
        else is taken, and those after it wait for longer.
        """
        limits = self._book.known(account)
        if limits is None:
            limits = await self._book.find(account)
        if not limits:
            return UNLIMITED
        question = _Question(limits, tokens, next(self._names), asyncio.get_running_loop().create_future())
        self._questions.append(question)
        self._take_off()
        try:
            return await question.answer
        except asyncio.CancelledError:
            self._take_back(question)
            raise

    def finish(self, admission: Admission, tokens: int) -> None:
        """Say how many tokens the call used: its slot is free, and the difference to what it expected is settled.

        A second time changes nothing. It never waits; Redis hears it within some milliseconds.
        """
        self._return(admission, 0, admission.reserved - tokens)

    def withdraw(self, admission: Admission) -> None:
        """Make the admission as if it had never been: the call was not made."""
        self._return(admission, 1, admission.reserved)

    async def reach(self) -> bool:
        """Decide together with the other processes from now on, if Redis answers; say whether it does."""
        if self._script is None:
            return False
        try:
            await self._script.decide(self._renewal(Batch()), is_patient=True)
        except ScriptAway:
            return False
        self._is_alone = False
        self._local.clear()
        return True

    async def open(self) -> None:
        """Decide together with the other processes from the first call on, or say that it is alone."""
        if not await self.reach() and self._script is not None:
            self._say_alone()

    async def run(self) -> None:
        """Keep this process's slots, and come back to Redis after it was away, until cancelled."""
        while True:
            if self._is_alone or self._script is None:
                await asyncio.sleep(PROBE_SECONDS)
                if await self.reach():
                    log.info("limits_shared_again")
            else:
                await asyncio.sleep(self._script.renew_seconds)
                self._renews = bool(self._held)
                self._take_off()

    async def close(self) -> None:
        """Give back what calls have returned, and decide nothing more."""
        self._take_off()
        if self._flight is not None:
            await self._flight
        self._is_closed = True

    def _say_alone(self) -> None:
        log.warning("limits_held_alone", processes=self._presence.processes)

    def _return(self, admission: Admission, requests: int, tokens: int) -> None:
        if not admission.limits or admission.is_over:
            return
        admission.is_over = True
        for limit in admission.limits:
            self._release(limit, admission.slot)
        self._returns.append((admission, requests, tokens))
        if any(limit.parallel for limit in admission.limits):
            # Its caller may ask again at once, at another process, and must find the slot free.
            self._take_off()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(RETURN_SECONDS, self._take_off)

    def _take_back(self, question: _Question) -> None:
        """Return the admission of a caller who left while it was decided."""
        if question.answer.done() and not question.answer.cancelled() and question.answer.exception() is None:
            self.withdraw(question.answer.result())

    def _take_off(self) -> None:
        if self._flight is None and not self._is_closed:
            self._flight = asyncio.create_task(self._fly())

    async def _fly(self) -> None:
        """Decide until nobody asks any more; a task of its own, so that callers of one moment share its first call."""
        try:
            while self._questions or self._returns or self._renews:
                questions, self._questions = self._questions, []
                returns, self._returns = self._returns, []
                await self._decide(questions, returns)
        finally:
            self._flight = None

    async def _decide(self, questions: list[_Question], returns: list[tuple[Admission, int, int]]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            verdicts, is_local = await self._decided(questions, returns)
        except Exception as error:  # a bug reaches those who asked, instead of leaving them to wait for ever
            for question in questions:
                if not question.answer.done():
                    question.answer.set_exception(error)
            raise
        for question, verdict in zip(questions, verdicts, strict=True):
            self._tell(question, verdict, is_local=is_local)

    async def _decided(
        self, questions: list[_Question], returns: list[tuple[Admission, int, int]]
    ) -> tuple[Iterable[Verdict], bool]:
        """Let the script decide, or decide alone; say which of both it was."""
        if not self._is_alone and self._script is not None:
            try:
                answers = await self._script.decide(self._batch(questions, returns))
                return map(Verdict.read, answers), False
            except ScriptAway:
                self._is_alone = True
                self._say_alone()
        self._renews = False
        return self._decided_alone(questions, returns), True

    def _batch(self, questions: list[_Question], returns: list[tuple[Admission, int, int]]) -> Batch:
        batch = Batch()
        for admission, requests, tokens in returns:
            taken = (0, 0) if admission.is_local else (requests, tokens)
            batch.give_back(admission.limits, *taken, admission.slot)
        if self._renews:
            self._renewal(batch)
        for question in questions:
            batch.ask(question.limits, question.tokens, question.slot)
        return batch

    def _renewal(self, batch: Batch) -> Batch:
        self._renews = False
        for limit, slots in self._held.values():
            batch.hold(limit, slots)
        return batch

    def _decided_alone(
        self, questions: list[_Question], returns: list[tuple[Admission, int, int]]
    ) -> Iterable[Verdict]:
        """Decide by this process's part of each limit, one call after the other: each counts the ones before it."""
        now, processes = time.monotonic() * 1_000_000, self._presence.processes
        for admission, requests, tokens in returns:
            if admission.is_local:
                self._local.give_back(admission.limits, requests, tokens, now)
        for question in questions:
            parts = [limit.part(processes) for limit in question.limits]
            held = [len(self._held[limit.key][1]) if limit.key in self._held else 0 for limit in parts]
            yield self._local.decide(parts, question.tokens, held, now)

    def _tell(self, question: _Question, verdict: Verdict, *, is_local: bool) -> None:
        if verdict.refused_by is not None:
            if not question.answer.done():
                question.answer.set_exception(TooFast(question.limits[verdict.refused_by], verdict))
            return
        admission = Admission(question.limits, question.tokens, question.slot, verdict.ahead, is_local)
        for limit in question.limits:
            self._hold(limit, question.slot)
        if question.answer.done():
            self.withdraw(admission)
        else:
            question.answer.set_result(admission)

    def _hold(self, limit: SpeedLimit, slot: str) -> None:
        if limit.parallel:
            self._held.setdefault(limit.key, (limit, set()))[1].add(slot)

    def _release(self, limit: SpeedLimit, slot: str) -> None:
        held = self._held.get(limit.key)
        if held is not None:
            held[1].discard(slot)
            if not held[1]:
                del self._held[limit.key]


def _tightest(standings: Iterable[Standing | None]) -> Standing | None:
    return min(filter(None, standings), key=lambda standing: standing.remaining, default=None)
