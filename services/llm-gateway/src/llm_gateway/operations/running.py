"""What this process knows of a generation while it drives it."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from llm_gateway.domain import CallFailed, ClaimedGeneration, Spent, StopReason
from llm_gateway.domain.answers import Answer
from llm_gateway.domain.calls import Route
from llm_gateway.operations.failover import Attempts
from llm_gateway.operations.holding import Hold
from llm_gateway.operations.limiting import UNLIMITED, Admission
from llm_gateway.operations.manuscript import Manuscript
from llm_gateway.operations.spending import NOTHING_SPENT, added, estimated, reported
from llm_gateway.providers.protocol import FinishReason, ReportedUsage
from llm_gateway.store.attempts import AttemptEnd, Settlement


@dataclass(frozen=True, slots=True)
class Claim:
    """A generation that was leased; with its plan and first attempt where that was written along with it."""

    generation: ClaimedGeneration
    plan: Attempts | None = None
    attempt: "Attempt | None" = None
    admission: Admission = UNLIMITED


@dataclass(slots=True)
class Attempt:
    """A provider call that is not settled yet. Until it `is_called` there is only its row.

    `received` counts the characters that came, `asked_characters` those that were sent: more than the order's where
    an answer is continued or corrected.
    """

    id: UUID
    route: Route
    is_called: bool = False
    asked_characters: int | None = None
    received: int = 0
    response_id: str | None = None
    response_model: str | None = None
    seconds_to_first_chunk: float | None = None
    usage: ReportedUsage | None = None
    finish_reason: FinishReason | None = None
    hold: Hold | None = None
    failure: CallFailed | None = None

    def count(self, text: str) -> None:
        """Count what the model wrote, thoughts included, for the estimate and for what the budget holds."""
        self.received += len(text)
        if self.hold is not None:
            self.hold.written_bytes += len(text.encode())


@dataclass(eq=False, slots=True)
class Running:
    """One generation under this process's lease."""

    claimed: ClaimedGeneration
    manuscript: Manuscript
    settled: Spent | None
    plan: Attempts | None = None
    attempt: Attempt | None = None
    admission: Admission = UNLIMITED
    stop_reason: StopReason | None = None
    answer: Answer = field(init=False)
    continuations: int = 0
    is_asked_again: bool = False
    _scope: asyncio.Timeout | None = field(default=None)

    def __post_init__(self) -> None:
        """Expect the answer that was asked for."""
        self.answer = Answer(self.claimed.request)

    def begin(self, scope: asyncio.Timeout) -> None:
        """Make `stop` reach into the work under `scope`; a stop that came earlier strikes now."""
        self._scope = scope
        if self.stop_reason is not None:
            scope.reschedule(0)

    def leave(self) -> None:
        """From here on the generation is being closed, and a stop comes too late."""
        self._scope = None

    def stop(self, reason: StopReason) -> None:
        """Have the work end at its next wait. The first reason stays."""
        if self.stop_reason is None:
            self.stop_reason = reason
            if self._scope is not None:
                self._scope.reschedule(0)

    def remaining_seconds(self) -> float:
        """How long the work may still take."""
        until = self._scope.when() if self._scope is not None else None
        return 0.0 if until is None else until - asyncio.get_running_loop().time()

    @property
    def used_tokens(self) -> int:
        """What its limits count: everything settled that was read and written."""
        return self.settled.input_tokens + self.settled.output_tokens if self.settled else 0

    def spent_so_far(self) -> Spent | None:
        """Everything settled, and a guess about the attempt that is under way."""
        return self.settled if self.attempt is None else added(self.settled, self.spent_by(self.attempt))

    def settle(self, status: AttemptEnd) -> Settlement | None:
        """Take the attempt under way as ended; None where there is none."""
        attempt, self.attempt = self.attempt, None
        if attempt is None:
            return None
        spent = self.spent_by(attempt)
        self.settled = added(self.settled, spent)
        error = attempt.failure.problem.type if attempt.failure else None
        seconds = attempt.seconds_to_first_chunk
        first_token = None if seconds is None else round(seconds * 1000)
        return Settlement(attempt.id, status, spent, attempt.response_id, error, first_token)

    def spent_by(self, attempt: Attempt) -> Spent:
        """Count what an attempt cost, as far as it is known now."""
        if not attempt.is_called or (attempt.failure is not None and not attempt.failure.spent):
            return NOTHING_SPENT
        if attempt.usage is not None and attempt.usage.is_final:
            return reported(attempt.route, attempt.usage)
        asked = attempt.asked_characters
        read = self.claimed.input_characters if asked is None else asked
        return estimated(attempt.route.rates, read, attempt.received, attempt.usage)
