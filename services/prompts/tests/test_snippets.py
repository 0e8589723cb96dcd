import asyncio

import pytest

from prompts.domain.problems import SnippetInUse, SnippetNameTaken, SnippetRevisionConflict, TemplateInvalid
from prompts.operations.desk import Desk
from prompts.operations.prompts import create_prompt, delete_prompt
from prompts.operations.snippets import (
    create_snippet,
    delete_snippet,
    get_snippet,
    list_snippets,
    restore_snippet,
    update_snippet,
)
from shared.contracts.ids import encode_id
from shared.contracts.prompts import (
    CreatePrompt,
    CreateSnippet,
    DeletePrompt,
    DeleteSnippet,
    GetSnippet,
    ListSnippets,
    RestoreSnippet,
    Snippet,
    UpdateSnippet,
)
from shared.problems import Invalid, NotFound
from shared.testing.fixtures import make_call


async def test_a_snippet_is_made_read_and_listed_by_name(desk: Desk) -> None:
    call = make_call()
    for name in ("b", "a"):
        await create_snippet(desk, call, CreateSnippet(name=name, content=f"Text of {name}", description="How"))
    made = await get_snippet(desk, call, GetSnippet(name="a"))
    assert (made.content, made.version, made.revision, made.used_by) == ("Text of a", 1, 1, 0)
    assert [s.name for s in (await list_snippets(desk, call, ListSnippets())).items] == ["a", "b"]
    assert [s.name for s in (await list_snippets(desk, call, ListSnippets(query="OF B"))).items] == ["b"]
    with pytest.raises(NotFound):
        await get_snippet(desk, call, GetSnippet(name="c"))


async def test_of_racing_snippets_with_one_name_one_is_made(desk: Desk) -> None:
    call = make_call()
    command = CreateSnippet(name="one", content="x")
    made = await asyncio.gather(*(create_snippet(desk, call, command) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(snippet, Snippet) for snippet in made) == 1
    assert sum(isinstance(snippet, SnippetNameTaken) for snippet in made) == 9


async def test_the_same_key_answers_the_same_snippet(desk: Desk) -> None:
    call = make_call(idempotency_key="key")
    command = CreateSnippet(name="one", content="x")
    assert await create_snippet(desk, call, command) == await create_snippet(desk, call, command)


async def test_only_a_new_text_makes_a_version(desk: Desk) -> None:
    call = make_call()
    made = await create_snippet(desk, call, CreateSnippet(name="a", content="x"))
    described = await update_snippet(desk, call, UpdateSnippet(snippet_id=made.id, revision=1, description="d"))
    assert (described.version, described.revision, described.content) == (1, 2, "x")
    changed = await update_snippet(desk, call, UpdateSnippet(snippet_id=made.id, revision=2, content="y"))
    assert (changed.version, changed.revision, changed.description) == (2, 3, "d")


async def test_a_stale_change_is_refused_with_both_texts(desk: Desk) -> None:
    call = make_call()
    made = await create_snippet(desk, call, CreateSnippet(name="a", content="x"))
    await update_snippet(desk, call, UpdateSnippet(snippet_id=made.id, revision=1, content="theirs"))
    with pytest.raises(SnippetRevisionConflict) as caught:
        await update_snippet(desk, call, UpdateSnippet(snippet_id=made.id, revision=1, content="mine"))
    assert (caught.value.extensions["content"], caught.value.extensions["yours"]) == ("theirs", "mine")


async def test_a_text_that_does_not_stand_by_itself_is_refused(desk: Desk) -> None:
    with pytest.raises(TemplateInvalid):
        await create_snippet(desk, make_call(), CreateSnippet(name="a", content="{% if x %}"))


async def test_a_name_that_no_mention_could_hold_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid):
        await create_snippet(desk, make_call(), CreateSnippet(name="a-", content="x"))


async def test_a_snippet_in_use_is_not_deleted(desk: Desk) -> None:
    call = make_call()
    made = await create_snippet(desk, call, CreateSnippet(name="a", content="x"))
    other = await create_snippet(desk, call, CreateSnippet(name="b", content="@a"))
    prompt = await create_prompt(desk, call, CreatePrompt(title="T", template="@a@1"))
    assert (await get_snippet(desk, call, GetSnippet(name="a"))).used_by == 1
    with pytest.raises(SnippetInUse) as caught:
        await delete_snippet(desk, call, DeleteSnippet(snippet_id=made.id))
    assert caught.value.extensions["used_by"] == [
        {"kind": "prompt", "id": encode_id("pr", prompt.id), "title": "T"},
        {"kind": "snippet", "id": encode_id("sn", other.id), "title": "@b"},
    ]
    await delete_prompt(desk, call, DeletePrompt(prompt_id=prompt.id))
    await delete_snippet(desk, call, DeleteSnippet(snippet_id=other.id))
    await delete_snippet(desk, call, DeleteSnippet(snippet_id=made.id))


async def test_a_deleted_snippet_comes_back_unless_its_name_is_taken(desk: Desk) -> None:
    call = make_call()
    made = await create_snippet(desk, call, CreateSnippet(name="a", content="x"))
    for _ in range(2):
        await delete_snippet(desk, call, DeleteSnippet(snippet_id=made.id))
    with pytest.raises(NotFound):
        await get_snippet(desk, call, GetSnippet(name="a"))
    for _ in range(2):
        assert (await restore_snippet(desk, call, RestoreSnippet(snippet_id=made.id))).content == "x"
    await delete_snippet(desk, call, DeleteSnippet(snippet_id=made.id))
    await create_snippet(desk, call, CreateSnippet(name="a", content="other"))
    with pytest.raises(SnippetNameTaken):
        await restore_snippet(desk, call, RestoreSnippet(snippet_id=made.id))
