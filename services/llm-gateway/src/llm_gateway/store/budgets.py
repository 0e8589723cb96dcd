"""Budgets and holds. A budget's row is locked before its holds, and budgets in the order of their ids, everywhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from llm_gateway.domain.budgets import BudgetState, Hold, Reached, Reservation, decide
from shared.contracts.llm_gateway import BudgetScope, Period
from shared.postgres import Connection
from shared.problems import Problem

_STATE = """b.project_id, b.id, b.scope, b.scope_id, b.period, b.limit_usd, b.raised_usd, b.raised_until,
    b.period_start, b.spent_usd, b.held_usd, b.told_percent, b.revision"""

# Runs may each have a budget; nobody reads more than this.
MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class NewBudget:
    """A budget as an admin sets it."""

    id: UUID
    scope: BudgetScope
    scope_id: UUID
    period: Period
    limit_usd: Decimal
    created_by: UUID


@dataclass(frozen=True, slots=True)
class _Wallet:
    """A locked budget with its holds of some attempts."""

    budget: BudgetState
    now: datetime
    attempts: list[UUID]
    holds: list[Decimal]

    def settle(self, cost_of: Mapping[UUID, Decimal | None]) -> tuple[BudgetState, list[Reached]]:
        """Take the holds as spent, each by its cost or else in whole; tell what that reached."""
        spent = Decimal(0)
        for attempt_id, held in zip(self.attempts, self.holds, strict=True):
            cost = cost_of[attempt_id]
            spent += held if cost is None else cost
        after = self.budget.settled(sum(self.holds, Decimal(0)), spent, self.now)
        news = [percent for percent in after.reached_percents() if percent > after.told_percent]
        return after.telling(news), [Reached(self.attempts[-1], after, percent) for percent in news]


async def reserve(conn: Connection, reservations: Sequence[Reservation]) -> dict[UUID, Problem]:
    """Hold money for calls, in their order, in one transaction over all their projects; return refusals by attempt.

    Saying it again with the same attempts is safe: what is held already is neither held twice nor refused.
    """
    budgets = await _lock_for_accounts(conn, reservations)
    if not budgets:
        return {}
    decision = decide(budgets, reservations)
    if decision.refusals:
        for attempt_id in await _held_already(conn, reservations, list(decision.refusals)):
            del decision.refusals[attempt_id]
    if decision.holds:
        await _write_holds(conn, decision.budgets, decision.holds)
    return decision.refusals


async def settle(conn: Connection, costs: Sequence[tuple[UUID, UUID, Decimal | None]]) -> list[Reached]:
    """Turn the holds of (project, attempt, cost) into what was spent, once; return the thresholds newly crossed.

    The hold's row is the claim: an attempt that holds nothing, or was settled before, changes nothing. A cost that
    is unknown is taken to be the whole hold.
    """
    wallets = await _lock_for_attempts(conn, [(project_id, attempt_id) for project_id, attempt_id, _ in costs])
    if not wallets:
        return []
    cost_of = {attempt_id: cost for _, attempt_id, cost in costs}
    settled: list[BudgetState] = []
    reached: list[Reached] = []
    for wallet in wallets:
        after, crossed = wallet.settle(cost_of)
        settled.append(after)
        reached += crossed
    await _write_settled(conn, settled, wallets)
    return reached


async def lock_together(
    conn: Connection, attempts: Sequence[tuple[UUID, UUID]], reservations: Sequence[Reservation]
) -> None:
    """Lock what (project, attempt)s hold and reservations ask, in one order: before one transaction does both."""
    projects, scopes, scope_ids = _scope_columns(reservations)
    await conn.execute(
        """
        SELECT b.id FROM budgets AS b WHERE (b.project_id, b.id) IN (
            SELECT h.project_id, h.budget_id FROM unnest($1::uuid[], $2::uuid[]) AS a (project_id, attempt_id)
            JOIN budget_holds AS h ON h.project_id = a.project_id AND h.attempt_id = a.attempt_id
            UNION
            SELECT o.project_id, o.id FROM unnest($3::uuid[], $4::text[], $5::uuid[])
                AS s (project_id, scope, scope_id)
            JOIN budgets AS o ON o.project_id = s.project_id AND o.scope = s.scope AND o.scope_id = s.scope_id)
        ORDER BY b.id FOR NO KEY UPDATE OF b
        """,
        [project_id for project_id, _ in attempts],
        [attempt_id for _, attempt_id in attempts],
        projects,
        scopes,
        scope_ids,
    )


async def extend(conn: Connection, project_id: UUID, attempt_id: UUID, usd: Decimal) -> None:
    """Hold more for a call under way; one that holds nothing needs no more.

    Raises BudgetExceeded, and leaves the hold as it is.
    """
    budgets = [wallet.budget for wallet in await _lock_for_attempts(conn, [(project_id, attempt_id)])]
    for budget in budgets:
        if usd > budget.room_usd:
            raise budget.refusal(usd)
    if budgets:
        await _write_extension(conn, project_id, attempt_id, usd)


async def projects_with_budgets(conn: Connection) -> frozenset[UUID]:
    """Name every project that has a budget, with the relay role."""
    rows = await conn.fetch("SELECT DISTINCT project_id FROM budgets")
    return frozenset(row["project_id"] for row in rows)


async def list_budgets(conn: Connection, project_id: UUID) -> list[BudgetState]:
    """List the project's budgets as they are now, the widest scope and the newest first."""
    rows = await conn.fetch(
        f"""
        SELECT {_STATE}, now() AS now FROM budgets AS b WHERE b.project_id = $1
        ORDER BY array_position(ARRAY['project', 'user', 'key', 'run'], b.scope), b.created_at DESC, b.id LIMIT $2
        """,  # noqa: S608  a constant list of columns
        project_id,
        MOST_LISTED,
    )
    return [_state(row) for row in rows]


async def save_budget(conn: Connection, project_id: UUID, new: NewBudget) -> BudgetState:
    """Insert a budget, or change the limit of the one with this scope and period; what is spent stays."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO budgets AS b (project_id, id, scope, scope_id, period, limit_usd, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (project_id, scope, scope_id, period) DO UPDATE
        SET limit_usd = excluded.limit_usd, revision = b.revision + 1, updated_at = now()
        RETURNING {_STATE}, now() AS now
        """,  # noqa: S608  a constant list of columns
        project_id,
        new.id,
        new.scope,
        new.scope_id,
        new.period,
        new.limit_usd,
        new.created_by,
    )
    return _state(row)


async def raise_budget(
    conn: Connection, project_id: UUID, budget_id: UUID, usd: Decimal, hours: int
) -> BudgetState | None:
    """Allow more until `hours` from now; 0 ends it. None: there is no such budget in this project."""
    row = await conn.fetchrow(
        f"""
        UPDATE budgets AS b
        SET raised_usd = $3::numeric,
            raised_until = CASE WHEN $3::numeric > 0 THEN now() + make_interval(hours => $4) END,
            revision = b.revision + 1, updated_at = now()
        WHERE b.project_id = $1 AND b.id = $2
        RETURNING {_STATE}, now() AS now
        """,  # noqa: S608  a constant list of columns
        project_id,
        budget_id,
        usd,
        hours,
    )
    return None if row is None else _state(row)


async def write_use(conn: Connection, budget: BudgetState) -> None:
    """Write down what is spent in this period and which thresholds count as told."""
    await conn.execute(
        "UPDATE budgets SET told_percent = $3, period_start = $4, spent_usd = $5 WHERE project_id = $1 AND id = $2",
        budget.project_id,
        budget.id,
        budget.told_percent,
        budget.period_start,
        budget.spent_usd,
    )


async def delete_budget(conn: Connection, project_id: UUID, budget_id: UUID) -> bool:
    """End a budget and its holds; False: there is none.

    The second statement sees the holds of whoever had the budget's row locked before.
    """
    status = await conn.execute("DELETE FROM budgets WHERE project_id = $1 AND id = $2", project_id, budget_id)
    await conn.execute("DELETE FROM budget_holds WHERE project_id = $1 AND budget_id = $2", project_id, budget_id)
    return str(status).endswith(" 1")


async def _lock_for_accounts(conn: Connection, reservations: Iterable[Reservation]) -> list[BudgetState]:
    rows = await conn.fetch(
        f"""
        SELECT {_STATE}, now() AS now
        FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS s (project_id, scope, scope_id)
        JOIN budgets AS b ON b.project_id = s.project_id AND b.scope = s.scope AND b.scope_id = s.scope_id
        ORDER BY b.id FOR NO KEY UPDATE OF b
        """,  # noqa: S608  a constant list of columns
        *_scope_columns(reservations),
    )
    return [_state(row) for row in rows]


async def _lock_for_attempts(conn: Connection, attempts: Sequence[tuple[UUID, UUID]]) -> list[_Wallet]:
    """Lock the budgets of these attempts' holds, then the holds that are still there."""
    rows = await conn.fetch(
        f"""
        SELECT {_STATE}, now() AS now, array_agg(b.attempt_id) AS attempts, array_agg(b.usd) AS holds
        FROM (
            SELECT {_STATE}, h.attempt_id, h.usd
            FROM unnest($1::uuid[], $2::uuid[]) AS a (project_id, attempt_id)
            JOIN budget_holds AS h ON h.project_id = a.project_id AND h.attempt_id = a.attempt_id
            JOIN budgets AS b ON b.project_id = h.project_id AND b.id = h.budget_id
            ORDER BY b.id, h.attempt_id FOR NO KEY UPDATE OF b, h
        ) AS b GROUP BY {_STATE}
        """,  # noqa: S608  a constant list of columns
        [project_id for project_id, _ in attempts],
        [attempt_id for _, attempt_id in attempts],
    )
    return [_Wallet(_state(row), row["now"], row["attempts"], row["holds"]) for row in rows]


async def _held_already(
    conn: Connection, reservations: Iterable[Reservation], attempt_ids: Sequence[UUID]
) -> set[UUID]:
    """Name the attempts whose money an earlier transaction holds, the answer to whose COMMIT was lost."""
    rows = await conn.fetch(
        "SELECT DISTINCT attempt_id FROM budget_holds WHERE project_id = ANY ($1) AND attempt_id = ANY ($2)",
        list({reservation.account.project_id for reservation in reservations}),
        attempt_ids,
    )
    return {row["attempt_id"] for row in rows}


async def _write_holds(conn: Connection, budgets: Sequence[BudgetState], holds: Sequence[Hold]) -> None:
    """Insert the holds that are not there, and add just those to the budgets, which are locked."""
    await conn.execute(
        """
        WITH held AS (
            INSERT INTO budget_holds (project_id, attempt_id, budget_id, usd)
            SELECT h.project_id, h.attempt_id, h.budget_id, h.usd
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::numeric[])
                AS h (project_id, attempt_id, budget_id, usd)
            ON CONFLICT DO NOTHING RETURNING budget_id, usd
        ), added AS (
            SELECT budget_id, sum(usd) AS usd FROM held GROUP BY budget_id
        )
        UPDATE budgets AS b
        SET held_usd = b.held_usd + coalesce(added.usd, 0), spent_usd = s.spent_usd, told_percent = s.told_percent,
            period_start = s.period_start, raised_usd = s.raised_usd, raised_until = s.raised_until
        FROM unnest($5::uuid[], $6::uuid[], $7::numeric[], $8::smallint[], $9::timestamptz[], $10::numeric[],
                $11::timestamptz[])
            AS s (project_id, id, spent_usd, told_percent, period_start, raised_usd, raised_until)
            LEFT JOIN added ON added.budget_id = s.id
        WHERE b.project_id = s.project_id AND b.id = s.id
        """,
        [hold.project_id for hold in holds],
        [hold.attempt_id for hold in holds],
        [hold.budget_id for hold in holds],
        [hold.usd for hold in holds],
        *_columns(budgets),
    )


async def _write_settled(conn: Connection, states: Sequence[BudgetState], wallets: Sequence[_Wallet]) -> None:
    """Write what is spent now and drop the settled holds; all of them are locked."""
    await conn.execute(
        """
        WITH dropped AS (
            DELETE FROM budget_holds AS h
            USING unnest($9::uuid[], $10::uuid[], $11::uuid[]) AS d (project_id, attempt_id, budget_id)
            WHERE h.project_id = d.project_id AND h.attempt_id = d.attempt_id AND h.budget_id = d.budget_id
        )
        UPDATE budgets AS b
        SET held_usd = s.held_usd, spent_usd = s.spent_usd, told_percent = s.told_percent,
            period_start = s.period_start, raised_usd = s.raised_usd, raised_until = s.raised_until
        FROM unnest($1::uuid[], $2::uuid[], $3::numeric[], $4::smallint[], $5::timestamptz[], $6::numeric[],
                $7::timestamptz[], $8::numeric[])
            AS s (project_id, id, spent_usd, told_percent, period_start, raised_usd, raised_until, held_usd)
        WHERE b.project_id = s.project_id AND b.id = s.id
        """,
        *_columns(states),
        [state.held_usd for state in states],
        [wallet.budget.project_id for wallet in wallets for _ in wallet.attempts],
        [attempt_id for wallet in wallets for attempt_id in wallet.attempts],
        [wallet.budget.id for wallet in wallets for _ in wallet.attempts],
    )


async def _write_extension(conn: Connection, project_id: UUID, attempt_id: UUID, usd: Decimal) -> None:
    await conn.execute(
        """
        WITH grown AS (
            UPDATE budget_holds SET usd = usd + $3 WHERE project_id = $1 AND attempt_id = $2 RETURNING budget_id
        )
        UPDATE budgets AS b SET held_usd = b.held_usd + $3 FROM grown WHERE b.project_id = $1 AND b.id = grown.budget_id
        """,
        project_id,
        attempt_id,
        usd,
    )


def _scope_columns(reservations: Iterable[Reservation]) -> tuple[list[UUID], list[str], list[UUID]]:
    """Whose budgets are asked, once each."""
    keys = {(r.account.project_id, *scope) for r in reservations for scope in r.account.scopes()}
    return [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]


def _columns(states: Sequence[BudgetState]) -> list[list[object]]:
    """What changes with time or use, a list for each column."""
    names = ("project_id", "id", "spent_usd", "told_percent", "period_start", "raised_usd", "raised_until")
    return [[getattr(state, name) for state in states] for name in names]


def _state(row: asyncpg.Record) -> BudgetState:
    """Read a budget and bring it to the transaction's time."""
    fields = {name: row[name] for name in BudgetState.__slots__}
    now: datetime = row["now"]
    return BudgetState(**fields).at(now)
