"""Leases over all projects, with the relay role: who drives what, and until when by PostgreSQL's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from llm_gateway.domain import ClaimedGeneration
from llm_gateway.store.generations import CLAIMED
from shared.postgres import Connection, many


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat tells about one of the process's generations."""

    id: UUID
    epoch: int
    cancel_requested: bool


async def extend_leases(conn: Connection, owner: UUID, driven: Sequence[UUID], seconds: float) -> list[Beat]:
    """Extend the leases of what this process drives; what is missing in the answer is no longer its own.

    Rows are locked in the order of their ids, as the segment writer does, so that the two never deadlock.
    """
    return many(
        Beat,
        await conn.fetch(
            """
            WITH mine AS (
                SELECT project_id, id FROM generations
                WHERE owner = $1 AND status = 'running' AND id = ANY ($3) ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE generations AS g SET lease_until = now() + make_interval(secs => $2)
            FROM mine WHERE g.project_id = mine.project_id AND g.id = mine.id AND g.owner = $1
            RETURNING g.id, g.epoch, g.cancel_requested
            """,
            owner,
            seconds,
            driven,
        ),
    )


async def take_expired(conn: Connection, owner: UUID, seconds: float, limit: int) -> Sequence[ClaimedGeneration]:
    """Take over running generations whose owner let the lease expire; the epoch shuts the owner out."""
    return many(
        ClaimedGeneration,
        await conn.fetch(
            f"""
            UPDATE generations SET owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => $2)
            WHERE (project_id, id) IN (
                SELECT project_id, id FROM generations WHERE status = 'running' AND lease_until < now()
                ORDER BY lease_until LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING {CLAIMED}
            """,  # noqa: S608  a constant list of columns
            owner,
            seconds,
            limit,
        ),
    )


async def take_queued(conn: Connection, owner: UUID, seconds: float, limit: int) -> Sequence[ClaimedGeneration]:
    """Lease the oldest queued generations."""
    return many(
        ClaimedGeneration,
        await conn.fetch(
            f"""
            UPDATE generations
            SET status = 'running', owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => $2),
                started_at = coalesce(started_at, now())
            WHERE (project_id, id) IN (
                SELECT project_id, id FROM generations WHERE status = 'queued'
                ORDER BY created_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING {CLAIMED}
            """,  # noqa: S608  a constant list of columns
            owner,
            seconds,
            limit,
        ),
    )
