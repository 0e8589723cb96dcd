"""Segments: the committed text of a generation in numbered pieces without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from llm_gateway.domain import Lease
from shared.contracts.llm_gateway import Segment, SegmentKind
from shared.postgres import Connection, many


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment on its way to the database."""

    lease: Lease
    number: int
    text: str
    kind: SegmentKind = "text"


async def insert_segments(conn: Connection, pieces: Sequence[Piece]) -> set[UUID]:
    """Write one segment each for many generations; the transaction must name all their projects.

    Returns the generations whose lease still held. Nothing is written for the others. Rows are locked in the
    order of their ids, as the heartbeat does.
    """
    rows = await conn.fetch(
        """
        WITH piece AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::integer[], $5::text[], $6::text[])
                AS p (project_id, generation_id, epoch, number, text, kind)
        ), held AS (
            SELECT g.project_id, g.id FROM generations AS g
            JOIN piece AS p ON p.project_id = g.project_id AND p.generation_id = g.id
            WHERE g.id = ANY ($2) AND g.epoch = p.epoch AND g.status = 'running' AND g.last_segment = p.number - 1
            ORDER BY g.id FOR NO KEY UPDATE OF g
        ), advanced AS (
            UPDATE generations AS g
            SET last_segment = p.number,
                characters = g.characters + CASE WHEN p.kind = 'text' THEN length(p.text) ELSE 0 END,
                aside_characters = g.aside_characters + CASE WHEN p.kind = 'text' THEN 0 ELSE length(p.text) END
            FROM piece AS p, held
            WHERE g.id = ANY ($2) AND held.project_id = g.project_id AND held.id = g.id
                AND p.project_id = g.project_id AND p.generation_id = g.id AND p.epoch = g.epoch
            RETURNING g.project_id, g.id
        )
        INSERT INTO segments (project_id, generation_id, number, text, kind)
        SELECT p.project_id, p.generation_id, p.number, p.text, p.kind
        FROM piece AS p JOIN advanced AS a ON a.project_id = p.project_id AND a.id = p.generation_id
        RETURNING generation_id
        """,
        [piece.lease.project_id for piece in pieces],
        [piece.lease.generation_id for piece in pieces],
        [piece.lease.epoch for piece in pieces],
        [piece.number for piece in pieces],
        [piece.text for piece in pieces],
        [piece.kind for piece in pieces],
    )
    return {row["generation_id"] for row in rows}


async def is_written(conn: Connection, piece: Piece) -> bool:
    """Whether this very segment is there under our lease: the answer to its COMMIT may have been lost."""
    return bool(
        await conn.fetchval(
            """
            SELECT true FROM generations AS g
            JOIN segments AS s ON s.project_id = g.project_id AND s.generation_id = g.id AND s.number = $4
            WHERE g.project_id = $1 AND g.id = $2 AND g.epoch = $3 AND s.text = $5
            """,
            piece.lease.project_id,
            piece.lease.generation_id,
            piece.lease.epoch,
            piece.number,
            piece.text,
        )
    )


async def find_segments(
    conn: Connection, project_id: UUID, generation_id: UUID, after: int, last: int
) -> list[Segment]:
    """Read the segments after number `after` up to number `last`, in order."""
    return many(
        Segment,
        await conn.fetch(
            """
            SELECT number, text, kind, created_at AS at FROM segments
            WHERE project_id = $1 AND generation_id = $2 AND number > $3 AND number <= $4 ORDER BY number
            """,
            project_id,
            generation_id,
            after,
            last,
        ),
    )


async def find_text(conn: Connection, project_id: UUID, generation_id: UUID) -> str:
    """Read the whole answer so far."""
    text = await conn.fetchval(
        """
        SELECT string_agg(text, '' ORDER BY number) FROM segments
        WHERE project_id = $1 AND generation_id = $2 AND kind = 'text'
        """,
        project_id,
        generation_id,
    )
    return str(text or "")
