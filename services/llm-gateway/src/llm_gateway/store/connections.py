"""Connections of a project, with their sealed keys."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.llm_gateway import ProviderKind
from shared.postgres import Connection, many, one

_CONNECTION = "id, name, provider, base_url, sealed_key, key_hint, revision, updated_at"


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A project's connection as its row keeps it."""

    id: UUID
    name: str
    provider: ProviderKind
    base_url: str | None
    sealed_key: bytes | None = field(repr=False)
    key_hint: str | None
    revision: int
    updated_at: datetime


async def find_connections(conn: Connection, project_id: UUID) -> list[StoredConnection]:
    """List the project's connections by name."""
    return many(
        StoredConnection,
        await conn.fetch(
            f"SELECT {_CONNECTION} FROM connections WHERE project_id = $1 ORDER BY name",  # noqa: S608  constant columns
            project_id,
        ),
    )


async def lock_connection(conn: Connection, project_id: UUID, connection_id: UUID) -> StoredConnection | None:
    """Read a connection and keep others from changing it until the transaction ends."""
    return one(
        StoredConnection,
        await conn.fetchrow(
            f"SELECT {_CONNECTION} FROM connections WHERE project_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608  constant columns
            project_id,
            connection_id,
        ),
    )


@dataclass(frozen=True, slots=True)
class ConnectionValues:
    """What an admin decides about a connection."""

    name: str
    provider: ProviderKind
    base_url: str | None
    sealed_key: bytes | None = field(repr=False)
    key_hint: str | None


async def insert_connection(
    conn: Connection, project_id: UUID, connection_id: UUID, values: ConnectionValues, actor_id: UUID
) -> StoredConnection:
    """Keep a new connection. Raises asyncpg's UniqueViolationError for a taken name."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO connections (project_id, id, name, provider, base_url, sealed_key, key_hint, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING {_CONNECTION}
        """,  # noqa: S608  constant columns
        project_id,
        connection_id,
        values.name,
        values.provider,
        values.base_url,
        values.sealed_key,
        values.key_hint,
        actor_id,
    )
    return StoredConnection(**dict(row))


async def update_connection(
    conn: Connection, project_id: UUID, connection_id: UUID, values: ConnectionValues
) -> StoredConnection:
    """Change a connection that is locked. Raises asyncpg's UniqueViolationError for a taken name."""
    row = await conn.fetchrow(
        f"""
        UPDATE connections SET name = $3, provider = $4, base_url = $5, sealed_key = $6, key_hint = $7,
            revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        RETURNING {_CONNECTION}
        """,  # noqa: S608  constant columns
        project_id,
        connection_id,
        values.name,
        values.provider,
        values.base_url,
        values.sealed_key,
        values.key_hint,
    )
    return StoredConnection(**dict(row))


async def delete_connection(conn: Connection, project_id: UUID, connection_id: UUID) -> str | None:
    """Forget a connection with its key. Returns its name, or None where it is not there."""
    name: str | None = await conn.fetchval(
        "DELETE FROM connections WHERE project_id = $1 AND id = $2 RETURNING name", project_id, connection_id
    )
    return name
