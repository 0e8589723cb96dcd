"""How fast a project, person or key may ask. Pure; times are microseconds, as in the script that decides for all.

Requests and tokens are held by the generic cell rate algorithm (GCRA; ITU-T I.371, annex A): a limit remembers one
time, at which all that was taken is paid back. Calls at once are counted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from llm_gateway.domain.generations import estimate_tokens
from shared.contracts.ids import encode_id
from shared.problems import RateLimited, Unavailable

Scope = Literal["project", "user", "key"]
Measure = Literal["requests_per_minute", "tokens_per_minute", "parallel"]

MINUTE = 60_000_000
# A tenth of a minute's worth at once lets a page ask for a few things, and spreads what a loop asks for.
BURST_SHARE = 0.1
# Sums of fractions are off by less than this; a call that is early by so little is on time.
TOLERANCE = 1.0
# Nobody knows when another call ends; a second is a fair guess for those that wait for it.
PARALLEL_WAIT = 1_000_000.0
# Two pages: few answers without a limit are longer, and those settle the difference.
USUAL_OUTPUT_TOKENS = 1_000
_ID_PREFIXES = {"user": "us", "key": "ak"}
_MEASURES: tuple[Measure, ...] = ("requests_per_minute", "tokens_per_minute", "parallel")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit as it was saved; None is without a limit."""

    scope: Scope
    scope_id: UUID
    requests_per_minute: int | None
    tokens_per_minute: int | None
    parallel: int | None
    updated_at: datetime

    @property
    def wire_scope_id(self) -> str | None:
        """The person or key as callers write it; None for the whole project."""
        prefix = _ID_PREFIXES.get(self.scope)
        return None if prefix is None else encode_id(prefix, self.scope_id)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute: within any t seconds at most `burst + t * per_minute / 60`. 0 a minute is without a limit."""

    per_minute: int = 0
    interval: float = 0.0
    burst: float = 0.0

    @classmethod
    def of(cls, per_minute: int | None, processes: int = 1) -> "Rate":
        """Make the rate, or the part of it for one of so many processes. At least one at once is let through."""
        if per_minute is None:
            return cls()
        burst = max(1.0, per_minute * BURST_SHARE / processes)
        return cls(per_minute, MINUTE * processes / per_minute, burst)

    @property
    def slack(self) -> float:
        """How far ahead of the clock the remembered time may be."""
        return self.burst * self.interval

    def wait(self, ahead: float, taken: float) -> float:
        """How long to wait before so many more may be taken. More than a burst is let through by a full one."""
        return ahead + min(taken, self.burst) * self.interval - self.slack if self.interval else 0.0


@dataclass(frozen=True, slots=True)
class SpeedLimit:
    """One limit, ready to decide with. `key` is where all processes keep its state; 0 parallel is without a limit."""

    scope: Scope
    key: str
    requests: Rate
    tokens: Rate
    parallel: int

    @classmethod
    def of(cls, project_id: UUID, row: LimitRow, processes: int = 1) -> "SpeedLimit":
        """Make the limit, or the part of it for one of so many processes."""
        return cls(
            row.scope,
            # The braces keep one project's limits together where a proxy spreads keys over servers.
            f"speed:{{{project_id}}}:{row.scope}:{row.scope_id}",
            Rate.of(row.requests_per_minute, processes),
            Rate.of(row.tokens_per_minute, processes),
            0 if row.parallel is None else max(1, row.parallel // processes),
        )

    def figures(self) -> list[float]:
        """What the script needs to know."""
        requests, tokens = self.requests, self.tokens
        return [requests.interval, requests.burst, tokens.interval, tokens.burst, self.parallel]

    def part(self, processes: int) -> "SpeedLimit":
        """Return the part for one of so many processes."""
        return SpeedLimit(
            self.scope,
            self.key,
            Rate.of(self.requests.per_minute or None, processes),
            Rate.of(self.tokens.per_minute or None, processes),
            self.parallel and max(1, self.parallel // processes),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one call. `ahead` holds two times for each limit: of requests, of tokens.

    `refused_by` is the place of the limit in the call's list, None where it is admitted.
    """

    ahead: Sequence[float]
    refused_by: int | None = None
    measure: Measure = "requests_per_minute"
    wait: float = 0.0

    @classmethod
    def read(cls, answer: Sequence[float]) -> "Verdict":
        """Read what the script answers: place from 1 or 0, measure from 1, time to wait, times."""
        place, measure, wait = int(answer[0]), int(answer[1]), answer[2]
        if place == 0:
            return cls(answer[3:])
        return cls(answer[3:], place - 1, _MEASURES[measure - 1], wait)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: the limit a minute, how many may be taken at once now, and when all may be again."""

    limit: int
    remaining: int
    reset_seconds: float

    @classmethod
    def of(cls, rate: Rate, ahead: float) -> "Standing | None":
        """Read a rate's state; None without a limit."""
        if not rate.interval:
            return None
        left = math.floor((rate.slack - ahead + TOLERANCE) / rate.interval)
        return cls(rate.per_minute, max(0, left), round(max(0.0, ahead) / 1_000_000, 3))


class TooFast(RateLimited):
    """A limit of the project, the person or the key is reached.

    `limit` and `scope` say which; `retry_after_seconds` and `retry_after_milliseconds` when to ask again.
    """

    def __init__(self, limit: SpeedLimit, verdict: Verdict) -> None:
        """Say which limit it is, and when the next call is welcome."""
        seconds = max(1, math.ceil(verdict.wait / 1_000_000))
        super().__init__(
            f"{_sentence(limit, verdict.measure)} Try again in {seconds} s; an admin of the project can change this.",
            retry_after_seconds=seconds,
            retry_after_milliseconds=math.ceil(verdict.wait / 1000),
            limit=verdict.measure,
            scope=limit.scope,
        )
        self.seconds = verdict.wait / 1_000_000
        self.scope = limit.scope
        self.measure = verdict.measure


def _sentence(limit: SpeedLimit, measure: Measure) -> str:
    whose = {"project": "This project", "user": "This person", "key": "This API key"}[limit.scope]
    match measure:
        case "requests_per_minute":
            return f"{whose} may ask {limit.requests.per_minute} times a minute."
        case "tokens_per_minute":
            return f"{whose} may use {limit.tokens.per_minute} tokens a minute."
        case "parallel":
            return f"{whose} may have {limit.parallel} calls under way at once."


def expected_tokens(input_characters: int, output_limit: int | None) -> int:
    """Say what a call is taken to use until it is known: its question, and its answer as far as it may go."""
    written = USUAL_OUTPUT_TOKENS if output_limit is None else output_limit
    return estimate_tokens(input_characters) + written


class GateFull(Unavailable):
    """More calls are under way than one process takes, and this one waited its time."""


@dataclass(slots=True)
class _State:
    requests: float = 0.0
    tokens: float = 0.0


@dataclass(slots=True)
class LocalLimits:
    """The script's decisions in one process's memory, for the time without Redis."""

    _states: dict[str, _State] = field(default_factory=dict)

    def decide(self, limits: Sequence[SpeedLimit], tokens: int, held: Sequence[int], now: float) -> Verdict:
        """Take one request and so many tokens of every limit, or of none. `held` counts each limit's calls at once."""
        states = [self._state(limit, now) for limit in limits]
        refusal: tuple[float, int, Measure] | None = None
        for place, (limit, state) in enumerate(zip(limits, states, strict=True)):
            waits = (
                limit.requests.wait(state.requests - now, 1),
                limit.tokens.wait(state.tokens - now, tokens),
                PARALLEL_WAIT if limit.parallel and held[place] >= limit.parallel else 0.0,
            )
            for measure, wait in zip(_MEASURES, waits, strict=True):
                if wait > TOLERANCE and (refusal is None or wait > refusal[0]):
                    refusal = (wait, place, measure)
        if refusal is None:
            self._take(limits, 1, tokens, now)
        ahead = [figure - now for state in states for figure in (state.requests, state.tokens)]
        return Verdict(ahead) if refusal is None else Verdict(ahead, refusal[1], refusal[2], refusal[0])

    def give_back(self, limits: Sequence[SpeedLimit], requests: int, tokens: int, now: float) -> None:
        """Return what was taken too much, or take what was used beyond it: debts are allowed."""
        self._take(limits, -requests, -tokens, now)

    def clear(self) -> None:
        """Forget everything."""
        self._states.clear()

    def _take(self, limits: Sequence[SpeedLimit], requests: int, tokens: int, now: float) -> None:
        for limit in limits:
            state = self._state(limit, now)
            state.requests = max(now, state.requests + requests * limit.requests.interval)
            state.tokens = max(now, state.tokens + tokens * limit.tokens.interval)

    def _state(self, limit: SpeedLimit, now: float) -> _State:
        state = self._states.setdefault(limit.key, _State())
        state.requests, state.tokens = max(now, state.requests), max(now, state.tokens)
        return state
