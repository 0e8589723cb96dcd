"""Statements on rewrites."""

from collections.abc import Sequence
from uuid import UUID

from prompts.store.rows import OptimizationRow
from shared.contracts.prompts import Optimization
from shared.postgres import Connection, many, one


async def insert_optimization(conn: Connection, row: OptimizationRow) -> None:
    """Insert a rewrite that is on its way."""
    await conn.execute(
        """
        INSERT INTO optimizations (project_id, id, generation_id, status, original, model, author_id, request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        row.project_id,
        row.id,
        row.generation_id,
        row.status,
        row.original,
        row.model,
        row.author_id,
        row.request_id,
    )


async def find_optimization(conn: Connection, project_id: UUID, optimization_id: UUID) -> Optimization | None:
    """Read one rewrite."""
    row = await conn.fetchrow(
        """
        SELECT id, generation_id, status, original, text, lost, added, detail, simulated
        FROM optimizations WHERE project_id = $1 AND id = $2
        """,
        project_id,
        optimization_id,
    )
    return one(Optimization, row)


async def find_by_generation(conn: Connection, project_id: UUID, generation_id: UUID) -> OptimizationRow | None:
    """Read the rewrite that a generation is for; None where it is somebody else's generation."""
    row = await conn.fetchrow(
        """
        SELECT id, project_id, generation_id, status, original, model, author_id, request_id
        FROM optimizations WHERE project_id = $1 AND generation_id = $2
        """,
        project_id,
        generation_id,
    )
    return one(OptimizationRow, row)


async def finish_optimization(conn: Connection, project_id: UUID, result: Optimization) -> bool:
    """Write how a rewrite ended. False where it had ended before."""
    status = await conn.execute(
        """
        UPDATE optimizations SET
            status = $3, text = $4, lost = $5, added = $6, detail = $7, simulated = $8, finished_at = now()
        WHERE project_id = $1 AND id = $2 AND status = 'running'
        """,
        project_id,
        result.id,
        result.status,
        result.text,
        result.lost,
        result.added,
        result.detail,
        result.simulated,
    )
    return bool(status.endswith(" 1"))


async def take_unheard(conn: Connection, older_than_seconds: float, limit: int) -> Sequence[OptimizationRow]:
    """Take rewrites of all projects that nothing was heard of, with the relay role; no other process gets them now."""
    rows = await conn.fetch(
        """
        UPDATE optimizations SET looked_at = now()
        WHERE (project_id, id) IN (
            SELECT project_id, id FROM optimizations
            WHERE status = 'running' AND looked_at < now() - make_interval(secs => $1)
            ORDER BY looked_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING id, project_id, generation_id, status, original, model, author_id, request_id,
            extract(epoch FROM now() - created_at)::float AS age_seconds
        """,
        older_than_seconds,
        limit,
    )
    return many(OptimizationRow, rows)
