"""Fixtures for every package: real servers, a fresh migrated database, buses, calls.

Loaded by the root conftest. Servers live for the test process; a database for one test; the streams are
emptied after a test that had a bus, so that no message of one test reaches another.
"""

import asyncio
import importlib.resources
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats
import pytest
import structlog
from nats.js.errors import NotFoundError

from shared.bus import Bus
from shared.call import Call, Identity, new_request_id
from shared.contracts.ids import new_id
from shared.contracts.permissions import FACT_STREAM, JOB_STREAM
from shared.migrations import migrate
from shared.postgres import Database, connect_database
from shared.runtime.house import House
from shared.runtime.settings import ServiceSettings
from shared.streams import consumed_by, ensure_consumer, ensure_streams
from shared.testing.keys import public_keys, signer_for, signing_keys, verifier_for
from shared.testing.servers import Servers, start_servers

type DatabaseFor = Callable[[str], Awaitable[Database]]
type BusFor = Callable[[str], Awaitable[Bus]]
type HouseFor = Callable[[str], Awaitable[House]]

_numbers = itertools.count(1)
_migrated: set[str] = set()


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Log one JSON line an event: drawing a traceback with all its variables takes seconds on a busy machine."""
    chain: list[Any] = [structlog.processors.add_log_level, structlog.processors.format_exc_info]
    structlog.configure(processors=[*chain, structlog.processors.JSONRenderer(default=str)])


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Start PostgreSQL, NATS and Redis once for this test process."""
    with start_servers() as started:
        yield started


@pytest.fixture
async def databases(servers: Servers) -> AsyncIterator[dict[str, str]]:
    """Keep the names of this test's databases by service, and drop them after it."""
    names: dict[str, str] = {}
    yield names
    for name in names.values():
        await _execute(servers.admin_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def database_for(servers: Servers, databases: dict[str, str]) -> AsyncIterator[DatabaseFor]:
    """Open a service's own fresh, migrated database, with its app and relay roles."""
    opened: list[Database] = []

    async def open_database(service: str) -> Database:
        name = await fresh_database(servers, databases, service)
        database = await connect_database(
            servers.dsn(f"{service}_app", name),
            servers.dsn(f"{service}_relay", name),
            application_name=f"test {service}",
        )
        opened.append(database)
        return database

    yield open_database
    for database in opened:
        await database.close()


async def fresh_database(servers: Servers, databases: dict[str, str], service: str) -> str:
    """Copy the service's migrated database under a new name, once a test. Returns the name."""
    if service not in databases:
        await _migrate_template(servers, service)
        name = f"test_{service}_{next(_numbers)}"
        await _execute(
            servers.admin_dsn,
            f"CREATE DATABASE {name} TEMPLATE scriptorium_{service} STRATEGY wal_log OWNER {service}_owner",
        )
        databases[service] = name
    return databases[service]


async def _migrate_template(servers: Servers, service: str) -> None:
    if service not in _migrated:
        await migrate(servers.dsn(f"{service}_owner", f"scriptorium_{service}"), migrations_of(service), service)
        _migrated.add(service)


def migrations_of(service: str) -> Path | None:
    """Find the folder of a service's own migrations; None where it has none."""
    folder = Path(str(importlib.resources.files(service))) / "migrations"
    return folder if folder.is_dir() else None


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def streams(servers: Servers) -> AsyncIterator[None]:
    """Empty NATS after the test: streams, durables and what is in them."""
    yield
    client = await nats.connect(servers.nats_url("operator"))
    for stream in (FACT_STREAM, JOB_STREAM):
        try:
            await client.jetstream().delete_stream(stream)
        except NotFoundError:
            continue
    await client.close()


@pytest.fixture
async def bus_for(servers: Servers, streams: None) -> AsyncIterator[BusFor]:  # noqa: ARG001  for its effect
    """Connect a bus as a service, with that service's own NATS user, streams and durables."""
    opened: list[Bus] = []

    async def open_bus(service: str) -> Bus:
        bus = Bus(service, servers.nats_url(service), signer_for(service), verifier_for(service))
        await bus.connect()
        opened.append(bus)
        await ensure_streams(bus.jetstream)
        await asyncio.gather(*(ensure_consumer(bus.jetstream, service, message) for message in consumed_by(service)))
        return bus

    yield open_bus
    for bus in opened:
        await bus.stop_answering()
        await bus.close()


@pytest.fixture
def settings_for(servers: Servers) -> Callable[[str, str], dict[str, object]]:
    """Return the settings that every service needs, for a service and its database's name."""

    def values(service: str, database: str) -> dict[str, object]:
        return {
            "database_url": servers.dsn(f"{service}_app", database),
            "relay_database_url": servers.dsn(f"{service}_relay", database),
            "owner_database_url": servers.dsn(f"{service}_owner", database),
            "nats_url": servers.nats_url(service),
            "signing_key": signing_keys()[service],
            "public_keys": public_keys(),
        }

    return values


@pytest.fixture
async def house_for(
    databases: dict[str, str],
    database_for: DatabaseFor,
    bus_for: BusFor,
    settings_for: Callable[[str, str], dict[str, object]],
) -> HouseFor:
    """Make the parts of a service around a fresh database and a bus: `async with house.running()` starts them."""

    async def make_house(service: str) -> House:
        database = await database_for(service)
        settings = ServiceSettings.model_validate(settings_for(service, databases[service]))
        return House(service, settings, database, await bus_for(service))

    return make_house


def make_call(
    role: str | None = "context_engineer",
    project_id: UUID | None = None,
    *,
    actor_id: UUID | None = None,
    seconds: float = 10.0,
    idempotency_key: str | None = None,
) -> Call:
    """Make a call of a new person in a new project, or in the given one."""
    identity = Identity(actor_id or new_id(), project_id or new_id(), role)
    return Call(identity, new_request_id(), idempotency_key=idempotency_key).with_deadline(seconds)
