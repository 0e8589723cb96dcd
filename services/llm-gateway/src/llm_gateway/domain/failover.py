"""What a provider's failure means for the next step: wait, another route, or no more. Pure; time is given."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from llm_gateway.domain.calls import Route
from shared.problems import Problem

# A third try after two failures in a row would mostly add to the provider's trouble.
MAX_REPEATS = 2
# First upper bound of the random wait before a repeat; it doubles with each one (full jitter).
FIRST_BACKOFF_SECONDS = 0.5
# A caller gladly waits this long on the same model; beyond it another route, or the caller itself, does better.
LONGEST_LIMIT_WAIT_SECONDS = 2.0
# Taken where the provider names no time: limits are counted per minute at most of them, so a moment is too early.
DEFAULT_RETRY_AFTER_SECONDS = 1.8
# Callers that were told the same time shall not come back at the same moment.
_LIMIT_SPREAD_SECONDS = 0.2

BREAKER_WINDOW = 20
BREAKER_LEAST_CALLS = 10
BREAKER_FAILED_SHARE = 0.5
BREAKER_OPEN_SECONDS = 30.0

# A refused key or an empty account is mended by a person: soon enough to notice, rare enough to cost nothing.
ACCESS_COOLDOWN_SECONDS = 60.0

RETRY_SHARE = 0.1
# Where few calls are made, a tenth of them is none: so many repeats are free, and come back one a second.
RETRY_RESERVE = 10.0
RETRIES_REFILLED_PER_SECOND = 1.0


class FailureClass(Enum):
    """Why a call failed, as far as it decides about the next step.

    AVAILABILITY: nobody answered, or not to the end. CAPACITY: the provider asks to slow down. ACCESS: this account
    may not, or cannot pay, or has no such model. CONTEXT: longer than the model reads. CONTENT: refused for what it
    says. MALFORMED: the request itself is wrong, wherever it is sent.
    """

    AVAILABILITY = "availability"
    CAPACITY = "capacity"
    ACCESS = "access"
    CONTEXT = "context"
    CONTENT = "content"
    MALFORMED = "malformed"


class CallFailed(Exception):  # noqa: N818  a provider's failure is an outcome here, not an error of the program
    """A provider call that did not come to its end.

    `spent` is false where the provider turned the call away, so that nothing can have been charged.
    `of_account` is true where every other model of the same account would be refused as well, `was_silent` where
    the caller has waited long already.
    """

    def __init__(
        self,
        problem: Problem,
        failure_class: FailureClass,
        *,
        retry_after_seconds: float | None = None,
        spent: bool = True,
        of_account: bool = False,
        was_silent: bool = False,
    ) -> None:
        """Keep the problem for the person and the rest for the decision about the next step."""
        super().__init__(problem.detail)
        self.problem = problem
        self.failure_class = failure_class
        self.retry_after_seconds = retry_after_seconds
        self.spent = spent
        self.of_account = of_account
        self.was_silent = was_silent


@dataclass(frozen=True, slots=True)
class Step:
    """Ask by this route, after so many seconds."""

    route: Route
    wait_seconds: float = 0.0


@dataclass(slots=True)
class Circuit:
    """The breaker of one model on one account: closed, open for a while, then one probe at a time.

    Opens where half of the last 20 calls, and at least 10 of them, failed by availability.
    """

    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=BREAKER_WINDOW))
    open_until: float | None = None
    probe_until: float = 0.0

    @property
    def is_healthy(self) -> bool:
        """Whether it remembers no failure, so that it may be forgotten."""
        return self.open_until is None and True not in self.outcomes

    def opens_in(self, now: float) -> float:
        """Seconds until the next call may be made; 0 where it may be made now."""
        if self.open_until is None:
            return 0.0
        return max(0.0, max(self.open_until, self.probe_until) - now)

    def take(self, now: float) -> bool:
        """Ask for leave to call. Where the breaker was open, the one call that gets it is the probe.

        A probe that never reports keeps others out only as long as the breaker was open.
        """
        if self.opens_in(now) > 0:
            return False
        if self.open_until is not None:
            self.probe_until = now + BREAKER_OPEN_SECONDS
        return True

    def begin(self, now: float) -> None:
        """The provider has begun to answer: the breaker closes where this was the probe."""
        if self.open_until is not None and now >= self.open_until:
            self._close()

    def record(self, now: float, *, is_failure: bool) -> None:
        """Count a call. While open, results of calls that began before are late news and change nothing."""
        if self.open_until is None:
            self.outcomes.append(is_failure)
            if self._is_broken():
                self._open(now)
        elif is_failure and now >= self.open_until:
            self._open(now)
        else:
            self.begin(now)

    def _is_broken(self) -> bool:
        calls = len(self.outcomes)
        return calls >= BREAKER_LEAST_CALLS and sum(self.outcomes) >= calls * BREAKER_FAILED_SHARE

    def _open(self, now: float) -> None:
        self.open_until = now + BREAKER_OPEN_SECONDS
        self.probe_until = 0.0

    def _close(self) -> None:
        self.open_until = None
        self.probe_until = 0.0
        self.outcomes.clear()


@dataclass(slots=True)
class RetryBudget:
    """How many repeats are left: a tenth of all calls, so that an outage is not answered with a storm."""

    now: float
    left: float = RETRY_RESERVE

    def deposit(self) -> None:
        """Count a call."""
        self.left = min(self.left + RETRY_SHARE, 10 * RETRY_RESERVE)

    def withdraw(self, now: float) -> bool:
        """Take one repeat; False where none is left."""
        if self.left < RETRY_RESERVE:
            self.left = min(RETRY_RESERVE, self.left + (now - self.now) * RETRIES_REFILLED_PER_SECOND)
        self.now = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def repeat_wait(failure: CallFailed, repeats: int, remaining_seconds: float, chance: float) -> float | None:
    """Seconds to wait before asking by the same route again, or None where that is over. `chance` is in [0, 1).

    A limit is waited for as long as the provider asks, if that is short; an outage with full jitter.
    """
    if repeats >= MAX_REPEATS:
        return None
    if failure.failure_class is FailureClass.CAPACITY:
        asked = failure.retry_after_seconds
        asked = DEFAULT_RETRY_AFTER_SECONDS if asked is None else asked
        wait = asked + _LIMIT_SPREAD_SECONDS * chance
        return wait if asked <= LONGEST_LIMIT_WAIT_SECONDS and wait < remaining_seconds else None
    if failure.failure_class is FailureClass.AVAILABILITY:
        wait = FIRST_BACKOFF_SECONDS * 2**repeats * chance
        return wait if wait < remaining_seconds else None
    return None


def may_take_over(route: Route, failed: Route, failure: CallFailed) -> bool:
    """Whether another route can do better after this failure."""
    match failure.failure_class:
        case FailureClass.CONTENT | FailureClass.MALFORMED:
            return False
        case FailureClass.CONTEXT:
            return (route.context_tokens or 0) > (failed.context_tokens or 0)
        case FailureClass.ACCESS if failure.of_account:
            return route.account_key != failed.account_key
    return True


def cooldown_seconds(failure: CallFailed) -> float:
    """How long a route is tried last after this failure; 0 where it stays where it is."""
    if failure.failure_class is FailureClass.ACCESS:
        return ACCESS_COOLDOWN_SECONDS
    if failure.failure_class is FailureClass.CAPACITY:
        asked = failure.retry_after_seconds or 0.0
        return min(asked, ACCESS_COOLDOWN_SECONDS) if asked > LONGEST_LIMIT_WAIT_SECONDS else 0.0
    return 0.0
