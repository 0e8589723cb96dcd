"""Generations: inserted once, read, flagged and ended. Writes of a running one are fenced by its epoch."""

from dataclasses import dataclass
from uuid import UUID

from llm_gateway.domain import ClaimedGeneration, Ending, GenerationState, Lease
from llm_gateway.domain.calls import Route
from shared.contracts.llm_gateway import GenerationOrigin, GenerationRequest
from shared.postgres import Connection, one

STATE = """project_id, id, actor_id, request_id, task, model, request ->> 'model' AS asked_model,
    provider, simulated, status, epoch, last_segment,
    inherited_segments, characters, inherited_characters, aside_characters, input_characters, finish_reason,
    content_hash, problem, created_at, started_at, finished_at"""

CLAIMED = """project_id, id, actor_id, request_id, origin, request, model, provider, simulated, epoch,
    cancel_requested, last_segment, inherited_segments, characters, inherited_characters, aside_characters,
    input_characters, traceparent, api_key_id, run_id"""


@dataclass(frozen=True, slots=True)
class NewGeneration:
    """What is known of a generation before anything was asked. `owner` None leaves it in the queue."""

    id: UUID
    actor_id: UUID
    api_key_id: UUID | None
    request_id: str
    origin: GenerationOrigin
    request: GenerationRequest
    continues: UUID | None
    model: str
    provider: str
    simulated: bool
    input_characters: int
    owner: UUID | None
    lease_seconds: float
    traceparent: str | None


async def insert_generation(conn: Connection, project_id: UUID, new: NewGeneration) -> ClaimedGeneration | None:
    """Insert the generation, leased where it has an owner. None: this id is already there and nothing changed."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO generations (
            project_id, id, actor_id, request_id, task, origin, request, continues, model, provider, simulated,
            input_characters, status, owner, epoch, lease_until, started_at, prompt_version_id, traceparent, api_key_id,
            run_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            CASE WHEN $13::uuid IS NULL THEN 'queued' ELSE 'running' END,
            $13,
            CASE WHEN $13 IS NULL THEN 0 ELSE 1 END,
            CASE WHEN $13 IS NOT NULL THEN now() + make_interval(secs => $14) END,
            CASE WHEN $13 IS NOT NULL THEN now() END,
            $15, $16, $17, $18)
        ON CONFLICT DO NOTHING
        RETURNING {CLAIMED}
        """,  # noqa: S608  a constant list of columns
        project_id,
        new.id,
        new.actor_id,
        new.request_id,
        new.origin.task,
        new.origin.model_dump(mode="json"),
        new.request.model_dump(mode="json"),
        new.continues,
        new.model,
        new.provider,
        new.simulated,
        new.input_characters,
        new.owner,
        new.lease_seconds,
        new.origin.prompt_version_id,
        new.traceparent,
        new.api_key_id,
        new.origin.run_id,
    )
    return one(ClaimedGeneration, row)


async def find_claimed(
    conn: Connection, project_id: UUID, generation_id: UUID, owner: UUID
) -> ClaimedGeneration | None:
    """Read a generation that `owner` leases, with its request."""
    return one(
        ClaimedGeneration,
        await conn.fetchrow(
            f"SELECT {CLAIMED} FROM generations WHERE project_id = $1 AND id = $2 AND owner = $3",  # noqa: S608  a constant list of columns
            project_id,
            generation_id,
            owner,
        ),
    )


async def find_request(conn: Connection, project_id: UUID, generation_id: UUID) -> GenerationRequest | None:
    """Read what a model was asked."""
    stored = await conn.fetchval(
        "SELECT request FROM generations WHERE project_id = $1 AND id = $2", project_id, generation_id
    )
    return None if stored is None else GenerationRequest.model_validate(stored)


async def find_state(conn: Connection, project_id: UUID, generation_id: UUID) -> GenerationState | None:
    """Read a generation as readers see it."""
    return one(
        GenerationState,
        await conn.fetchrow(
            f"SELECT {STATE} FROM generations WHERE project_id = $1 AND id = $2",  # noqa: S608  a constant list of columns
            project_id,
            generation_id,
        ),
    )


async def lock_state(conn: Connection, project_id: UUID, generation_id: UUID) -> GenerationState | None:
    """Read a generation and keep others from changing it until this transaction ends."""
    return one(
        GenerationState,
        await conn.fetchrow(
            f"SELECT {STATE} FROM generations WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE",  # noqa: S608  a constant list of columns
            project_id,
            generation_id,
        ),
    )


async def inherit_text(conn: Connection, project_id: UUID, generation_id: UUID, source_id: UUID) -> None:
    """Make the source's segments the first segments of a new generation."""
    await conn.execute(
        """
        WITH copied AS (
            INSERT INTO segments (project_id, generation_id, number, text, kind, created_at)
            SELECT project_id, $2, number, text, kind, created_at FROM segments
            WHERE project_id = $1 AND generation_id = $3
            RETURNING number, CASE WHEN kind = 'text' THEN length(text) ELSE 0 END AS characters
        ), counted AS (
            SELECT coalesce(max(number), 0) AS segments, coalesce(sum(characters), 0) AS characters FROM copied
        )
        UPDATE generations
        SET last_segment = counted.segments, inherited_segments = counted.segments,
            characters = counted.characters, inherited_characters = counted.characters,
            input_characters = input_characters + counted.characters
        FROM counted
        WHERE project_id = $1 AND id = $2
        """,
        project_id,
        generation_id,
        source_id,
    )


async def request_cancel(conn: Connection, project_id: UUID, generation_id: UUID) -> None:
    """Leave word for the owner of a running generation that it shall stop."""
    await conn.execute(
        """
        UPDATE generations SET cancel_requested = true
        WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'running')
        """,
        project_id,
        generation_id,
    )


async def fence(conn: Connection, lease: Lease) -> bool:
    """Lock the generation for this transaction; False when another process has the lease now, or it has ended."""
    return bool(
        await conn.fetchval(
            """
            SELECT true FROM generations
            WHERE project_id = $1 AND id = $2 AND epoch = $3 AND status IN ('queued', 'running')
            FOR NO KEY UPDATE
            """,
            lease.project_id,
            lease.generation_id,
            lease.epoch,
        )
    )


async def end_generation(
    conn: Connection, lease: Lease, ending: Ending, response_id: str | None
) -> GenerationState | None:
    """Write the end, with the hash of the answer; None when the lease is no longer ours."""
    return one(
        GenerationState,
        await conn.fetchrow(
            f"""
            UPDATE generations
            SET status = $4, finish_reason = $5, problem = $6, provider_response_id = $7,
                owner = NULL, lease_until = NULL, finished_at = now(),
                content_hash = (
                    SELECT encode(sha256(convert_to(
                        coalesce(string_agg(s.text, '' ORDER BY s.number), ''), 'UTF8')), 'hex')
                    FROM segments AS s WHERE s.project_id = $1 AND s.generation_id = $2 AND s.kind = 'text')
            WHERE project_id = $1 AND id = $2 AND epoch = $3 AND status IN ('queued', 'running')
            RETURNING {STATE}
            """,  # noqa: S608  a constant list of columns
            lease.project_id,
            lease.generation_id,
            lease.epoch,
            ending.status,
            ending.finish_reason,
            ending.problem,
            response_id,
        ),
    )


async def change_model(conn: Connection, lease: Lease, route: Route) -> None:
    """Write down which model answers, where it is another one than before."""
    await conn.execute(
        """
        UPDATE generations SET model = $4, provider = $5, simulated = $6
        WHERE project_id = $1 AND id = $2 AND epoch = $3 AND status = 'running' AND model <> $4
        """,
        lease.project_id,
        lease.generation_id,
        lease.epoch,
        route.model,
        route.provider,
        route.simulated,
    )


async def release_generation(conn: Connection, lease: Lease) -> None:
    """Give a generation without text of its own back to the queue, for any process to take."""
    await conn.execute(
        """
        UPDATE generations SET status = 'queued', owner = NULL, lease_until = NULL
        WHERE project_id = $1 AND id = $2 AND epoch = $3 AND status = 'running'
        """,
        lease.project_id,
        lease.generation_id,
        lease.epoch,
    )
