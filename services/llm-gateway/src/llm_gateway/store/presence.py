"""Which gateway processes live, with the relay role: by PostgreSQL's clock only."""

from uuid import UUID

from shared.postgres import Connection


async def beat(conn: Connection, process_id: UUID, seconds: float) -> int:
    """Say that this process lives. Returns how many do, itself included: those that said so within `seconds`.

    Rows of processes that are gone for an hour go; nobody waits for them any more.
    """
    alive: int = await conn.fetchval(
        """
        WITH beaten AS (
            INSERT INTO gateway_processes (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()
        ), gone AS (
            DELETE FROM gateway_processes WHERE seen_at < now() - interval '1 hour' AND id <> $1
        )
        SELECT 1 + count(*) FROM gateway_processes
        WHERE id <> $1 AND seen_at > now() - make_interval(secs => $2)
        """,
        process_id,
        seconds,
    )
    return alive


async def leave(conn: Connection, process_id: UUID) -> None:
    """Say that this process ends."""
    await conn.execute("DELETE FROM gateway_processes WHERE id = $1", process_id)
