"""A process of its own that makes calls of 5 cents at once; prints how many were allowed. Settled only at the end."""

import asyncio
import sys
from decimal import Decimal
from uuid import UUID

from llm_gateway.domain.budgets import Reservation
from llm_gateway.domain.calls import Account
from llm_gateway.store import budgets
from shared.contracts.ids import new_id
from shared.postgres import Database, connect_database

COST = Decimal("0.05")
# Calls of one process are grouped, as the gateway does, and several groups are on the wire.
GROUP = 5


async def call(database: Database, account: Account, count: int) -> list[UUID]:
    """Reserve for `count` calls in one transaction; return those that were allowed."""
    asked = [Reservation(new_id(), account, COST) for _ in range(count)]
    async with database.transaction(account.project_id) as conn:
        refusals = await budgets.reserve(conn, asked)
    return [one.attempt_id for one in asked if one.attempt_id not in refusals]


async def race(dsn: str, account: Account, calls: int) -> int:
    """Make all calls at once, then settle what was allowed at its full price."""
    database = await connect_database(dsn, dsn, application_name="racer")
    sizes = [GROUP] * (calls // GROUP) + ([calls % GROUP] if calls % GROUP else [])
    groups = [sizes[start : start + 8] for start in range(0, len(sizes), 8)]
    allowed: list[UUID] = []
    for group in groups:
        for found in await asyncio.gather(*(call(database, account, size) for size in group)):
            allowed += found
    async with database.transaction(account.project_id) as conn:
        await budgets.settle(conn, [(account.project_id, attempt_id, COST) for attempt_id in allowed])
    await database.close()
    return len(allowed)


if __name__ == "__main__":
    dsn, project, actor, calls = sys.argv[1:]
    allowed = asyncio.run(race(dsn, Account(UUID(project), UUID(actor)), int(calls)))
    sys.stdout.write(str(allowed))
