"""Use cases of limits of speed."""

from uuid import UUID

from llm_gateway.domain.budgets import read_scope_id
from llm_gateway.domain.limits import LimitRow
from llm_gateway.store import limits
from shared import outbox
from shared.call import Call
from shared.contracts.llm_gateway import Limit, LimitList, LimitSaved, ListLimits, SaveLimit
from shared.postgres import Connection, Database


async def list_limits(database: Database, call: Call, _command: ListLimits) -> LimitList:
    """List the project's limits, the widest scope first."""
    async with database.transaction(call.project_id) as conn:
        return await _listed(conn, call.project_id)


async def save_limit(database: Database, call: Call, command: SaveLimit) -> LimitList:
    """Set how fast a project, person or key may ask; without any figure the limit goes.

    Calls under way are not touched. Raises Invalid for a wrong scope id.
    """
    scope_id = read_scope_id(command.scope, command.scope_id, call.project_id)
    async with database.transaction(call.project_id) as conn:
        if command.requests_per_minute or command.tokens_per_minute or command.parallel:
            await limits.save_limit(conn, call.project_id, scope_id, command, call.actor_id)
        else:
            await limits.delete_limit(conn, call.project_id, command.scope, scope_id)
        await outbox.add(conn, call, LimitSaved(scope=command.scope, scope_id=command.scope_id))
        return await _listed(conn, call.project_id)


async def _listed(conn: Connection, project_id: UUID) -> LimitList:
    return LimitList(items=[_view(row) for row in await limits.find_limits(conn, project_id)])


def _view(row: LimitRow) -> Limit:
    return Limit(
        scope=row.scope,
        scope_id=row.wire_scope_id,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        parallel=row.parallel,
        updated_at=row.updated_at,
    )
