"""Which route a call takes, and which one after it failed. A process's calls learn from each other's failures."""

import random
import time
from collections.abc import Callable, Sequence

from llm_gateway.domain import ProviderUnavailable
from llm_gateway.domain.calls import Route
from llm_gateway.domain.failover import (
    CallFailed,
    Circuit,
    FailureClass,
    RetryBudget,
    Step,
    cooldown_seconds,
    may_take_over,
    repeat_wait,
)
from shared.runtime import logger

# Callers choose model names: this bounds what a flood of failing ones can occupy.
_MAX_REMEMBERED = 10_000

log = logger(__name__)


class Health:
    """Breakers by account and model, cooldowns by account or model, and the process's budget of repeats.

    Only what failed lately is remembered: a healthy route costs two look-ups in empty dictionaries.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin trusting every route."""
        self._clock = clock
        self._circuits: dict[tuple[str, str], Circuit] = {}
        self._cooled_until: dict[tuple[str, str | None], float] = {}
        self._budget = RetryBudget(clock())

    def attempts(self, routes: Sequence[Route]) -> "Attempts":
        """Plan a call by these routes, the wanted one first. One plan a call, of which its tenth may be repeated."""
        self._budget.deposit()
        return Attempts(self, routes)

    def order(self, routes: Sequence[Route]) -> list[Route]:
        """Put routes that cool down last and leave out those with an open breaker.

        A cooling route is still asked where there is no other: what the provider says helps more than our guess.
        Raises ProviderUnavailable, with the time to come back, where none is left.
        """
        if not self._circuits and not self._cooled_until:
            return list(routes)
        now = self._clock()
        waits = [self._opens_in(route, now) for route in routes]
        usable = [route for route, wait in zip(routes, waits, strict=True) if wait == 0]
        if not usable:
            raise _all_open(routes[0], min(waits))
        return sorted(usable, key=lambda route: self._is_cooling(route, now))

    def take(self, route: Route) -> bool:
        """Ask for leave to call by this route now; a route whose breaker was open lets one probe through."""
        circuit = self._circuits.get((route.account_key, route.name))
        return circuit is None or circuit.take(self._clock())

    def begin(self, route: Route) -> None:
        """Learn that the provider has begun to answer, so that a probe does not last as long as its text."""
        circuit = self._circuits.get((route.account_key, route.name))
        if circuit is not None:
            circuit.begin(self._clock())

    def record(self, route: Route, failure: CallFailed | None) -> None:
        """Learn how a call ended, once each call that was made: None where the answer came to its end."""
        is_failure = failure is not None and failure.failure_class is FailureClass.AVAILABILITY
        if is_failure or self._circuits:
            self._count(route, is_failure=is_failure)
        if failure is not None:
            self._cool(route, failure)

    def may_repeat(self) -> bool:
        """Take one repeat out of the process's budget."""
        return self._budget.withdraw(self._clock())

    def _count(self, route: Route, *, is_failure: bool) -> None:
        key = (route.account_key, route.name)
        circuit = self._circuits.get(key)
        if circuit is None:
            if not is_failure:
                return
            circuit = _bounded(self._circuits).setdefault(key, Circuit())
        was_closed = circuit.open_until is None
        circuit.record(self._clock(), is_failure=is_failure)
        if circuit.is_healthy:
            del self._circuits[key]
        if was_closed and circuit.open_until is not None:
            log.warning("provider_breaker_opened", account=route.account_key, model=route.model)

    def _cool(self, route: Route, failure: CallFailed) -> None:
        seconds = cooldown_seconds(failure)
        if seconds > 0:
            name = None if failure.of_account else route.name
            _bounded(self._cooled_until)[route.account_key, name] = self._clock() + seconds
            log.warning(
                "provider_cools_down", account=route.account_key, model=route.model, reason=failure.failure_class.value
            )

    def _opens_in(self, route: Route, now: float) -> float:
        circuit = self._circuits.get((route.account_key, route.name))
        return 0.0 if circuit is None else circuit.opens_in(now)

    def _is_cooling(self, route: Route, now: float) -> bool:
        keys = ((route.account_key, None), (route.account_key, route.name))
        return any(self._cools(key, now) for key in keys)

    def _cools(self, key: tuple[str, str | None], now: float) -> bool:
        until = self._cooled_until.get(key)
        if until is not None and until <= now:
            del self._cooled_until[key]
            return False
        return until is not None


class Attempts:
    """The steps of one call: repeats on a route, then the next route that can do better.

    Whoever has shown text of an answer asks for no further step: two answers are never spliced.
    """

    __slots__ = ("_health", "_left", "_repeats", "_route")

    def __init__(self, health: Health, routes: Sequence[Route]) -> None:
        """Take the routes in the order in which they are wanted."""
        self._health = health
        self._left: Sequence[Route] = routes
        self._route: Route | None = None
        self._repeats = 0

    def first(self) -> Step:
        """Say by which route to ask first. Raises ProviderUnavailable where every breaker is open."""
        return self._take(self._health.order(self._left))

    def next(self, failure: CallFailed, remaining_seconds: float) -> Step | None:
        """Say what to do after this failure, which was recorded before; None where it is the answer.

        Every wait fits into the time that remains. Who waited in vain already is sent to the next route first.
        """
        failed = self._route
        if failed is None or remaining_seconds <= 0:
            return None
        if failure.was_silent:
            return self._further(failed, failure) or self._again(failed, failure, remaining_seconds)
        return self._again(failed, failure, remaining_seconds) or self._further(failed, failure)

    def _again(self, route: Route, failure: CallFailed, remaining_seconds: float) -> Step | None:
        # Not a secret: a spread of waiting times.
        wait = repeat_wait(failure, self._repeats, remaining_seconds, random.random())  # noqa: S311
        if wait is None or not self._health.may_repeat() or not self._health.take(route):
            return None
        self._repeats += 1
        return Step(route, wait)

    def _further(self, failed: Route, failure: CallFailed) -> Step | None:
        left = [route for route in self._left if may_take_over(route, failed, failure)]
        try:
            return self._take(self._health.order(left)) if left else None
        except ProviderUnavailable:
            return None

    def _take(self, ordered: list[Route]) -> Step:
        route, *self._left = ordered
        self._route, self._repeats = route, 0
        self._health.take(route)
        return Step(route)


def _all_open(route: Route, seconds: float) -> ProviderUnavailable:
    wait = max(1, round(seconds))
    return ProviderUnavailable(
        f"{route.model} did not answer lately and is given {wait} seconds to recover. Try again then.",
        provider=route.provider,
        retry_after_seconds=wait,
    )


def _bounded[Key, Value](remembered: dict[Key, Value]) -> dict[Key, Value]:
    """Make room for one more by forgetting the oldest."""
    if len(remembered) >= _MAX_REMEMBERED:
        del remembered[next(iter(remembered))]
    return remembered
