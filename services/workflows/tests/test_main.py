from collections.abc import Callable

from httpx2 import ASGITransport, AsyncClient

from shared.postgres import Database
from shared.testing.fixtures import DatabaseFor
from workflows.main import opened
from workflows.settings import WorkflowsSettings

SettingsFor = Callable[[str, str], dict[str, object]]


async def test_the_service_starts_and_says_that_it_is_ready(
    database_for: DatabaseFor, databases: dict[str, str], settings_for: SettingsFor, streams: None
) -> None:
    database: Database = await database_for("workflows")
    settings = WorkflowsSettings.model_validate(settings_for("workflows", databases["workflows"]))
    async with (
        opened(settings) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://workflows") as client,
    ):
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": True, "nats": True, "serving": True})
    assert await database.is_ready()


async def test_the_schema_holds_the_ground_and_nothing_of_its_own(database_for: DatabaseFor) -> None:
    database = await database_for("workflows")
    async with database.relay() as conn:
        tables = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    assert [table["tablename"] for table in tables] == [
        "applied_migrations",
        "dead_letters",
        "idempotency_keys",
        "inbox",
        "outbox",
    ]
