"""Connections, descriptions of models, aliases and settings of a project."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.llm_gateway import CustomModel, GatewaySettings, ModelAlias, ProviderKind
from shared.postgres import Connection, many, one

_CONNECTION = "id, name, provider, base_url, sealed_key, key_hint, revision, updated_at"
_MODEL = """model, context_tokens, max_output_tokens, input_usd_per_million, cached_input_usd_per_million,
    output_usd_per_million, capabilities, retires_on, updated_at"""


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


async def find_custom_models(conn: Connection, project_id: UUID) -> list[CustomModel]:
    """List the project's own descriptions of models by name."""
    return many(
        CustomModel,
        await conn.fetch(
            f"SELECT {_MODEL} FROM custom_models WHERE project_id = $1 ORDER BY model",  # noqa: S608  constant columns
            project_id,
        ),
    )


async def find_aliases(conn: Connection, project_id: UUID) -> list[ModelAlias]:
    """List the project's aliases by name."""
    return many(
        ModelAlias,
        await conn.fetch(
            "SELECT name, targets, updated_at FROM model_aliases WHERE project_id = $1 ORDER BY name", project_id
        ),
    )


async def find_settings(conn: Connection, project_id: UUID) -> GatewaySettings:
    """Read the project's settings; nobody's row is the default."""
    row = await conn.fetchrow(
        "SELECT cache_seconds, unknown_price_ceiling_usd_per_million FROM gateway_settings WHERE project_id = $1",
        project_id,
    )
    return one(GatewaySettings, row) or GatewaySettings(cache_seconds=None, unknown_price_ceiling_usd_per_million=None)
