"""Use cases of budgets, and what a process knows of them without asking."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from uuid import UUID

from llm_gateway.domain.budgets import BudgetState, Reached, read_scope_id
from llm_gateway.domain.calls import Account
from llm_gateway.store import budgets as store
from llm_gateway.store.budgets import NewBudget
from shared import outbox
from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    Budget,
    BudgetDeleted,
    BudgetList,
    BudgetRaised,
    BudgetReached,
    BudgetSaved,
    DeleteBudget,
    ListBudgets,
    RaiseBudget,
    SaveBudget,
)
from shared.postgres import Connection, Database
from shared.problems import NotFound

# A fact tells of a new budget at once; this is for the facts that were lost.
REFRESH_SECONDS = 10.0


class BudgetBook:
    """Says without asking whether any budget may hold for a call, so that calls of other projects ask nothing.

    Until it has been read once, it says yes to everything: the statement that reserves knows.
    """

    def __init__(self, database: Database, bus: Bus) -> None:
        """Take where budgets are kept and where their changes are told."""
        self._database = database
        self._bus = bus
        self._projects: frozenset[UUID] | None = None
        self._changed = asyncio.Event()

    def applies(self, account: Account) -> bool:
        """Whether a budget may hold for this account; false at most for ten seconds after the first one was made."""
        return self._projects is None or account.project_id in self._projects

    async def listen(self) -> None:
        """Hear of every change from now on."""
        for fact in (BudgetSaved, BudgetDeleted):
            await self._bus.listen(fact.subject, self._hear)

    async def run(self) -> None:
        """Read the projects again after each change, and now and then, until cancelled."""
        while True:
            self._changed.clear()
            await self.refresh()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._changed.wait()

    async def refresh(self) -> None:
        """Read which projects have budgets. Raises Unavailable, upon which what was known stays."""
        async with self._database.relay() as conn:
            self._projects = await store.projects_with_budgets(conn)

    async def _hear(self, _subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        self._changed.set()


async def tell_reached(conn: Connection, reached: Sequence[Reached], call_of: Callable[[UUID], Call]) -> None:
    """Tell each threshold that a settlement crossed, in its transaction; `call_of` says whose call an attempt was."""
    for one in reached:
        budget = one.budget
        fact = BudgetReached.model_validate(
            {
                "budget_id": budget.id,
                "scope": budget.scope,
                "scope_id": budget.wire_scope_id,
                "percent": one.percent,
                "spent_usd": budget.spent_usd,
                "limit_usd": budget.allowed_usd,
            }
        )
        await outbox.add(conn, call_of(one.attempt_id), fact)


async def list_budgets(database: Database, call: Call, _command: ListBudgets) -> BudgetList:
    """List the project's budgets with what is spent and held now."""
    async with database.transaction(call.project_id) as conn:
        return await _listed(conn, call.project_id)


async def save_budget(database: Database, call: Call, command: SaveBudget) -> Budget:
    """Set a budget, or change the limit of the one with this scope and period. Raises Invalid for a wrong scope id."""
    scope_id = read_scope_id(command.scope, command.scope_id, call.project_id)
    new = NewBudget(new_id(), command.scope, scope_id, command.period, command.limit_usd, call.actor_id)
    async with database.transaction(call.project_id) as conn:
        saved = (await store.save_budget(conn, call.project_id, new)).changed()
        await store.write_use(conn, saved)
        await outbox.add(conn, call, BudgetSaved(budget_id=saved.id, limit_usd=saved.limit_usd))
    return _view(saved)


async def raise_budget(database: Database, call: Call, command: RaiseBudget) -> Budget:
    """Allow more for a while; a second raise replaces the first, 0 ends it. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        found = await store.raise_budget(conn, call.project_id, command.id, command.raised_usd, command.hours)
        if found is None:
            raise NotFound
        raised = found.changed()
        await store.write_use(conn, raised)
        await outbox.add(conn, call, BudgetRaised(budget_id=raised.id, raised_usd=raised.raised_usd))
    return _view(raised)


async def delete_budget(database: Database, call: Call, command: DeleteBudget) -> BudgetList:
    """End a budget; calls under way go on, and hold nothing of it any more. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        if not await store.delete_budget(conn, call.project_id, command.id):
            raise NotFound
        await outbox.add(conn, call, BudgetDeleted(budget_id=command.id))
        return await _listed(conn, call.project_id)


async def _listed(conn: Connection, project_id: UUID) -> BudgetList:
    return BudgetList(items=[_view(budget) for budget in await store.list_budgets(conn, project_id)])


def _view(budget: BudgetState) -> Budget:
    return Budget(
        id=budget.id,
        scope=budget.scope,
        scope_id=budget.wire_scope_id,
        period=budget.period,
        limit_usd=budget.limit_usd,
        raised_usd=budget.raised_usd,
        raised_until=budget.raised_until,
        spent_usd=budget.spent_usd,
        held_usd=budget.held_usd,
        period_start=budget.period_start,
        revision=budget.revision,
    )
