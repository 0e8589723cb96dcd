from pathlib import Path

import asyncpg
import pytest
from services.web.tests.conftest import Site

from shared.contracts.ids import new_id
from shared.postgres import Database
from shared.testing.fixtures import DatabaseFor
from web.store import people

INVARIANTS = Path(__file__).parents[1] / "invariants.sql"


async def test_the_app_role_sees_the_rows_of_the_projects_it_named_only(site: Site) -> None:
    mine, other = await site.person(), await site.person()
    await other.post("/api/keys", {"name": "CI", "scopes": ["prompts.read"]})
    for projects in ((), [mine.project_id]):
        async with site.house.database.transaction(projects) as conn:
            assert await people.find_role(conn, other.project_id, other.user_id) is None
            # Read without any filter: row level security is the second wall.
            assert [dict(row) for row in await conn.fetch("SELECT id FROM api_keys")] == []
            seen = await conn.fetch("SELECT project_id FROM projects UNION ALL SELECT project_id FROM members")
            assert {row["project_id"] for row in seen} == set(projects)


async def test_a_person_cannot_be_made_a_member_of_a_project_that_is_not_named(site: Site) -> None:
    mine, other = await site.person(), await site.person()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with site.house.database.transaction(mine.project_id) as conn:
            await people.insert_member(conn, other.project_id, mine.user_id, "admin")


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("web")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM projects",
        "DELETE FROM members",
        "DELETE FROM api_keys",
        "DELETE FROM users",
        "DELETE FROM sessions",
        "DELETE FROM sign_in_links",
        "UPDATE members SET role = 'admin'",
        "UPDATE api_keys SET revoked_at = NULL",
        "UPDATE sessions SET user_id = gen_random_uuid()",
        "INSERT INTO sessions (token_hash, user_id) VALUES ('', gen_random_uuid())",
        "SELECT password_hash FROM users",
        "SELECT token_hash FROM sign_in_links",
    ],
)
async def test_the_role_at_the_door_only_looks(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.relay() as conn:
            await conn.execute(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE users SET password_hash = ''", "DELETE FROM users", "UPDATE sign_in_links SET user_id = NULL"]
)
async def test_the_app_role_cannot_rewrite_what_opens_an_account(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(()) as conn:
            await conn.execute(statement)


async def test_the_tables_without_row_level_security_are_the_ones_read_before_a_project_is_known(
    site: Site, superuser: asyncpg.Connection
) -> None:
    await site.person()
    rows = await superuser.fetch(
        """
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT (relrowsecurity AND relforcerowsecurity)
        """
    )
    exempt = {"users", "sessions", "sign_in_links", "sign_in_attempts", "applied_migrations"}
    assert {row["relname"] for row in rows} == exempt


async def test_a_link_is_forgotten_a_day_after_its_end(site: Site, superuser: asyncpg.Connection) -> None:
    await site.link()
    await superuser.execute("UPDATE sign_in_links SET expires_at = now() - interval '25 hours'")
    await site.link()
    assert await superuser.fetchval("SELECT count(*) FROM sign_in_links") == 1


async def test_the_invariants_hold_after_ordinary_work_and_notice_damage(
    site: Site, superuser: asyncpg.Connection
) -> None:
    browser = site.stranger()
    await site.set_up(browser)
    person = await site.person()
    await person.post("/api/keys", {"name": "CI", "scopes": ["prompts.read"]})
    queries = [query for query in INVARIANTS.read_text(encoding="utf-8").split(";") if "SELECT" in query]
    assert [await superuser.fetch(query) for query in queries] == [[]] * len(queries)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("DELETE FROM projects WHERE project_id = $1", person.project_id)
    await superuser.execute("UPDATE api_keys SET scopes = '{keys.manage}'")
    await superuser.execute("UPDATE users SET password_hash = 'plain' WHERE id = $1", person.user_id)
    await superuser.execute("INSERT INTO sessions (token_hash, user_id) VALUES ('', $1)", new_id())
    await superuser.execute("INSERT INTO sign_in_links VALUES ('', NULL, now(), now())")
    found = {row["violation"] for query in queries for row in await superuser.fetch(query)}
    assert found == {
        "a member of a missing project",
        "a person without a personal project",
        "a session of nobody",
        "set up twice",
        "a key of a missing project or of nobody",
        "a key that may do nothing, or manage people",
        "a secret that is not hashed",
    }
