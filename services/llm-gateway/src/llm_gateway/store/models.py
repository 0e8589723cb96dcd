"""What a project says of models: descriptions, aliases, settings of the gateway."""

from uuid import UUID

from shared.contracts.llm_gateway import CustomModel, GatewaySettings, ModelAlias, SaveCustomModel
from shared.postgres import Connection, many, one

_MODEL = """model, context_tokens, max_output_tokens, input_usd_per_million, cached_input_usd_per_million,
    output_usd_per_million, capabilities, retires_on, updated_at"""


async def find_custom_models(conn: Connection, project_id: UUID) -> list[CustomModel]:
    """List the project's own descriptions of models by name."""
    return many(
        CustomModel,
        await conn.fetch(
            f"SELECT {_MODEL} FROM custom_models WHERE project_id = $1 ORDER BY model",  # noqa: S608  constant columns
            project_id,
        ),
    )


async def save_custom_model(
    conn: Connection, project_id: UUID, described: SaveCustomModel, actor_id: UUID
) -> CustomModel:
    """Keep a description in place of an earlier one."""
    row = await conn.fetchrow(
        f"""
        INSERT INTO custom_models (project_id, model, context_tokens, max_output_tokens, input_usd_per_million,
            cached_input_usd_per_million, output_usd_per_million, capabilities, retires_on, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (project_id, model) DO UPDATE SET
            context_tokens = excluded.context_tokens, max_output_tokens = excluded.max_output_tokens,
            input_usd_per_million = excluded.input_usd_per_million,
            cached_input_usd_per_million = excluded.cached_input_usd_per_million,
            output_usd_per_million = excluded.output_usd_per_million, capabilities = excluded.capabilities,
            retires_on = excluded.retires_on, updated_by = excluded.updated_by, updated_at = now()
        RETURNING {_MODEL}
        """,  # noqa: S608  constant columns
        project_id,
        described.model,
        described.context_tokens,
        described.max_output_tokens,
        described.input_usd_per_million,
        described.cached_input_usd_per_million,
        described.output_usd_per_million,
        described.capabilities,
        described.retires_on,
        actor_id,
    )
    return CustomModel.model_validate(dict(row))


async def delete_custom_model(conn: Connection, project_id: UUID, model: str) -> bool:
    """Forget a description. False: there was none."""
    status = await conn.execute("DELETE FROM custom_models WHERE project_id = $1 AND model = $2", project_id, model)
    return str(status) == "DELETE 1"


async def find_aliases(conn: Connection, project_id: UUID) -> list[ModelAlias]:
    """List the project's aliases by name."""
    return many(
        ModelAlias,
        await conn.fetch(
            "SELECT name, targets, updated_at FROM model_aliases WHERE project_id = $1 ORDER BY name", project_id
        ),
    )


async def save_alias(conn: Connection, project_id: UUID, name: str, targets: list[str], actor_id: UUID) -> ModelAlias:
    """Keep an alias in place of an earlier one."""
    row = await conn.fetchrow(
        """
        INSERT INTO model_aliases (project_id, name, targets, updated_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (project_id, name) DO UPDATE SET
            targets = excluded.targets, updated_by = excluded.updated_by, updated_at = now()
        RETURNING name, targets, updated_at
        """,
        project_id,
        name,
        targets,
        actor_id,
    )
    return ModelAlias.model_validate(dict(row))


async def delete_alias(conn: Connection, project_id: UUID, name: str) -> bool:
    """Forget an alias. False: there was none."""
    status = await conn.execute("DELETE FROM model_aliases WHERE project_id = $1 AND name = $2", project_id, name)
    return str(status) == "DELETE 1"


async def find_settings(conn: Connection, project_id: UUID) -> GatewaySettings:
    """Read the project's settings; nobody's row is the default."""
    row = await conn.fetchrow(
        "SELECT cache_seconds, unknown_price_ceiling_usd_per_million FROM gateway_settings WHERE project_id = $1",
        project_id,
    )
    return one(GatewaySettings, row) or GatewaySettings(cache_seconds=None, unknown_price_ceiling_usd_per_million=None)


async def save_settings(conn: Connection, project_id: UUID, wanted: GatewaySettings, actor_id: UUID) -> None:
    """Keep the project's settings."""
    await conn.execute(
        """
        INSERT INTO gateway_settings (project_id, cache_seconds, unknown_price_ceiling_usd_per_million, updated_by)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (project_id) DO UPDATE SET
            cache_seconds = excluded.cache_seconds,
            unknown_price_ceiling_usd_per_million = excluded.unknown_price_ceiling_usd_per_million,
            updated_by = excluded.updated_by, updated_at = now()
        """,
        project_id,
        wanted.cache_seconds,
        wanted.unknown_price_ceiling_usd_per_million,
        actor_id,
    )
