"""What a budget decides: periods, raises, thresholds, and which call gets the last dollar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest

from llm_gateway.domain.budgets import (
    DEFAULT_OUTPUT_TOKENS,
    BudgetExceeded,
    BudgetState,
    Reservation,
    UnknownPrice,
    affordable_output_tokens,
    ceiling_rates,
    decide,
    hold_usd,
    input_tokens_bound,
    period_start,
    read_scope_id,
)
from llm_gateway.domain.calls import Account, Rates, Route
from llm_gateway.operations.spending import most_usd
from llm_gateway.providers.prices import find_rates
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import Period
from shared.problems import Invalid

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
PROJECT = new_id()
ROUTE = Route("anthropic", "anthropic", "claude-sonnet-4-5", "", frozenset({"messages"}), "a", "a key")


def budget(**changes: Any) -> BudgetState:
    values: dict[str, Any] = {
        "project_id": PROJECT,
        "id": new_id(),
        "scope": "project",
        "scope_id": PROJECT,
        "period": "month",
        "limit_usd": Decimal(20),
        "raised_usd": Decimal(0),
        "raised_until": None,
        "period_start": datetime(2026, 11, 1, tzinfo=UTC),
        "spent_usd": Decimal(0),
        "held_usd": Decimal(0),
        "told_percent": 0,
        "revision": 1,
    }
    return BudgetState(**values | changes)


def reservation(usd: str | None, account: Account | None = None) -> Reservation:
    return Reservation(new_id(), account or Account(PROJECT, new_id()), None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("period", "start", "following"),
    [
        ("day", datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)),
        ("week", datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        ("month", datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        ("total", NOW, None),
    ],
)
def test_periods_begin_at_midnight_monday_and_the_first(
    period: Period, start: datetime, following: datetime | None
) -> None:
    assert period_start(period, NOW) == start
    assert budget(period=period, period_start=start).next_start == following


@pytest.mark.parametrize("start", [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)])
def test_every_month_is_followed_by_the_first_of_the_next(start: datetime) -> None:
    following = budget(period_start=start).next_start
    assert following is not None
    assert (following.day, (following - timedelta(days=1)).month) == (1, start.month)


def test_in_a_new_period_nothing_is_spent_or_told_and_what_is_held_stays() -> None:
    spent = budget(spent_usd=Decimal(19), held_usd=Decimal("0.5"), told_percent=80)
    assert spent.at(NOW) == spent
    begun = spent.at(datetime(2026, 12, 1, tzinfo=UTC))
    assert (begun.spent_usd, begun.told_percent, begun.held_usd) == (Decimal(0), 0, Decimal("0.5"))
    assert begun.period_start == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_budget_made_within_a_period_keeps_its_start_until_the_next_one() -> None:
    made = budget(period_start=NOW, spent_usd=Decimal(1))
    assert made.at(NOW + timedelta(days=5)) == made


def test_what_a_slow_transaction_of_the_last_period_spent_does_not_burden_the_new_one() -> None:
    begun = budget(held_usd=Decimal(2), period_start=NOW)
    late = begun.settled(Decimal(2), Decimal(1), NOW - timedelta(milliseconds=1))
    assert (late.held_usd, late.spent_usd) == (Decimal(0), Decimal(0))


def test_a_raise_ends_by_itself() -> None:
    raised = budget(raised_usd=Decimal(5), raised_until=NOW, spent_usd=Decimal(22))
    assert raised.at(NOW - timedelta(seconds=1)).room_usd == 3
    ended = raised.at(NOW)
    assert (ended.room_usd, ended.raised_usd, ended.raised_until) == (Decimal(-2), Decimal(0), None)


def test_a_total_has_no_next_period() -> None:
    total = budget(period="total", period_start=datetime(2020, 1, 1, tzinfo=UTC), spent_usd=Decimal(20))
    assert total.at(NOW) == total
    assert "begins anew" not in total.refusal(Decimal(1)).detail


def test_the_refusal_names_the_money_the_next_period_and_who_can_help() -> None:
    refusal = budget(spent_usd=Decimal("19.9"), held_usd=Decimal("0.05")).refusal(Decimal("0.2"))
    assert refusal.status == 402
    assert "monthly budget of this project" in refusal.detail
    assert "$19.90 of $20.00" in refusal.detail
    assert "2026-12-01" in refusal.detail
    assert "admin of the project can raise it" in refusal.detail
    assert refusal.extensions["begins_anew_at"] == "2026-12-01T00:00:00+00:00"


def test_the_last_dollar_goes_to_whoever_asked_first() -> None:
    first, second, third = reservation("0.6"), reservation("0.6"), reservation("0.4")
    decision = decide([budget(spent_usd=Decimal(19))], [first, second, third])
    assert list(decision.refusals) == [second.attempt_id]
    assert [hold.attempt_id for hold in decision.holds] == [first.attempt_id, third.attempt_id]
    assert [state.room_usd for state in decision.budgets] == [0]


def test_a_call_gets_money_from_all_of_its_budgets_or_from_none() -> None:
    actor, key, run = new_id(), new_id(), new_id()
    scopes: list[tuple[str, UUID, int]] = [
        ("project", PROJECT, 9),
        ("user", actor, 8),
        ("key", key, 7),
        ("run", run, 1),
    ]
    budgets = [
        budget(scope=scope, scope_id=scope_id, limit_usd=Decimal(limit), period=period)
        for scope, scope_id, limit in scopes
        for period in ("day", "month")
    ]
    dear, cheap = (reservation(usd, Account(PROJECT, actor, key, run)) for usd in ("2", "1"))
    decision = decide(budgets, [dear, cheap])
    refusal = decision.refusals.pop(dear.attempt_id)
    assert isinstance(refusal, BudgetExceeded)
    assert refusal.extensions["scope_id"] == encode_id("ru", run)
    assert {hold.attempt_id for hold in decision.holds} == {cheap.attempt_id}
    assert [state.held_usd for state in decision.budgets] == [1] * 8


def test_budgets_of_others_do_not_matter() -> None:
    others = [budget(scope="user", scope_id=new_id(), limit_usd=Decimal(0)), budget(project_id=new_id())]
    decision = decide(others, [reservation("5"), reservation(None)])
    assert (decision.refusals, decision.holds) == ({}, [])


def test_without_a_price_nothing_is_asked_under_a_budget_and_a_ceiling_is_a_price() -> None:
    asked = reservation(None)
    refusal = decide([budget()], [asked]).refusals[asked.attempt_id]
    assert isinstance(refusal, UnknownPrice)
    assert "ceiling" in refusal.detail
    ceiling = ceiling_rates(Decimal(30))
    assert ceiling is not None
    assert hold_usd(ceiling, 1_000, 1_000) == Decimal("0.06")
    assert ceiling_rates(None) is None
    assert hold_usd(None, 1_000, 1_000) is None


def test_what_costs_nothing_is_let_through_although_the_limit_was_lowered() -> None:
    decision = decide([budget(limit_usd=Decimal(1), spent_usd=Decimal(5))], [reservation("0")])
    assert decision.refusals == {}


def test_thresholds_are_of_the_limit_with_its_raise_and_told_anew_after_it_grew() -> None:
    spent = budget(spent_usd=Decimal(16), told_percent=80)
    assert spent.reached_percents() == [50, 80]
    assert budget().reached_percents() == []
    assert budget(limit_usd=Decimal(0), spent_usd=Decimal(1)).reached_percents() == [50, 80, 100]
    grown = budget(spent_usd=Decimal(16), told_percent=80, raised_usd=Decimal(10), raised_until=NOW).changed()
    assert grown.told_percent == 50
    assert spent.changed() == spent


def test_the_hold_bounds_the_price_and_the_price_bounds_the_answer() -> None:
    rates = Rates(Decimal(2), Decimal(10))
    assert hold_usd(rates, 500, 100) == Decimal("0.002")
    assert hold_usd(rates, 0, None) == 10 * Decimal(DEFAULT_OUTPUT_TOKENS) / 1_000_000
    assert affordable_output_tokens(rates, 500, Decimal("0.002")) == 100
    assert affordable_output_tokens(rates, 5_000, Decimal("0.002")) == 0
    assert affordable_output_tokens(Rates(Decimal(2), Decimal(0)), 500, Decimal(0)) is None
    assert input_tokens_bound(100, messages=2, images=1) == 100 + 16 + 6_000


@pytest.mark.parametrize(("scope", "prefix"), [("user", "us"), ("key", "ak"), ("run", "ru")])
def test_whose_budget_it_is_is_named_by_the_right_kind_of_id(scope: Any, prefix: str) -> None:
    named = new_id()
    assert read_scope_id(scope, encode_id(prefix, named), PROJECT) == named
    for wrong in (None, encode_id("pj", named), "us_", prefix):
        with pytest.raises(Invalid):
            read_scope_id(scope, wrong, PROJECT)


def test_a_budget_of_the_project_names_nobody() -> None:
    assert read_scope_id("project", None, PROJECT) == PROJECT
    with pytest.raises(Invalid) as raised:
        read_scope_id("project", encode_id("pj", new_id()), PROJECT)
    errors = cast("list[dict[str, Any]]", raised.value.extensions["errors"])
    assert errors[0]["name"] == "scope_id"


def test_a_long_request_is_held_with_its_surcharge() -> None:
    rates = find_rates("anthropic", "claude-sonnet-4-5")
    assert rates is not None
    assert rates.has_surcharges
    route = replace(ROUTE, rates=rates)
    short, long = (most_usd(route, rates, tokens, 1_000) for tokens in (50_000, 300_000))
    assert short == hold_usd(rates, 50_000, 1_000)
    assert long is not None
    assert long > (hold_usd(rates, 300_000, 1_000) or 0) * Decimal("1.9")
    assert most_usd(replace(ROUTE, rates=None), ceiling_rates(Decimal(1)), 300_000, 0) == Decimal("0.3")
    assert most_usd(replace(ROUTE, rates=None), None, 300_000, 0) is None
