from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from prompts.operations.desk import Desk
from prompts.operations.optimizations import get_optimization, optimize_prompt
from prompts.operations.prompts import (
    create_prompt,
    delete_prompt,
    get_prompt,
    list_prompts,
    move_label,
    restore_prompt,
    update_prompt,
)
from prompts.operations.snippets import (
    create_snippet,
    delete_snippet,
    get_snippet,
    list_snippets,
    restore_snippet,
    update_snippet,
)
from prompts.operations.templates import check_template, preview_template, render_prompt
from prompts.operations.versions import commit_version, list_versions
from shared.call import Call
from shared.contracts import prompts as contracts
from shared.contracts.ids import new_id
from shared.contracts.prompts import CheckTemplate, CreatePrompt, CreateSnippet, ListPrompts, ListSnippets
from shared.problems import NotFound
from shared.testing.fixtures import make_call
from shared.testing.servers import Servers

INVARIANTS = Path(__file__).parents[1] / "invariants.sql"
TENANT_TABLES = (
    "prompt_sets",
    "prompts",
    "prompt_versions",
    "prompt_labels",
    "snippets",
    "snippet_versions",
    "optimizations",
)

type Attempt = Callable[[Desk, Call], Awaitable[object]]


async def filled(desk: Desk, call: Call) -> dict[str, Attempt]:
    """Make one of everything, and return every way to reach it by its id or name."""
    snippet = await create_snippet(desk, call, CreateSnippet(name="style", content="secret"))
    prompt = await create_prompt(desk, call, CreatePrompt(title="Outline", template="@style {{ premise }}"))
    await move_label(desk, call, contracts.MoveLabel(prompt_id=prompt.id, label="production", version=1))
    rewrite = await optimize_prompt(desk, call, contracts.OptimizePrompt(template="raw"))
    return attempts_on(prompt.id, snippet.id, rewrite.id)


def attempts_on(p: UUID, s: UUID, rewrite: UUID, name: str = "style") -> dict[str, Attempt]:
    """List every way to reach a prompt, a snippet and a rewrite."""
    return {
        "get": lambda d, c: get_prompt(d, c, contracts.GetPrompt(prompt_id=p)),
        "update": lambda d, c: update_prompt(d, c, contracts.UpdatePrompt(prompt_id=p, revision=2, title="X")),
        "commit": lambda d, c: commit_version(d, c, contracts.CommitVersion(prompt_id=p, base_version=1, template="x")),
        "versions": lambda d, c: list_versions(d, c, contracts.ListVersions(prompt_id=p)),
        "delete": lambda d, c: delete_prompt(d, c, contracts.DeletePrompt(prompt_id=p)),
        "restore": lambda d, c: restore_prompt(d, c, contracts.RestorePrompt(prompt_id=p)),
        "label": lambda d, c: move_label(d, c, contracts.MoveLabel(prompt_id=p, label="a", version=1)),
        "preview": lambda d, c: preview_template(d, c, contracts.PreviewTemplate(prompt_id=p, template="x")),
        "render": lambda d, c: render_prompt(d, c, contracts.RenderPrompt(prompt_id=p, values={"premise": "x"})),
        "get snippet": lambda d, c: get_snippet(d, c, contracts.GetSnippet(name=name)),
        "update snippet": lambda d, c: update_snippet(
            d, c, contracts.UpdateSnippet(snippet_id=s, revision=1, content="x")
        ),
        "delete snippet": lambda d, c: delete_snippet(d, c, contracts.DeleteSnippet(snippet_id=s)),
        "restore snippet": lambda d, c: restore_snippet(d, c, contracts.RestoreSnippet(snippet_id=s)),
        "rewrite": lambda d, c: get_optimization(d, c, contracts.GetOptimization(optimization_id=rewrite)),
    }


async def test_another_project_finds_nothing_and_is_told_what_a_missing_id_is_told(desk: Desk) -> None:
    attempts = await filled(desk, make_call())
    stranger = make_call("admin")
    missing = attempts_on(new_id(), new_id(), new_id(), "nobody")
    for name, attempt in attempts.items():
        with pytest.raises(NotFound) as foreign:
            await attempt(desk, stranger)
        with pytest.raises(NotFound) as absent:
            await missing[name](desk, stranger)
        assert foreign.value.document() == absent.value.document()
    assert (await list_prompts(desk, stranger, ListPrompts())).total == 0
    assert (await list_snippets(desk, stranger, ListSnippets())).items == []
    check = await check_template(desk, stranger, CheckTemplate(template="@style {% render 'outline' %}"))
    assert [finding.code for finding in check.findings] == ["unknown-prompt", "unknown-snippet"]


async def test_names_of_one_project_are_free_in_another(desk: Desk) -> None:
    for call in (make_call(), make_call()):
        await filled(desk, call)


async def test_row_level_security_hides_what_a_forgotten_filter_would_show(desk: Desk) -> None:
    await filled(desk, make_call())
    async with desk.database.transaction(make_call().project_id) as conn:
        for table in (*TENANT_TABLES, "live_prompts", "live_snippets"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608  names from above


async def test_every_table_with_a_project_forces_row_level_security(desk: Desk) -> None:
    async with desk.database.relay() as conn:
        rows = await conn.fetch(
            """
            SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_forced
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'project_id'
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            """
        )
    assert {row["relname"] for row in rows} >= set(TENANT_TABLES)
    assert all(row["is_forced"] for row in rows)


async def test_the_invariants_hold_after_ordinary_work_and_notice_damage(
    desk: Desk, servers: Servers, databases: dict[str, str]
) -> None:
    await filled(desk, make_call())
    queries = [query for query in INVARIANTS.read_text(encoding="utf-8").split(";") if "SELECT" in query]
    connection = await asyncpg.connect(servers.admin_dsn, database=databases["prompts"])
    try:
        assert [await connection.fetch(query) for query in queries] == [[]] * len(queries)
        await connection.execute("DELETE FROM prompt_labels; UPDATE prompt_versions SET number = 2")
        await connection.execute("UPDATE optimizations SET created_at = now() - interval '1 hour'")
        found = [row["violation"] for query in queries for row in await connection.fetch(query)]
    finally:
        await connection.close()
    assert "version numbers have a gap" in found
    assert "a rewrite has been running too long" in found
