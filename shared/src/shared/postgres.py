"""PostgreSQL: two pools a service, tenant transactions, rows as types.

The app role owns nothing and is held by row level security to the projects named at the start of each
transaction. The relay role is for the outbox, leases and reapers, on the tables that opened themselves to it.
"""

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import orjson
from asyncpg.exceptions import InterfaceError, PostgresError
from asyncpg.pool import PoolConnectionProxy
from pydantic import TypeAdapter

from shared.problems import Unavailable

type Connection = PoolConnectionProxy
T = TypeVar("T")

# 5 services x (8 + 4) connections stay under the 100 that a PostgreSQL allows by default.
APP_POOL = 8
RELAY_POOL = 4
# Within a second a person sees "away for a moment" instead of a page that hangs.
ACQUIRE_SECONDS = 1.0
_AWAY = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
# Somebody must make room: sooner than this it is not worth trying.
STORAGE_FULL_RETRY_SECONDS = 30


class Database:
    """The database of one service."""

    def __init__(self, app: asyncpg.Pool, relay: asyncpg.Pool) -> None:
        """Take the two pools; `connect_database` makes them."""
        self._app = app
        self._relay = relay

    @asynccontextmanager
    async def transaction(self, projects: UUID | Sequence[UUID]) -> AsyncIterator[Connection]:
        """Open a transaction that sees these projects only; commit at the end, roll back on any error.

        Raises Unavailable when no connection is to be had within a second, or when the storage is full.
        """
        each = (projects,) if isinstance(projects, UUID) else projects
        listed = ",".join(str(UUID(int=project.int)) for project in each)
        # One round trip for both. What is written into the statement are UUIDs, whatever a caller passes.
        async with _transaction(self._app, f"BEGIN; SELECT set_config('app.projects', '{listed}', true)") as conn:
            yield conn

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[Connection]:
        """Open a transaction of the second role: every project, but only tables opened to it."""
        async with _transaction(self._relay, "BEGIN") as conn:
            yield conn

    async def is_ready(self) -> bool:
        """Say whether a statement comes back."""
        try:
            async with self.relay() as conn:
                return bool(await conn.fetchval("SELECT true"))
        except Unavailable:
            return False

    async def close(self) -> None:
        """Close both pools once their connections are back."""
        await self._app.close()
        await self._relay.close()


async def connect_database(app_dsn: str, relay_dsn: str, *, application_name: str) -> Database:
    """Open both pools. Raises OSError while PostgreSQL is not there."""
    app = await _pool(app_dsn, application_name, APP_POOL)
    return Database(app, await _pool(relay_dsn, f"{application_name} relay", RELAY_POOL))


async def _pool(dsn: str, application_name: str, size: int) -> asyncpg.Pool:
    pool: asyncpg.Pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=10,
        max_inactive_connection_lifetime=60,
        init=_prepare,
        # Nothing outlives a transaction here (settings are local to it): the reset query is a wasted round trip.
        reset=_no_reset,
        server_settings={
            "application_name": application_name,
            "statement_timeout": "10000",
            "idle_in_transaction_session_timeout": "15000",
        },
    )
    return pool


async def _no_reset(_connection: object) -> None:
    return None


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + orjson.dumps(value, default=str),
        decoder=lambda raw: orjson.loads(raw[1:]),
        schema="pg_catalog",
        format="binary",
    )


@asynccontextmanager
async def _transaction(pool: asyncpg.Pool, begin: str) -> AsyncIterator[Connection]:
    try:
        conn = await pool.acquire(timeout=ACQUIRE_SECONDS)
    except (TimeoutError, InterfaceError, *_AWAY) as error:
        raise _away() from error
    try:
        try:
            await conn.execute(begin)
            yield conn
            await conn.execute("COMMIT")
        except BaseException:  # cancelled in the middle of either too: nothing open goes back to the pool
            await _roll_back(conn)
            raise
    except _AWAY as error:
        raise _away() from error
    except asyncpg.DiskFullError as error:
        message = "The storage is full: what is there can be read, and nothing can be written until there is room."
        raise Unavailable(message, STORAGE_FULL_RETRY_SECONDS) from error
    except InterfaceError as error:
        if conn.is_closed():
            raise _away() from error
        raise
    finally:
        await pool.release(conn)


async def _roll_back(conn: Connection) -> None:
    """Undo what was done. A connection on which that is not sure is given up: the server undoes it then."""
    if conn.is_closed():
        return
    try:
        await conn.execute("ROLLBACK")
    except (OSError, PostgresError, InterfaceError, TimeoutError):
        conn.terminate()


def _away() -> Unavailable:
    return Unavailable("The database is away for a moment. Try again; saying it twice is safe.")


@cache
def _adapter(type_: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", type_))


def one[T](type_: type[T], record: "asyncpg.Record | None") -> T | None:
    """Read a record as `type_`, field by name; None stays None."""
    return None if record is None else _adapter(cast("Hashable", type_)).validate_python(dict(record))


def many[T](type_: type[T], records: "Sequence[asyncpg.Record]") -> list[T]:
    """Read records as a list of `type_`, field by name."""
    adapter = _adapter(cast("Hashable", type_))
    return [adapter.validate_python(dict(record)) for record in records]
