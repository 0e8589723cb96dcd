import asyncio

import pytest
from pydantic import TypeAdapter

from prompts.domain.problems import (
    LabelReserved,
    PromptInUse,
    PromptRevisionConflict,
    PromptSlugTaken,
    PromptVersionConflict,
    TemplateCycle,
    TemplateInvalid,
)
from prompts.operations.desk import Desk
from prompts.operations.prompts import (
    create_prompt,
    delete_prompt,
    get_prompt,
    list_prompts,
    move_label,
    restore_prompt,
    update_prompt,
)
from prompts.operations.versions import commit_version, list_versions, name_versions
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.prompts import (
    CommitVersion,
    CreatePrompt,
    DeletePrompt,
    Finding,
    GetPrompt,
    ListPrompts,
    ListVersions,
    MoveLabel,
    NameVersions,
    Parameter,
    PromptDetail,
    RestorePrompt,
    UpdatePrompt,
)
from shared.idempotency import IdempotencyKeyReused, RequestUnderWay
from shared.problems import Invalid, NotFound, Unavailable
from shared.testing.fixtures import make_call


async def written(desk: Desk, call: Call, title: str = "Episode outline", **rest: object) -> PromptDetail:
    return await create_prompt(
        desk, call, CreatePrompt.model_validate({"title": title, "template": "Outline {{ premise }}"} | rest)
    )


def the_finding(problem: TemplateInvalid) -> Finding:
    (finding,) = TypeAdapter(list[Finding]).validate_python(problem.extensions["findings"])
    return finding


async def facts(desk: Desk) -> list[str]:
    async with desk.database.relay() as conn:
        return [row["subject"] for row in await conn.fetch("SELECT subject FROM outbox ORDER BY id")]


async def test_a_new_prompt_has_its_text_as_version_1_and_tells_one_fact(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call, tags=["fiction"], template="Outline {{ premise }}\r\nwith @house-style")
    assert (prompt.set_slug, prompt.slug, prompt.latest_version, prompt.revision) == (
        "default",
        "episode-outline",
        1,
        1,
    )
    assert prompt.latest.template == "Outline {{ premise }}\nwith @house-style"
    assert [p.name for p in prompt.parameters] == ["premise"]
    assert [(use.name, use.found) for use in prompt.snippets] == [("house-style", False)]
    assert prompt.author_id == call.actor_id
    assert await facts(desk) == ["fact.prompts.prompt.created.v1"]
    assert await get_prompt(desk, call, GetPrompt(prompt_id=prompt.id)) == prompt


async def test_a_generated_slug_steps_aside_and_a_chosen_one_is_refused(desk: Desk) -> None:
    call = make_call()
    slugs = [(await written(desk, call)).slug for _ in range(3)]
    assert slugs == ["episode-outline", "episode-outline-2", "episode-outline-3"]
    with pytest.raises(PromptSlugTaken):
        await written(desk, call, slug="episode-outline")
    assert (await written(desk, call, slug="episode-outline", set_slug="fiction")).set_slug == "fiction"


async def test_long_titles_step_aside_too(desk: Desk) -> None:
    call = make_call()
    slugs = [(await written(desk, call, title="word " * 39 + "end")).slug for _ in range(3)]
    assert len(set(slugs)) == 3
    assert all(len(slug) <= 80 for slug in slugs)


async def test_racing_first_prompts_make_one_set_and_different_slugs(desk: Desk) -> None:
    call = make_call()
    made = await asyncio.gather(*(written(desk, call) for _ in range(20)))
    assert len({prompt.slug for prompt in made}) == 20
    async with desk.database.transaction(call.project_id) as conn:
        assert await conn.fetchval("SELECT count(*) FROM prompt_sets") == 1


async def test_of_racing_prompts_with_one_chosen_slug_one_is_made(desk: Desk) -> None:
    call = make_call()
    made = await asyncio.gather(*(written(desk, call, slug="one") for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(prompt, PromptDetail) for prompt in made) == 1
    assert sum(isinstance(prompt, PromptSlugTaken) for prompt in made) == 9


async def test_equal_keys_make_one_prompt_and_another_body_is_refused(desk: Desk) -> None:
    call = make_call(idempotency_key="key")
    results = await asyncio.gather(*(written(desk, call) for _ in range(20)), return_exceptions=True)
    made = [result for result in results if isinstance(result, PromptDetail)]
    assert made
    assert all(isinstance(result, PromptDetail | RequestUnderWay) for result in results)
    assert {prompt.id for prompt in made} == {(await written(desk, call)).id}
    with pytest.raises(IdempotencyKeyReused):
        await written(desk, call, title="Another")
    assert await facts(desk) == ["fact.prompts.prompt.created.v1"]


async def test_a_template_with_errors_is_refused_with_the_place(desk: Desk) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        await written(desk, make_call(), template="fine\n😀 {{ a | frobnicate }}")
    finding = the_finding(caught.value)
    assert (finding.line, finding.column, finding.code) == (2, 11, "unknown-filter")


async def test_declarations_that_contradict_themselves_are_refused_by_name(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        await written(desk, make_call(), parameters=[{"name": "premise", "type": "enum"}])
    assert "premise" in caught.value.detail


async def test_declared_parameters_win_over_what_the_template_suggests(desk: Desk) -> None:
    prompt = await written(
        desk, make_call(), parameters=[{"name": "premise", "type": "text", "description": "One line"}]
    )
    assert prompt.parameters == [Parameter(name="premise", type="text", description="One line")]


async def test_an_update_changes_what_is_named_and_a_stale_one_is_refused(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call, default_model="simulator/quill", tags=["a"])
    changed = await update_prompt(desk, call, UpdatePrompt(prompt_id=prompt.id, revision=1, title="New", archived=True))
    assert (changed.title, changed.archived, changed.tags, changed.revision) == ("New", True, ["a"], 2)
    cleared = await update_prompt(desk, call, UpdatePrompt(prompt_id=prompt.id, revision=2, default_model="", tags=[]))
    assert (cleared.default_model, cleared.tags) == (None, [])
    with pytest.raises(PromptRevisionConflict) as caught:
        await update_prompt(desk, call, UpdatePrompt(prompt_id=prompt.id, revision=1, title="Stale"))
    assert caught.value.extensions["revision"] == 3


async def test_a_commit_adds_a_version_and_the_same_content_again_does_not(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    command = CommitVersion(prompt_id=prompt.id, base_version=1, template="Outline {{ premise }} twice", message="More")
    first, again = await commit_version(desk, call, command), await commit_version(desk, call, command)
    assert (first.latest_version, first.latest.message) == (2, "More")
    assert again == first
    versions = await list_versions(desk, call, ListVersions(prompt_id=prompt.id))
    assert [version.number for version in versions.items] == [2, 1]
    assert await facts(desk) == ["fact.prompts.prompt.created.v1", "fact.prompts.prompt_version.committed.v1"]


async def test_versions_are_named_by_their_ids_also_of_deleted_prompts_and_never_of_another_project(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    second = await commit_version(desk, call, CommitVersion(prompt_id=prompt.id, base_version=1, template="Other"))
    await delete_prompt(desk, call, DeletePrompt(prompt_id=prompt.id))
    ids = NameVersions(ids=[prompt.latest.id, second.latest.id, new_id()])
    named = {
        name.id: (name.prompt_id, name.title, name.number) for name in (await name_versions(desk, call, ids)).items
    }
    assert named == {
        prompt.latest.id: (prompt.id, "Episode outline", 1),
        second.latest.id: (prompt.id, "Episode outline", 2),
    }
    assert (await name_versions(desk, make_call(), ids)).items == []


async def test_a_stale_commit_is_refused_with_both_texts(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    await commit_version(desk, call, CommitVersion(prompt_id=prompt.id, base_version=1, template="theirs"))
    with pytest.raises(PromptVersionConflict) as caught:
        await commit_version(desk, call, CommitVersion(prompt_id=prompt.id, base_version=1, template="mine"))
    latest, yours = caught.value.extensions["latest"], caught.value.extensions["yours"]
    assert isinstance(latest, dict)
    assert isinstance(yours, dict)
    assert (latest["template"], yours["template"]) == ("theirs", "mine")


async def test_a_commit_keeps_declarations_that_are_still_used(desk: Desk) -> None:
    call = make_call()
    declared = [{"name": "premise", "type": "text"}, {"name": "gone"}]
    prompt = await written(desk, call, template="{{ premise }} {{ gone }}", parameters=declared)
    changed = await commit_version(
        desk, call, CommitVersion(prompt_id=prompt.id, base_version=1, template="{{ premise }} {{ new }}")
    )
    assert [(p.name, p.type) for p in changed.parameters] == [("premise", "text"), ("new", "string")]


async def test_fifty_racing_commits_leave_no_gap_and_lose_no_text(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)

    async def insist(number: int) -> None:
        base = 1
        while True:
            command = CommitVersion(prompt_id=prompt.id, base_version=base, template=f"text {number} {{{{ premise }}}}")
            try:
                await commit_version(desk, call, command)
            except PromptVersionConflict as conflict:
                latest = conflict.extensions["latest"]
                assert isinstance(latest, dict)
                base = int(str(latest["number"]))
            except Unavailable:
                # Fifty for eight connections: whoever got none within a second asks again, as any caller would.
                continue
            else:
                return

    await asyncio.gather(*(insist(number) for number in range(50)))
    versions = (await list_versions(desk, call, ListVersions(prompt_id=prompt.id))).items
    assert [version.number for version in versions] == list(range(51, 0, -1))
    assert len({version.template for version in versions}) == 51


async def test_a_deleted_prompt_leaves_the_lists_and_comes_back(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    for _ in range(2):
        await delete_prompt(desk, call, DeletePrompt(prompt_id=prompt.id))
    assert (await list_prompts(desk, call, ListPrompts())).total == 0
    with pytest.raises(NotFound):
        await get_prompt(desk, call, GetPrompt(prompt_id=prompt.id))
    for _ in range(2):
        restored = await restore_prompt(desk, call, RestorePrompt(prompt_id=prompt.id))
    assert restored.latest == prompt.latest
    assert await facts(desk) == [f"fact.prompts.prompt.{what}.v1" for what in ("created", "deleted", "restored")]


async def test_a_prompt_whose_slug_was_taken_meanwhile_cannot_come_back(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    await delete_prompt(desk, call, DeletePrompt(prompt_id=prompt.id))
    await written(desk, call)
    with pytest.raises(PromptSlugTaken):
        await restore_prompt(desk, call, RestorePrompt(prompt_id=prompt.id))


async def test_a_prompt_that_others_include_is_not_deleted(desk: Desk) -> None:
    call = make_call()
    part = await written(desk, call, title="Part")
    whole = await written(desk, call, title="Whole", template="{% render 'part' %}")
    with pytest.raises(PromptInUse) as caught:
        await delete_prompt(desk, call, DeletePrompt(prompt_id=part.id))
    assert caught.value.extensions["used_by"] == [{"kind": "prompt", "id": encode_id("pr", whole.id), "title": "Whole"}]
    await delete_prompt(desk, call, DeletePrompt(prompt_id=whole.id))
    await delete_prompt(desk, call, DeletePrompt(prompt_id=part.id))


async def test_prompts_that_include_each_other_are_refused_with_the_way_round(desk: Desk) -> None:
    call = make_call()
    a = await written(desk, call, title="A")
    await written(desk, call, title="B", template="{% render 'a' %}")
    command = CommitVersion(prompt_id=a.id, base_version=1, template="{% render 'default/b' %}")
    with pytest.raises(TemplateCycle) as caught:
        await commit_version(desk, call, command)
    assert caught.value.extensions["cycle"] == ["default/a", "default/b", "default/a"]
    with pytest.raises(TemplateCycle):
        await written(desk, call, slug="self", template="{% render 'self' %}")


async def test_labels_point_at_versions_that_exist_and_latest_is_reserved(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    moved = await move_label(desk, call, MoveLabel(prompt_id=prompt.id, label="production", version=1))
    assert moved.labels == {"production": 1}
    with pytest.raises(NotFound):
        await move_label(desk, call, MoveLabel(prompt_id=prompt.id, label="production", version=2))
    with pytest.raises(LabelReserved):
        await move_label(desk, call, MoveLabel(prompt_id=prompt.id, label="latest", version=1))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outl", 1),
        ("EPISODE ferry", 1),
        ("captain", 1),
        ("fict", 1),
        ("tone", 1),
        ("nothing", 0),
        ("@house", 1),
        ("", 2),
    ],
)
async def test_a_search_finds_word_beginnings_everywhere(desk: Desk, query: str, found: int) -> None:
    call = make_call()
    await written(
        desk,
        call,
        description="About a ferry/captain",
        tags=["fiction"],
        template="Outline {{ person.tone }} by @house-style",
    )
    await written(desk, call, title="Other", template="x")
    assert (await list_prompts(desk, call, ListPrompts(query=query))).total == found


async def test_pages_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    call = make_call()
    made = [(await written(desk, call, title=f"P {number}", tags=["t"])).id for number in range(7)]
    seen, cursor = [], None
    while True:
        page = await list_prompts(desk, call, ListPrompts(limit=3, cursor=cursor, tag="t"))
        assert page.total == 7
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_archived_prompts_are_listed_apart(desk: Desk) -> None:
    call = make_call()
    prompt = await written(desk, call)
    await update_prompt(desk, call, UpdatePrompt(prompt_id=prompt.id, revision=1, archived=True))
    assert (await list_prompts(desk, call, ListPrompts())).items == []
    assert [p.id for p in (await list_prompts(desk, call, ListPrompts(archived=True))).items] == [prompt.id]
