"""Budgets: what calls may spend, who decides it when many ask at once, and when a period begins anew. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from llm_gateway.domain.calls import Account, Rates
from shared.contracts.ids import decode_id, encode_id
from shared.contracts.llm_gateway import BudgetScope, Period
from shared.problems import Invalid, Problem

# What a call without an output limit holds: most answers are shorter, and the hold of a longer one grows.
DEFAULT_OUTPUT_TOKENS = 4_096
# More than the largest tile counts of the providers' current models for one picture.
IMAGE_TOKENS = 6_000
# Role, separators and the start of the answer, in every published chat template.
MESSAGE_TOKENS = 8
THRESHOLDS = (50, 80, 100)
# Fewer than four bytes of English prose and than three of most other scripts: the estimate errs on the dear side.
BYTES_PER_WRITTEN_TOKEN = 3
_MILLION = 1_000_000
_ID_PREFIXES = {"user": "us", "key": "ak", "run": "ru"}
_WHOSE = {"project": "this project", "user": "this person", "key": "this API key", "run": "this run"}
_PERIOD_WORDS = {"day": "daily ", "week": "weekly ", "month": "monthly ", "total": ""}

type ScopeKey = tuple[UUID, str, UUID]


class BudgetExceeded(Problem):
    """A budget has no room for what the call may cost."""

    type = "/problems/budget-exceeded"
    title = "The budget is used up"
    status = 402


class UnknownPrice(Problem):
    """A budget applies and nobody knows what the model costs."""

    type = "/problems/unknown-price"
    title = "The model has no known price"
    status = 402

    def __init__(self) -> None:
        """Keep one sentence for every model: the caller knows which one was asked."""
        super().__init__(
            "This model has no known price and a budget applies, so the call was not made. "
            "An admin of the project can set a price for the model, or a ceiling for all models without one."
        )


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money that one call asks for before it is made. `usd` is the most it may cost; None: the price is unknown."""

    attempt_id: UUID
    account: Account
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Money of one budget that one call may still spend."""

    project_id: UUID
    attempt_id: UUID
    budget_id: UUID
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Reached:
    """A threshold that settlements crossed; `attempt_id` names one of the calls that did."""

    attempt_id: UUID
    budget: "BudgetState"
    percent: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One budget as its row holds it. `at` brings it to a point in time."""

    project_id: UUID
    id: UUID
    scope: BudgetScope
    scope_id: UUID
    period: Period
    limit_usd: Decimal
    raised_usd: Decimal
    raised_until: datetime | None
    period_start: datetime
    spent_usd: Decimal
    held_usd: Decimal
    told_percent: int
    revision: int

    @property
    def key(self) -> ScopeKey:
        """Whose money it is."""
        return self.project_id, self.scope, self.scope_id

    @property
    def allowed_usd(self) -> Decimal:
        """The limit with its raise."""
        return self.limit_usd + self.raised_usd

    @property
    def room_usd(self) -> Decimal:
        """What a call may still ask for; below 0 where the limit was lowered."""
        return self.allowed_usd - self.spent_usd - self.held_usd

    @property
    def wire_scope_id(self) -> str | None:
        """The person, key or run as callers write it; None for the whole project."""
        prefix = _ID_PREFIXES.get(self.scope)
        return None if prefix is None else encode_id(prefix, self.scope_id)

    @property
    def next_start(self) -> datetime | None:
        """When the period after this one begins; None where there is none."""
        start = period_start(self.period, self.period_start)
        match self.period:
            case "total":
                return None
            case "day":
                return start + timedelta(days=1)
            case "week":
                return start + timedelta(weeks=1)
            case "month":
                # The 32nd day after the first lies in the next month, whatever the month.
                return (start + timedelta(days=32)).replace(day=1)
        assert_never(self.period)

    def at(self, now: datetime) -> "BudgetState":
        """The budget at `now`: in a new period nothing is spent or told, and a raise whose time is over has gone.

        What is held stays held: the calls are still under way.
        """
        state = self
        if self.raised_until is not None and self.raised_until <= now:
            state = replace(state, raised_usd=Decimal(0), raised_until=None)
        start = period_start(self.period, now)
        if self.period != "total" and start > self.period_start:
            state = replace(state, period_start=start, spent_usd=Decimal(0), told_percent=0)
        return state

    def holding(self, usd: Decimal) -> "BudgetState":
        """The budget with more, or less, held of it."""
        return replace(self, held_usd=self.held_usd + usd)

    def settled(self, held_usd: Decimal, spent_usd: Decimal, now: datetime) -> "BudgetState":
        """The budget after a call. What a transaction spent that began before this period belongs to the last one."""
        spent = spent_usd if now >= self.period_start else Decimal(0)
        return replace(self, held_usd=self.held_usd - held_usd, spent_usd=self.spent_usd + spent)

    def reached_percents(self) -> list[int]:
        """List the thresholds that are spent."""
        if self.spent_usd == 0:
            return []
        return [percent for percent in THRESHOLDS if self.spent_usd * 100 >= self.allowed_usd * percent]

    def telling(self, percents: list[int]) -> "BudgetState":
        """The budget after these thresholds were told."""
        return replace(self, told_percent=max([self.told_percent, *percents]))

    def changed(self) -> "BudgetState":
        """The budget after its limit changed: a threshold that is no longer reached is told again when it is."""
        return replace(self, told_percent=min(self.told_percent, max(self.reached_percents(), default=0)))

    def refusal(self, usd: Decimal) -> BudgetExceeded:
        """Say why a call is not made, when to come again, and who can help."""
        return BudgetExceeded(
            f"The {_PERIOD_WORDS[self.period]}budget of {_WHOSE[self.scope]} has no room for this call: "
            f"{_dollars(self.spent_usd)} of {_dollars(self.allowed_usd)} are spent, {_dollars(self.held_usd)} are held "
            f"for calls under way, and this one may cost up to {_dollars(usd)}. "
            f"{self._begins_anew()}An admin of the project can raise it.",
            budget_id=encode_id("bu", self.id),
            scope=self.scope,
            scope_id=self.wire_scope_id,
            period=self.period,
            spent_usd=str(self.spent_usd),
            held_usd=str(self.held_usd),
            limit_usd=str(self.allowed_usd),
            begins_anew_at=None if self.next_start is None else self.next_start.isoformat(),
        )

    def _begins_anew(self) -> str:
        start = self.next_start
        return "" if start is None else f"It begins anew on {start:%Y-%m-%d} at midnight UTC. "


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of many reservations: problems by attempt, holds, and the budgets that hold more now."""

    refusals: dict[UUID, Problem]
    holds: list[Hold]
    budgets: list[BudgetState]


def decide(budgets: Iterable[BudgetState], reservations: Sequence[Reservation]) -> Decision:
    """Give out money in the order of the reservations; a call gets it from all of its budgets or from none.

    The budgets are as of now, see `BudgetState.at`.
    """
    tills: dict[ScopeKey, list[_Till]] = defaultdict(list)
    for budget in budgets:
        tills[budget.key].append(_Till(budget, budget.room_usd))
    refusals: dict[UUID, Problem] = {}
    holds: list[Hold] = []
    for asked in reservations:
        project_id = asked.account.project_id
        found = [till for scope in asked.account.scopes() for till in tills.get((project_id, *scope), ())]
        refusal = _refusal(asked, found)
        if refusal is not None:
            refusals[asked.attempt_id] = refusal
        elif asked.usd is not None:
            for till in found:
                till.take(asked.usd)
                holds.append(Hold(project_id, asked.attempt_id, till.budget.id, asked.usd))
    touched = [till.after() for of_scope in tills.values() for till in of_scope if till.is_touched]
    return Decision(refusals, holds, touched)


@dataclass(slots=True)
class _Till:
    """A budget while it is given out: one addition a call instead of a new state."""

    budget: BudgetState
    room_usd: Decimal
    is_touched: bool = False

    def take(self, usd: Decimal) -> None:
        self.room_usd -= usd
        self.is_touched = True

    def after(self) -> BudgetState:
        return self.budget.holding(self.budget.room_usd - self.room_usd)


def _refusal(asked: Reservation, tills: Sequence[_Till]) -> Problem | None:
    if not tills:
        return None
    if asked.usd is None:
        return UnknownPrice()
    for till in tills:
        # What costs nothing is let through, also where a lowered limit leaves less than nothing.
        if asked.usd > till.room_usd and asked.usd > 0:
            return till.after().refusal(asked.usd)
    return None


def read_scope_id(scope: BudgetScope, scope_id: str | None, project_id: UUID) -> UUID:
    """Read the id of a person, key or run; a project's own budget names none. Raises Invalid."""
    prefix = _ID_PREFIXES.get(scope)
    if prefix is None:
        if scope_id is None:
            return project_id
        message = "What holds for the whole project names nobody."
        raise _wrong_scope_id(message)
    try:
        return decode_id(prefix, scope_id or "")
    except ValueError as error:
        message = f"Give an id that begins with {prefix}_."
        raise _wrong_scope_id(message) from error


def _wrong_scope_id(message: str) -> Invalid:
    return Invalid.of([{"name": "scope_id", "code": "scope_id", "message": message}])


def period_start(period: Period, now: datetime) -> datetime:
    """Midnight, Monday or the first of the month, UTC, before `now`; `now` itself where the period has no end."""
    if period == "total":
        return now
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return midnight
    return midnight - timedelta(days=midnight.weekday()) if period == "week" else midnight.replace(day=1)


def hold_usd(rates: Rates | None, input_tokens_bound: int, output_tokens: int | None) -> Decimal | None:
    """The most that a call may cost below the surcharge of long requests; None where the price is unknown.

    `output_tokens` None is a call without a limit: it holds DEFAULT_OUTPUT_TOKENS.
    """
    if rates is None:
        return None
    written = DEFAULT_OUTPUT_TOKENS if output_tokens is None else output_tokens
    return (rates.input_usd_per_million * input_tokens_bound + rates.output_usd_per_million * written) / _MILLION


def affordable_output_tokens(rates: Rates, input_tokens_bound: int, usd: Decimal) -> int | None:
    """How much a model may write for `usd` after reading its input; None where writing costs nothing."""
    if rates.output_usd_per_million == 0:
        return None
    left = usd * _MILLION - rates.input_usd_per_million * input_tokens_bound
    return max(0, int(left // rates.output_usd_per_million))


def input_tokens_bound(text_bytes: int, *, messages: int = 0, images: int = 0) -> int:
    """Bound what a model will read from above: byte-level tokenizers make no token of less than one UTF-8 byte."""
    return text_bytes + MESSAGE_TOKENS * messages + IMAGE_TOKENS * images


def written_tokens_bound(text_bytes: int) -> int:
    """Estimate from above, for usual text, how many tokens a model has written."""
    return -(-text_bytes // BYTES_PER_WRITTEN_TOKEN)


def ceiling_rates(usd_per_million: Decimal | None) -> Rates | None:
    """Take an admin's ceiling as the price of a model that has none."""
    return None if usd_per_million is None else Rates(usd_per_million, usd_per_million)


def _dollars(usd: Decimal) -> str:
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"
