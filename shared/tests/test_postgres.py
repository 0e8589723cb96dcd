from uuid import uuid4

import asyncpg
import pytest

from shared import idempotency, migrations, outbox
from shared.contracts.prompts import Done, GetPrompt, PromptCreated
from shared.idempotency import IdempotencyKeyReused, RequestUnderWay
from shared.postgres import Database
from shared.problems import Unavailable
from shared.testing.fixtures import DatabaseFor, make_call
from shared.testing.servers import Servers


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("workflows")


async def _tell(database: Database) -> None:
    call = make_call()
    async with database.transaction(call.project_id) as conn:
        await outbox.add(conn, call, PromptCreated(prompt_id=uuid4(), revision=1))


async def test_a_transaction_sees_the_rows_of_its_projects_only(database: Database) -> None:
    for _ in range(3):
        await _tell(database)
    async with database.relay() as conn:
        projects = [row["project_id"] for row in await conn.fetch("SELECT project_id FROM outbox")]
    async with database.transaction(projects[:2]) as conn:
        assert {row["project_id"] for row in await conn.fetch("SELECT project_id FROM outbox")} == set(projects[:2])
    async with database.transaction(uuid4()) as conn:
        assert await conn.fetch("SELECT project_id FROM outbox") == []


async def test_a_row_of_another_project_cannot_be_written(database: Database) -> None:
    ours, theirs = make_call(), make_call()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(ours.project_id) as conn:
            await outbox.add(conn, theirs, PromptCreated(prompt_id=uuid4(), revision=1))


async def test_the_project_does_not_outlive_its_transaction(database: Database) -> None:
    await _tell(database)
    async with database._app.acquire() as conn:
        assert await conn.fetch("SELECT id FROM outbox") == []


async def _fail_as_postgresql(database: Database, code: str) -> None:
    async with database.transaction(()) as conn:
        await conn.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END $$")


async def test_a_full_storage_is_said_with_time_to_make_room(database: Database) -> None:
    with pytest.raises(Unavailable, match="The storage is full") as caught:
        await _fail_as_postgresql(database, "53100")
    assert caught.value.extensions["retry_after_seconds"] == 30


@pytest.mark.parametrize("code", ["57P01", "57P02", "57P03"])
async def test_a_server_that_goes_in_the_middle_is_away_for_a_moment(database: Database, code: str) -> None:
    with pytest.raises(Unavailable, match="away for a moment"):
        await _fail_as_postgresql(database, code)


@pytest.mark.parametrize("service", ["prompts", "documents", "llm_gateway", "workflows", "web"])
async def test_every_table_with_a_project_is_held_by_forced_row_level_security(
    database_for: DatabaseFor, databases: dict[str, str], servers: Servers, service: str
) -> None:
    await database_for(service)
    connection = await asyncpg.connect(servers.dsn(f"{service}_owner", databases[service]))
    loose = await connection.fetch(
        """
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE attname = 'project_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
          AND NOT (relrowsecurity AND relforcerowsecurity AND attnotnull)
        """
    )
    await connection.close()
    assert [row["relname"] for row in loose] == []


async def test_migrating_twice_applies_nothing_the_second_time(
    databases: dict[str, str], database: Database, servers: Servers
) -> None:
    assert await migrations.migrate(servers.dsn("workflows_owner", databases["workflows"]), None, "workflows") == []


async def test_a_changed_migration_stops_the_start(
    databases: dict[str, str], database: Database, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        migrations,
        "read_migrations",
        lambda _folder, _space: [migrations.Migration("ground/0001_ground", "SELECT 1", "another hash")],
    )
    with pytest.raises(migrations.MigrationChangedError):
        await migrations.migrate(servers.dsn("workflows_owner", databases["workflows"]), None, "workflows")


async def test_an_idempotency_key_gives_the_first_answer_again(database: Database) -> None:
    call, command = make_call(idempotency_key="k1"), GetPrompt(prompt_id=uuid4())
    async with database.transaction(call.project_id) as conn:
        assert await idempotency.recall(conn, call, command, Done) is None
        await idempotency.remember(conn, call, command, Done(done=False))
    async with database.transaction(call.project_id) as conn:
        assert await idempotency.recall(conn, call, command, Done) == Done(done=False)


async def test_an_idempotency_key_with_another_request_is_refused(database: Database) -> None:
    call = make_call(idempotency_key="k1")
    async with database.transaction(call.project_id) as conn:
        await idempotency.remember(conn, call, GetPrompt(prompt_id=uuid4()), Done())
    with pytest.raises(IdempotencyKeyReused):
        async with database.transaction(call.project_id) as conn:
            await idempotency.recall(conn, call, GetPrompt(prompt_id=uuid4()), Done)


async def test_a_request_that_is_under_way_is_409_for_its_twin(database: Database) -> None:
    call, command = make_call(idempotency_key="k1"), GetPrompt(prompt_id=uuid4())
    async with database.transaction(call.project_id) as conn:
        await idempotency.recall(conn, call, command, Done)
        with pytest.raises(RequestUnderWay):
            async with database.transaction(call.project_id) as twin:
                await idempotency.recall(twin, call, command, Done)
