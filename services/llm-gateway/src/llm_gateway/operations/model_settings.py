"""Use cases of what a project says of models: descriptions, aliases, settings of the gateway."""

from llm_gateway.domain.connections import (
    MOST_ALIASES,
    MOST_CUSTOM_MODELS,
    ProjectFull,
    refuse_unknown_connections,
)
from llm_gateway.operations.catalogue import Catalogue
from llm_gateway.store import models as store
from shared import outbox
from shared.call import Call
from shared.contracts.llm_gateway import (
    AliasDeleted,
    AliasSaved,
    CustomModel,
    CustomModelDeleted,
    CustomModelList,
    CustomModelSaved,
    DeleteAlias,
    DeleteCustomModel,
    GatewaySettings,
    GatewaySettingsSaved,
    GetGatewaySettings,
    ListAliases,
    ListCustomModels,
    ModelAlias,
    ModelAliasList,
    SaveAlias,
    SaveCustomModel,
    SaveGatewaySettings,
)
from shared.postgres import Database
from shared.problems import NotFound


async def list_custom_models(database: Database, call: Call, _command: ListCustomModels) -> CustomModelList:
    """List the models that the project describes by itself."""
    async with database.transaction(call.project_id) as conn:
        return CustomModelList(items=await store.find_custom_models(conn, call.project_id))


async def save_custom_model(
    database: Database, catalogue: Catalogue, call: Call, command: SaveCustomModel
) -> CustomModel:
    """Describe a model in place of an earlier description. Raises Invalid for an unknown connection, or ProjectFull."""
    await _check_connections(catalogue, call, "model", [command.model])
    async with database.transaction(call.project_id) as conn:
        saved = await store.save_custom_model(conn, call.project_id, command, call.actor_id)
        count = len(await store.find_custom_models(conn, call.project_id))
        ProjectFull.check(count, MOST_CUSTOM_MODELS, "models of its own")
        await outbox.add(conn, call, CustomModelSaved(model=command.model))
    catalogue.forget(call.project_id)
    return saved


async def delete_custom_model(
    database: Database, catalogue: Catalogue, call: Call, command: DeleteCustomModel
) -> CustomModelList:
    """Forget a description. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        if not await store.delete_custom_model(conn, call.project_id, command.model):
            raise NotFound
        await outbox.add(conn, call, CustomModelDeleted(model=command.model))
        left = await store.find_custom_models(conn, call.project_id)
    catalogue.forget(call.project_id)
    return CustomModelList(items=left)


async def list_aliases(database: Database, call: Call, _command: ListAliases) -> ModelAliasList:
    """List the project's names for chains of models."""
    async with database.transaction(call.project_id) as conn:
        return ModelAliasList(items=await store.find_aliases(conn, call.project_id))


async def save_alias(database: Database, catalogue: Catalogue, call: Call, command: SaveAlias) -> ModelAlias:
    """Name a chain of models; a target named twice counts once.

    Raises Invalid for an unknown connection, or ProjectFull.
    """
    await _check_connections(catalogue, call, "targets", command.targets)
    targets = list(dict.fromkeys(command.targets))
    async with database.transaction(call.project_id) as conn:
        saved = await store.save_alias(conn, call.project_id, command.name, targets, call.actor_id)
        ProjectFull.check(len(await store.find_aliases(conn, call.project_id)), MOST_ALIASES, "aliases")
        await outbox.add(conn, call, AliasSaved(name=command.name))
    catalogue.forget(call.project_id)
    return saved


async def delete_alias(database: Database, catalogue: Catalogue, call: Call, command: DeleteAlias) -> ModelAliasList:
    """Forget an alias. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        if not await store.delete_alias(conn, call.project_id, command.name):
            raise NotFound
        await outbox.add(conn, call, AliasDeleted(name=command.name))
        left = await store.find_aliases(conn, call.project_id)
    catalogue.forget(call.project_id)
    return ModelAliasList(items=left)


async def get_gateway_settings(database: Database, call: Call, _command: GetGatewaySettings) -> GatewaySettings:
    """Read how the gateway treats the project's calls."""
    async with database.transaction(call.project_id) as conn:
        return await store.find_settings(conn, call.project_id)


async def save_gateway_settings(
    database: Database, catalogue: Catalogue, call: Call, command: SaveGatewaySettings
) -> GatewaySettings:
    """Set how the gateway treats the project's calls."""
    wanted = GatewaySettings(
        cache_seconds=command.cache_seconds,
        unknown_price_ceiling_usd_per_million=command.unknown_price_ceiling_usd_per_million,
    )
    async with database.transaction(call.project_id) as conn:
        await store.save_settings(conn, call.project_id, wanted, call.actor_id)
        await outbox.add(conn, call, GatewaySettingsSaved())
    catalogue.forget(call.project_id)
    return wanted


async def _check_connections(catalogue: Catalogue, call: Call, name: str, models: list[str]) -> None:
    refuse_unknown_connections(name, models, (await catalogue.of(call.project_id)).connections)
