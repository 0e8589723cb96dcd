"""Connections, own models, aliases and settings of the gateway for the browser."""

from typing import Annotated

from fastapi import Path, Query

from shared.contracts import llm_gateway as contracts
from shared.contracts.ids import ConnectionId
from web.api.edge import Ask, BrowserRouter

# The gateway waits ten seconds for a provider; the sentence about it shall still arrive.
CHECK_SECONDS = 15.0

router = BrowserRouter(prefix="/api", tags=["gateway"])


@router.get("/connections", action="models.read")
async def list_connections(ask: Ask) -> contracts.ConnectionList:
    """List the connections that the project can use; keys are never shown."""
    return await ask(contracts.ListConnections())


@router.post("/connections", action="connections.manage", status_code=201)
async def create_connection(body: contracts.SaveConnection, ask: Ask) -> contracts.ProviderConnection:
    """Make a connection."""
    return await ask(body.model_copy(update={"id": None}))


@router.patch("/connections/{connection_id}", action="connections.manage")
async def update_connection(
    connection_id: ConnectionId, body: contracts.SaveConnection, ask: Ask
) -> contracts.ProviderConnection:
    """Change a connection; another address or provider clears its key."""
    return await ask(body.model_copy(update={"id": connection_id}))


@router.delete("/connections/{connection_id}", action="connections.manage")
async def delete_connection(connection_id: ConnectionId, ask: Ask) -> contracts.ConnectionList:
    """Forget a connection and its key."""
    return await ask(contracts.DeleteConnection(id=connection_id))


@router.post("/connections/{name}/test", action="connections.manage")
async def check_connection(name: contracts.ConnectionName, ask: Ask) -> contracts.ConnectionCheck:
    """Ask the provider for its list of models, and say in a sentence what came of it."""
    return await ask.within(CHECK_SECONDS)(contracts.TestConnection(name=name))


@router.get("/custom-models", action="models.read")
async def list_custom_models(ask: Ask) -> contracts.CustomModelList:
    """List the models that the project describes by itself."""
    return await ask(contracts.ListCustomModels())


@router.post("/custom-models", action="connections.manage")
async def save_custom_model(body: contracts.SaveCustomModel, ask: Ask) -> contracts.CustomModel:
    """Describe a model, or correct what the catalogue says of it."""
    return await ask(body)


@router.delete("/custom-models", action="connections.manage")
async def delete_custom_model(
    query: Annotated[contracts.DeleteCustomModel, Query()], ask: Ask
) -> contracts.CustomModelList:
    """Forget the project's own description of a model, which is named in the query because it holds slashes."""
    return await ask(query)


@router.get("/aliases", action="models.read")
async def list_aliases(ask: Ask) -> contracts.ModelAliasList:
    """List the project's names for chains of models."""
    return await ask(contracts.ListAliases())


@router.post("/aliases", action="connections.manage")
async def save_alias(body: contracts.SaveAlias, ask: Ask) -> contracts.ModelAlias:
    """Name a chain of models; the same name again replaces it."""
    return await ask(body)


@router.delete("/aliases/{name}", action="connections.manage")
async def delete_alias(name: Annotated[contracts.AliasName, Path()], ask: Ask) -> contracts.ModelAliasList:
    """Forget an alias."""
    return await ask(contracts.DeleteAlias(name=name))


@router.get("/gateway-settings", action="models.read")
async def get_gateway_settings(ask: Ask) -> contracts.GatewaySettings:
    """Read how the gateway treats the project's calls."""
    return await ask(contracts.GetGatewaySettings())


@router.put("/gateway-settings", action="connections.manage")
async def save_gateway_settings(body: contracts.SaveGatewaySettings, ask: Ask) -> contracts.GatewaySettings:
    """Set how the gateway treats the project's calls."""
    return await ask(body)
