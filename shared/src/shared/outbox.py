"""The outbox: a fact or job is a row of the transaction that made it true; the relay publishes it afterwards.

Delivered at least once: the row goes when the stream has acknowledged it. The event id is the message id, so
that the stream drops a second publishing within its window; consumers claim ids for what comes later.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog
from asyncpg.exceptions import InterfaceError, PostgresError

from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.message import Fact, Job
from shared.envelope import write_headers
from shared.faults import fault_point
from shared.postgres import Connection, Database, many
from shared.problems import Unavailable

# One round of the relay; a backlog drains in many rounds without holding row locks for long.
BATCH = 200
# A notification can be lost with its connection: look again after this time.
POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outgoing:
    """A row of the outbox."""

    id: UUID
    subject: str
    payload: bytes
    headers: dict[str, str]


class Publisher(Protocol):
    """What the relay needs of the bus."""

    async def publish_stored(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        """Return once the stream has acknowledged the message; raise Unavailable where it has not."""


async def add(conn: Connection, call: Call, message: Fact | Job) -> UUID:
    """Tell a fact, or order a job, when this transaction commits. Returns the event's id."""
    event_id = new_id()
    source = f"/{message.owner()}" if isinstance(message, Fact) else "/orders"
    await conn.execute(
        "INSERT INTO outbox (id, project_id, subject, payload, headers) VALUES ($1, $2, $3, $4, $5)",
        event_id,
        call.project_id,
        message.subject,
        message.model_dump_json().encode(),
        write_headers(event_id, source, call, message),
    )
    return event_id


class OutboxRelay:
    """Publishes committed rows, soon after they commit and in the order of their ids."""

    def __init__(self, database: Database, publisher: Publisher, listen_dsn: str) -> None:
        """Take the service's database, the bus, and the address to hear notifications at."""
        self._database = database
        self._publisher = publisher
        self._dsn = listen_dsn
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Relay until cancelled. A lost database or bus is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._relay())

    async def _relay(self) -> None:
        while True:
            self._wake.clear()
            try:
                while await self._publish_batch() == BATCH:
                    pass
            except Unavailable:
                await asyncio.sleep(POLL_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _publish_batch(self) -> int:
        """Publish the oldest rows and delete them in the same transaction: a crash between the two sends them again."""
        async with self._database.relay() as conn:
            rows = many(Outgoing, await conn.fetch(_TAKE, BATCH))
            if rows:
                await asyncio.gather(
                    *(self._publisher.publish_stored(row.subject, row.payload, row.headers) for row in rows)
                )
                fault_point("outbox_published")
                await conn.execute("DELETE FROM outbox WHERE id = ANY ($1)", [row.id for row in rows])
        return len(rows)

    async def _listen(self) -> None:
        """Wake the relay at each commit; without the connection its own clock goes on."""
        while True:
            try:
                await self._hear_until_lost()
            except (OSError, PostgresError, InterfaceError):
                log.warning("outbox_listener_lost")
            await asyncio.sleep(POLL_SECONDS)

    async def _hear_until_lost(self) -> None:
        lost = asyncio.Event()
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "outbox listener"})
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener("outbox", lambda *_notification: self._wake.set())
            self._wake.set()
            await lost.wait()
        finally:
            connection.terminate()


_TAKE = "SELECT id, subject, payload, headers FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"
