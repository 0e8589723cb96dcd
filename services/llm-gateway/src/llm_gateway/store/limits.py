"""Limits of speed as they were saved."""

from collections.abc import Sequence
from uuid import UUID

from llm_gateway.domain.limits import LimitRow, Scope
from shared.contracts.llm_gateway import SaveLimit
from shared.postgres import Connection, many


async def find_limits(conn: Connection, project_id: UUID) -> Sequence[LimitRow]:
    """Read the project's limits, the widest scope first."""
    return many(
        LimitRow,
        await conn.fetch(
            """
            SELECT scope, scope_id, requests_per_minute, tokens_per_minute, parallel, updated_at
            FROM limits WHERE project_id = $1
            ORDER BY array_position(ARRAY['project', 'user', 'key'], scope), scope_id
            """,
            project_id,
        ),
    )


async def save_limit(conn: Connection, project_id: UUID, scope_id: UUID, wanted: SaveLimit, actor_id: UUID) -> None:
    """Set a limit, in place of the one that this scope had."""
    await conn.execute(
        """
        INSERT INTO limits (project_id, scope, scope_id, requests_per_minute, tokens_per_minute, parallel, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (project_id, scope, scope_id) DO UPDATE
        SET requests_per_minute = excluded.requests_per_minute, tokens_per_minute = excluded.tokens_per_minute,
            parallel = excluded.parallel, updated_by = excluded.updated_by, updated_at = now()
        """,
        project_id,
        wanted.scope,
        scope_id,
        wanted.requests_per_minute,
        wanted.tokens_per_minute,
        wanted.parallel,
        actor_id,
    )


async def delete_limit(conn: Connection, project_id: UUID, scope: Scope, scope_id: UUID) -> None:
    """Remove a limit; one that is not there stays so."""
    await conn.execute(
        "DELETE FROM limits WHERE project_id = $1 AND scope = $2 AND scope_id = $3", project_id, scope, scope_id
    )
