"""Migrations: numbered SQL files, forward only, one transaction a file, one process at a time.

A file that was applied never changes: its hash is kept and compared, and a difference stops the start.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

GROUND = Path(__file__).parent / "ground_migrations"
# "scripto" in bytes: any constant that no other user of this database would choose.
_LOCK = 0x73637269707400
# A migration that cannot get its lock in this time would block every reader behind it: give up and say so.
_LOCK_TIMEOUT = "5s"

_TABLE = """
CREATE TABLE IF NOT EXISTS applied_migrations (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationChangedError(Exception):
    """A file that was already applied has another content now."""


@dataclass(frozen=True)
class Migration:
    """One file and its hash. `name` carries the folder, so that ground and service numbers do not meet."""

    name: str
    sql: str
    sha256: str


def read_migrations(folder: Path, space: str) -> Iterator[Migration]:
    """Read the files of a folder in the order of their numbers."""
    for path in sorted(folder.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        yield Migration(f"{space}/{path.stem}", text, hashlib.sha256(text.encode()).hexdigest())


async def migrate(owner_dsn: str, folder: Path | None, space: str) -> list[str]:
    """Apply what is missing, ground first; return the names applied. Two processes at once: one waits for the other.

    Raises MigrationChangedError where an applied file has changed.
    """
    wanted = [*read_migrations(GROUND, "ground"), *(read_migrations(folder, space) if folder else ())]
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        return await _apply_missing(connection, wanted)
    finally:
        await connection.close()


async def _apply_missing(connection: asyncpg.Connection, wanted: list[Migration]) -> list[str]:
    await connection.execute(_TABLE)
    applied = {
        row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM applied_migrations")
    }
    for migration in wanted:
        if migration.name in applied and applied[migration.name] != migration.sha256:
            message = f"{migration.name} was changed after it was applied. Put its text back and write a new migration."
            raise MigrationChangedError(message)
    missing = [migration for migration in wanted if migration.name not in applied]
    for migration in missing:
        await _apply(connection, migration)
    return [migration.name for migration in missing]


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO applied_migrations (name, sha256) VALUES ($1, $2)", migration.name, migration.sha256
        )
