"""Leases over all projects, with the relay role: who drives what, and until when by PostgreSQL's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from llm_gateway.domain import ClaimedGeneration
from llm_gateway.domain.calls import Account
from llm_gateway.store.generations import CLAIMED
from shared.postgres import Connection, many


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat tells about one of the process's generations."""

    id: UUID
    epoch: int
    cancel_requested: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """A generation that waits, with what its limits ask."""

    project_id: UUID
    id: UUID
    actor_id: UUID
    api_key_id: UUID | None
    input_characters: int
    max_output_tokens: int | None

    @property
    def account(self) -> Account:
        """For whom it is."""
        return Account(self.project_id, self.actor_id, self.api_key_id)


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


async def find_queued(conn: Connection, resting: Sequence[tuple[UUID, UUID]], limit: int) -> Sequence[Queued]:
    """Find who is next: the oldest generations of the projects with the fewest running ones, in their order.

    `resting` names whose generations are passed over: project, and project, person or key in it.
    """
    projects, scopes = [project for project, _ in resting], [scope for _, scope in resting]
    return many(
        Queued,
        await conn.fetch(
            """
            WITH RECURSIVE waiting AS (
                (SELECT project_id FROM generations WHERE status = 'queued' ORDER BY project_id LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT g.project_id FROM generations AS g
                    WHERE g.status = 'queued' AND g.project_id > w.project_id ORDER BY g.project_id LIMIT 1)
                FROM waiting AS w WHERE w.project_id IS NOT NULL
            ), busy AS (
                SELECT project_id, count(*) AS running FROM generations WHERE status = 'running' GROUP BY project_id
            )
            SELECT q.project_id, q.id, q.actor_id, q.api_key_id, q.input_characters, q.max_output_tokens
            FROM waiting AS w
            LEFT JOIN busy ON busy.project_id = w.project_id
            CROSS JOIN LATERAL (
                SELECT coalesce(array_agg(r.scope_id), '{}') AS scopes
                FROM unnest($1::uuid[], $2::uuid[]) AS r (project_id, scope_id) WHERE r.project_id = w.project_id
            ) AS resting
            CROSS JOIN LATERAL (
                SELECT g.project_id, g.id, g.actor_id, g.api_key_id, g.input_characters, g.created_at,
                    (g.request ->> 'max_output_tokens')::integer AS max_output_tokens,
                    row_number() OVER (ORDER BY g.created_at) AS place
                FROM generations AS g
                WHERE g.project_id = w.project_id AND g.status = 'queued'
                    AND w.project_id <> ALL (resting.scopes) AND g.actor_id <> ALL (resting.scopes)
                    AND (g.api_key_id IS NULL OR g.api_key_id <> ALL (resting.scopes))
                ORDER BY g.created_at LIMIT $3
            ) AS q
            ORDER BY coalesce(busy.running, 0) + q.place, q.created_at
            LIMIT $3
            """,
            projects,
            scopes,
            limit,
        ),
    )


async def take_queued(
    conn: Connection, owner: UUID, seconds: float, wanted: Sequence[UUID]
) -> Sequence[ClaimedGeneration]:
    """Lease these generations, as far as they still wait and no other process is at it."""
    return many(
        ClaimedGeneration,
        await conn.fetch(
            f"""
            UPDATE generations
            SET status = 'running', owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => $2),
                started_at = coalesce(started_at, now())
            WHERE (project_id, id) IN (
                SELECT project_id, id FROM generations WHERE id = ANY ($3) AND status = 'queued'
                FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING {CLAIMED}
            """,  # noqa: S608  a constant list of columns
            owner,
            seconds,
            wanted,
        ),
    )
