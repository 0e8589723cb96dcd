from pathlib import Path

import asyncpg
import pytest
from services.documents.tests.conftest import PROMPT_ID, Stage, an_order

from documents.operations.editing import create_document, delete_document, update_document
from documents.operations.generating import generate_document
from documents.operations.reading import list_documents
from shared.contracts.documents import CreateDocument, DeleteDocument, DocumentDetail, ListDocuments, UpdateDocument
from shared.embedded.provision import dsn_for_database
from shared.problems import Invalid
from shared.testing.fixtures import make_call
from shared.testing.servers import Servers

INVARIANTS = Path(__file__).parents[1] / "invariants.sql"
TABLES = ("documents", "generation_orders")


async def _create(stage: Stage, title: str, content: str = "", tags: list[str] | None = None) -> DocumentDetail:
    command = CreateDocument(title=title, content=content, tags=tags or [])
    return await create_document(stage.database, stage.call, command)


async def _titles(stage: Stage, **filters: object) -> list[str]:
    page = await list_documents(stage.database, stage.call, ListDocuments.model_validate(filters))
    assert page.total == len(page.items)
    return [item.title for item in page.items]


async def test_pages_follow_each_other_without_gap_or_repeat_newest_first(stage: Stage) -> None:
    for number in range(7):
        await _create(stage, f"Number {number}")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await list_documents(stage.database, stage.call, ListDocuments(limit=3, cursor=cursor))
        assert page.total == 7
        seen += [item.title for item in page.items]
        await _create(make_stage_of_another_project(stage), "Elsewhere")
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"Number {number}" for number in reversed(range(7))]


def make_stage_of_another_project(stage: Stage) -> Stage:
    return Stage(stage.database, stage.bus, stage.prompts, stage.gateway, stage.web)


async def test_a_full_last_page_has_no_next_one(stage: Stage) -> None:
    for number in range(4):
        await _create(stage, f"Number {number}")
    page = await list_documents(stage.database, stage.call, ListDocuments(limit=4))
    assert page.next_cursor is None


async def test_a_foreign_cursor_is_refused_by_name(stage: Stage) -> None:
    with pytest.raises(Invalid, match="cursor"):
        await list_documents(stage.database, stage.call, ListDocuments(cursor="pr_nonsense"))


@pytest.mark.parametrize("query", ["ferry", "FERR", "captain le", "house ferry", "ägypt", "@harbour", "3.1"])
async def test_search_finds_word_beginnings_in_title_and_text(stage: Stage, query: str) -> None:
    await _create(stage, "The last ferry", "Its captain (old) left. @harbour/house Ägypten 3.14")
    await _create(stage, "Something else", "entirely")
    assert await _titles(stage, query=query) == ["The last ferry"]


@pytest.mark.parametrize("query", ["erry", "ferry plane", "'; DROP TABLE documents", "ferry & !x"])
async def test_search_wants_every_word_and_takes_no_syntax(stage: Stage, query: str) -> None:
    await _create(stage, "The last ferry", "Its captain left.")
    assert await _titles(stage, query=query) == []


async def test_search_reaches_the_end_of_the_longest_text_and_a_changed_text_and_title(stage: Stage) -> None:
    document = await _create(stage, "Long", "word " * 250_000 + "lighthouse")
    assert await _titles(stage, query="lighth") == ["Long"]
    change = UpdateDocument(document_id=document.id, revision=1, title="Brief", content="a harbour")
    await update_document(stage.database, stage.call, change)
    assert await _titles(stage, query="lighth") == []
    assert await _titles(stage, query="brief harb") == ["Brief"]


async def test_filters_narrow_the_list(stage: Stage) -> None:
    await _create(stage, "By hand", tags=["sea"])
    await generate_document(
        stage.database, stage.bus, stage.models, stage.call, an_order(title="By a model", tags=["air"])
    )
    archived = await _create(stage, "Old")
    await update_document(
        stage.database, stage.call, UpdateDocument(document_id=archived.id, revision=1, archived=True)
    )
    gone = await _create(stage, "Gone")
    await delete_document(stage.database, stage.call, DeleteDocument(document_id=gone.id))
    assert await _titles(stage) == ["By a model", "By hand"]
    assert await _titles(stage, tag="sea") == ["By hand"]
    assert await _titles(stage, status="generating") == ["By a model"]
    assert await _titles(stage, prompt_id=PROMPT_ID) == ["By a model"]
    assert await _titles(stage, archived=True) == ["Old"]


async def test_another_projects_list_is_empty(stage: Stage) -> None:
    await _create(stage, "Mine")
    assert await _titles(make_stage_of_another_project(stage)) == []


@pytest.mark.parametrize("table", TABLES)
async def test_row_level_security_hides_other_projects_even_without_a_filter(stage: Stage, table: str) -> None:
    await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order())
    async with stage.database.transaction(make_call().project_id) as conn:
        assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  a name of ours
        assert await conn.execute(f"DELETE FROM {table}") == "DELETE 0"  # noqa: S608  a name of ours
    async with stage.database.transaction(stage.call.project_id) as conn:
        assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 1  # noqa: S608  a name of ours


async def test_the_relay_role_cannot_read_a_document(stage: Stage) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with stage.database.relay() as conn:
            await conn.fetch("SELECT content FROM documents")


async def _violations(servers: Servers, database: str) -> list[str]:
    connection = await asyncpg.connect(dsn_for_database(servers.admin_dsn, database))
    try:
        return [row["violation"] for row in await connection.fetch(INVARIANTS.read_text(encoding="utf-8"))]
    finally:
        await connection.close()


async def test_the_invariants_hold_for_sound_rows_and_name_broken_ones(
    stage: Stage, servers: Servers, databases: dict[str, str]
) -> None:
    await _create(stage, "By hand", "x" * 300)
    await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order())
    assert await _violations(servers, databases["documents"]) == []
    async with stage.database.transaction(stage.call.project_id) as conn:
        await conn.execute("UPDATE documents SET excerpt = 'y', status = 'ready'")
    assert sorted(set(await _violations(servers, databases["documents"]))) == [
        "ended_but_its_order_is_open",
        "excerpt_is_not_the_beginning",
        "generated_without_usage",
    ]
