"""Holds on the real database: many calls at once, settled once, given back after a loss."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from llm_gateway.domain.budgets import BudgetExceeded, BudgetState, Reservation
from llm_gateway.domain.calls import Account
from llm_gateway.store import budgets as store
from llm_gateway.store.budgets import NewBudget
from shared.contracts.ids import new_id
from shared.postgres import Database
from shared.problems import Problem
from shared.testing.fixtures import DatabaseFor

RACER = Path(__file__).parent / "budget_racer.py"


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("llm_gateway")


async def make_budget(database: Database, account: Account, limit: str, **changes: Any) -> UUID:
    values: dict[str, Any] = {"scope": "project", "scope_id": account.project_id, "period": "month"} | changes
    new = NewBudget(new_id(), limit_usd=Decimal(limit), created_by=account.actor_id, **values)
    async with database.transaction(account.project_id) as conn:
        return (await store.save_budget(conn, account.project_id, new)).id


async def reserve(database: Database, asked: Sequence[Reservation]) -> dict[UUID, Problem]:
    async with database.transaction(sorted({one.account.project_id for one in asked})) as conn:
        return await store.reserve(conn, asked)


async def settle(database: Database, account: Account, *costs: tuple[UUID, str | None]) -> list[int]:
    """Settle and return the percents that were reached."""
    rows = [(account.project_id, attempt, None if cost is None else Decimal(cost)) for attempt, cost in costs]
    async with database.transaction(account.project_id) as conn:
        return [reached.percent for reached in await store.settle(conn, rows)]


async def read(database: Database, account: Account) -> BudgetState:
    async with database.transaction(account.project_id) as conn:
        (found,) = await store.list_budgets(conn, account.project_id)
    return found


def ask(account: Account, usd: str | None) -> Reservation:
    return Reservation(new_id(), account, None if usd is None else Decimal(usd))


@pytest.fixture
def account() -> Account:
    return Account(new_id(), new_id(), new_id())


async def test_money_is_held_and_then_spent(database: Database, account: Account) -> None:
    await make_budget(database, account, "10")
    call = ask(account, "2")
    assert await reserve(database, [call]) == {}
    assert (await read(database, account)).held_usd == 2
    await settle(database, account, (call.attempt_id, "0.25"))
    settled = await read(database, account)
    assert (settled.held_usd, settled.spent_usd) == (Decimal(0), Decimal("0.25"))


async def test_a_project_without_budgets_holds_nothing(database: Database, account: Account) -> None:
    assert await reserve(database, [ask(account, "2"), ask(account, None)]) == {}
    async with database.transaction(account.project_id) as conn:
        assert await conn.fetchval("SELECT count(*) FROM budget_holds") == 0
    async with database.relay() as conn:
        assert await store.projects_with_budgets(conn) == frozenset()


async def test_settling_twice_spends_once_also_at_the_same_time(database: Database, account: Account) -> None:
    await make_budget(database, account, "10")
    call = ask(account, "2")
    await reserve(database, [call])
    await asyncio.gather(*(settle(database, account, (call.attempt_id, "1")) for _ in range(6)))
    settled = await read(database, account)
    assert (settled.held_usd, settled.spent_usd) == (Decimal(0), Decimal(1))


async def test_a_reservation_that_is_said_again_is_neither_held_twice_nor_refused(
    database: Database, account: Account
) -> None:
    await make_budget(database, account, "3")
    call = ask(account, "2")
    for _ in range(3):
        assert await reserve(database, [call]) == {}
    assert (await read(database, account)).held_usd == 2


async def test_an_unknown_cost_is_taken_to_be_the_whole_hold(database: Database, account: Account) -> None:
    await make_budget(database, account, "10")
    call = ask(account, "2")
    await reserve(database, [call])
    await settle(database, account, (call.attempt_id, None))
    assert (await read(database, account)).spent_usd == 2


async def test_a_call_that_writes_on_gets_more_until_there_is_none(database: Database, account: Account) -> None:
    await make_budget(database, account, "5")
    call = ask(account, "2")
    await reserve(database, [call])
    async with database.transaction(account.project_id) as conn:
        await store.extend(conn, account.project_id, call.attempt_id, Decimal("2.5"))
    assert (await read(database, account)).held_usd == Decimal("4.5")
    with pytest.raises(BudgetExceeded):
        async with database.transaction(account.project_id) as conn:
            await store.extend(conn, account.project_id, call.attempt_id, Decimal(1))
    assert (await read(database, account)).held_usd == Decimal("4.5")
    async with database.transaction(account.project_id) as conn:
        await store.extend(conn, account.project_id, new_id(), Decimal(100))


async def test_thresholds_are_told_once_in_a_period(database: Database, account: Account) -> None:
    await make_budget(database, account, "10")
    calls = [ask(account, "3") for _ in range(3)]
    await reserve(database, calls)
    told = [await settle(database, account, (call.attempt_id, "3")) for call in calls]
    assert told == [[], [50], [80]]
    last = ask(account, "1")
    await reserve(database, [last])
    assert await settle(database, account, (last.attempt_id, "1")) == [100]
    await age(database, account, days=40)
    assert (await read(database, account)).spent_usd == 0
    again = ask(account, "10")
    await reserve(database, [again])
    assert await settle(database, account, (again.attempt_id, "9")) == [50, 80]


async def age(database: Database, account: Account, days: int) -> None:
    """Make the budget's period one of the past."""
    async with database.transaction(account.project_id) as conn:
        await conn.execute("UPDATE budgets SET period_start = period_start - make_interval(days => $1)", days)


async def test_a_period_that_ended_is_rolled_over_by_the_next_call(database: Database, account: Account) -> None:
    await make_budget(database, account, "10")
    call, running = ask(account, "9"), ask(account, "1")
    await reserve(database, [call, running])
    await settle(database, account, (call.attempt_id, "9"))
    assert len(await reserve(database, [ask(account, "2")])) == 1
    await age(database, account, days=40)
    assert await reserve(database, [ask(account, "2")]) == {}
    async with database.transaction(account.project_id) as conn:
        row = await conn.fetchrow("SELECT spent_usd, held_usd, period_start FROM budgets")
    assert (row["spent_usd"], row["held_usd"], row["period_start"].day) == (0, 3, 1)
    await settle(database, account, (running.attempt_id, "0.5"))
    assert (await read(database, account)).spent_usd == Decimal("0.5")


async def test_a_raise_lets_more_through_until_it_ends(database: Database, account: Account) -> None:
    budget_id = await make_budget(database, account, "1")
    assert len(await reserve(database, [ask(account, "2")])) == 1
    async with database.transaction(account.project_id) as conn:
        await store.raise_budget(conn, account.project_id, budget_id, Decimal(5), 24)
    assert await reserve(database, [ask(account, "2")]) == {}
    async with database.transaction(account.project_id) as conn:
        await conn.execute("UPDATE budgets SET raised_until = now()")
    assert len(await reserve(database, [ask(account, "0.1")])) == 1
    ended = await read(database, account)
    assert (ended.raised_usd, ended.raised_until) == (Decimal(0), None)


async def test_one_transaction_serves_calls_of_several_projects_and_their_scopes(database: Database) -> None:
    one, other = (Account(new_id(), new_id(), new_id(), new_id()) for _ in range(2))
    await make_budget(database, one, "1", scope="user", scope_id=one.actor_id)
    await make_budget(database, other, "1", scope="run", scope_id=other.run_id)
    dear, cheap, foreign = ask(one, "2"), ask(one, "1"), ask(replace(other, run_id=None), "2")
    refusals = await reserve(database, [dear, cheap, foreign])
    assert list(refusals) == [dear.attempt_id]
    assert (await read(database, one)).held_usd == 1
    assert (await read(database, other)).held_usd == 0


async def test_another_project_sees_and_spends_nothing_of_a_budget(database: Database, account: Account) -> None:
    budget_id = await make_budget(database, account, "1")
    stranger = Account(new_id(), account.actor_id, account.api_key_id)
    async with database.transaction(stranger.project_id) as conn:
        assert await store.list_budgets(conn, stranger.project_id) == []
        assert await store.list_budgets(conn, account.project_id) == []
        assert await store.raise_budget(conn, stranger.project_id, budget_id, Decimal(5), 1) is None
        assert not await store.delete_budget(conn, stranger.project_id, budget_id)
    assert await reserve(database, [ask(stranger, "5")]) == {}
    assert (await read(database, account)).held_usd == 0


async def test_a_budget_that_is_ended_takes_its_holds_along(database: Database, account: Account) -> None:
    budget_id = await make_budget(database, account, "5")
    calls = [ask(account, "0.1") for _ in range(20)]
    await reserve(database, calls)

    async def end() -> None:
        async with database.transaction(account.project_id) as conn:
            assert await store.delete_budget(conn, account.project_id, budget_id)

    await asyncio.gather(end(), *(settle(database, account, (call.attempt_id, "0.1")) for call in calls))
    async with database.transaction(account.project_id) as conn:
        assert await conn.fetchval("SELECT count(*) FROM budget_holds") == 0


async def test_a_budget_that_ends_while_others_hold_of_it_leaves_no_hold_behind(
    database: Database, account: Account
) -> None:
    for _ in range(10):
        budget_id = await make_budget(database, account, "5")

        async def end(ended: UUID = budget_id) -> None:
            async with database.transaction(account.project_id) as conn:
                await store.delete_budget(conn, account.project_id, ended)

        await asyncio.gather(*(reserve(database, [ask(account, "0.1")]) for _ in range(4)), end())
    async with database.transaction(account.project_id) as conn:
        assert await conn.fetchval("SELECT count(*) FROM budget_holds") == 0


async def test_transactions_that_settle_and_reserve_at_once_never_wait_for_each_other_in_a_ring(
    database: Database,
) -> None:
    accounts = [Account(new_id(), new_id()) for _ in range(4)]
    for account in accounts:
        await make_budget(database, account, "1000")

    connections = asyncio.Semaphore(6)

    async def in_turn(open_one: Account, next_one: Account) -> None:
        async with connections:
            await settle_and_reserve(open_one, next_one)

    async def settle_and_reserve(open_one: Account, next_one: Account) -> None:
        call, following = ask(open_one, "0.1"), ask(next_one, "0.1")
        await reserve(database, [call])
        ends = (open_one.project_id, call.attempt_id)
        async with database.transaction([open_one.project_id, next_one.project_id]) as conn:
            await store.lock_together(conn, [ends], [following])
            await store.settle(conn, [(*ends, Decimal("0.1"))])
            await store.reserve(conn, [following])

    pairs = [(one, other) for one in accounts for other in accounts if one is not other]
    await asyncio.gather(*(in_turn(*pair) for pair in pairs * 5))
    for account in accounts:
        after = await read(database, account)
        assert (after.spent_usd, after.held_usd) == (Decimal("1.5"), Decimal("1.5"))


def run(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout


async def test_two_hundred_calls_of_three_processes_at_99_percent_never_exceed_the_budget(
    servers: Any, databases: dict[str, str], database: Database, account: Account
) -> None:
    await make_budget(database, account, "100")
    before = ask(account, "99")
    await reserve(database, [before])
    await settle(database, account, (before.attempt_id, "99"))
    command = [sys.executable, str(RACER), servers.dsn("llm_gateway_app", databases["llm_gateway"])]
    arguments = [str(account.project_id), str(account.actor_id), "67"]
    outputs = await asyncio.gather(*(asyncio.to_thread(run, [*command, *arguments]) for _ in range(3)))
    allowed = sum(map(int, outputs))
    after = await read(database, account)
    assert (after.spent_usd, after.held_usd, allowed) == (Decimal(100), Decimal(0), 20)
