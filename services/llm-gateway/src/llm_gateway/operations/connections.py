"""Use cases of connections: list, save, delete, test. Keys go in and never out."""

from uuid import UUID

import asyncpg

from llm_gateway.domain.connections import (
    MOST_CONNECTIONS,
    ConnectionChanged,
    ConnectionNameTaken,
    ProjectFull,
    check_key,
    check_place,
    key_hint,
)
from llm_gateway.operations.catalogue import Catalogue
from llm_gateway.providers.checking import check_connection
from llm_gateway.store import connections as store
from llm_gateway.store.connections import ConnectionValues, StoredConnection
from shared import idempotency, outbox
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    ConnectionCheck,
    ConnectionDeleted,
    ConnectionList,
    ConnectionSaved,
    DeleteConnection,
    ListConnections,
    ProviderConnection,
    SaveConnection,
    TestConnection,
)
from shared.postgres import Connection, Database
from shared.problems import NotFound

# The caller's own deadline strikes a little earlier here, so that it hears a sentence and not silence.
_ANSWER_SECONDS = 0.5


async def list_connections(
    database: Database, catalogue: Catalogue, call: Call, _command: ListConnections
) -> ConnectionList:
    """List every connection that the project can use, without keys."""
    async with database.transaction(call.project_id) as conn:
        return await _listed(conn, catalogue, call.project_id)


async def save_connection(
    database: Database, catalogue: Catalogue, call: Call, command: SaveConnection
) -> ProviderConnection:
    """Make or change a connection.

    Raises Invalid for an address or key that is refused, NotFound, ConnectionChanged, ConnectionNameTaken, ProjectFull.
    """
    await _check(catalogue, command)
    try:
        async with database.transaction(call.project_id) as conn:
            known = await idempotency.recall(conn, call, command, ProviderConnection)
            if known is not None:
                return known
            stored = await _stored(conn, catalogue, call, command)
            answer = catalogue.connections.view(call.project_id, stored)
            await outbox.add(conn, call, ConnectionSaved(connection_id=stored.id, name=stored.name))
            await idempotency.remember(conn, call, command, answer)
    except asyncpg.UniqueViolationError as error:
        message = f"The project has a connection named {command.name} already. Choose another name."
        raise ConnectionNameTaken(message) from error
    catalogue.forget(call.project_id)
    return answer


async def delete_connection(
    database: Database, catalogue: Catalogue, call: Call, command: DeleteConnection
) -> ConnectionList:
    """Forget a connection and its key. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        name = await store.delete_connection(conn, call.project_id, command.id)
        if name is None:
            raise NotFound
        await outbox.add(conn, call, ConnectionDeleted(connection_id=command.id, name=name))
        answer = await _listed(conn, catalogue, call.project_id)
    catalogue.forget(call.project_id)
    return answer


async def test_connection(catalogue: Catalogue, call: Call, command: TestConnection) -> ConnectionCheck:
    """Ask the provider for its list of models within ten seconds. Raises NotFound."""
    connection = (await catalogue.of(call.project_id)).connections.get(command.name)
    if connection is None:
        message = "The project has no connection of this name."
        raise NotFound(message)
    seconds = max(1.0, call.remaining_seconds() - _ANSWER_SECONDS)
    return await check_connection(connection, catalogue.connections.rules, seconds)


async def _check(catalogue: Catalogue, command: SaveConnection) -> None:
    check_key(command.api_key)
    check_place(command.provider, command.base_url)
    if command.base_url:
        catalogue.connections.rules.check_url(command.base_url)
        await catalogue.connections.rules.check_host(command.base_url)


async def _stored(conn: Connection, catalogue: Catalogue, call: Call, command: SaveConnection) -> StoredConnection:
    if command.id is None:
        connection_id = new_id()
        values = _values(catalogue, call.project_id, connection_id, command, None)
        stored = await store.insert_connection(conn, call.project_id, connection_id, values, call.actor_id)
        count = len(await store.find_connections(conn, call.project_id))
        ProjectFull.check(count, MOST_CONNECTIONS, "connections")
        return stored
    found = await store.lock_connection(conn, call.project_id, command.id)
    if found is None:
        raise NotFound
    if found.revision != command.revision:
        message = "This connection was changed since you opened it. Read it again; nothing was saved."
        raise ConnectionChanged(message, revision=found.revision)
    values = _values(catalogue, call.project_id, found.id, command, found)
    return await store.update_connection(conn, call.project_id, found.id, values)


def _values(
    catalogue: Catalogue, project_id: UUID, connection_id: UUID, command: SaveConnection, found: StoredConnection | None
) -> ConnectionValues:
    """Put together what is kept. A key that was meant for another place does not travel to the new one."""
    base_url = command.base_url or None
    sealed_key, hint = None, None
    if command.api_key:
        sealed_key = catalogue.connections.sealer.seal(command.api_key, project_id, connection_id)
        hint = key_hint(command.api_key)
    elif command.api_key is None and found and (found.provider, found.base_url) == (command.provider, base_url):
        sealed_key, hint = found.sealed_key, found.key_hint
    return ConnectionValues(command.name, command.provider, base_url, sealed_key, hint)


async def _listed(conn: Connection, catalogue: Catalogue, project_id: UUID) -> ConnectionList:
    rows = await store.find_connections(conn, project_id)
    return ConnectionList(items=catalogue.connections.shown(project_id, rows))
