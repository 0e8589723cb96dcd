import pytest
from pydantic import TypeAdapter

from prompts.domain.problems import TemplateCycle, TemplateInvalid, TemplateTooHeavy, UnknownReference
from prompts.operations.desk import Desk
from prompts.operations.prompts import create_prompt, delete_prompt, move_label, update_prompt
from prompts.operations.snippets import create_snippet, update_snippet
from prompts.operations.templates import check_template, preview_template, render_prompt, render_prompt_by_name
from prompts.operations.versions import commit_version
from shared.call import Call
from shared.contracts.prompts import (
    CheckTemplate,
    CommitVersion,
    CreatePrompt,
    CreateSnippet,
    DeletePrompt,
    Finding,
    MoveLabel,
    PreviewTemplate,
    PromptDetail,
    RenderPrompt,
    RenderPromptByName,
    Snippet,
    UpdatePrompt,
    UpdateSnippet,
)
from shared.problems import Invalid, NotFound
from shared.testing.fixtures import make_call


def the_finding(problem: TemplateInvalid) -> Finding:
    (finding,) = TypeAdapter(list[Finding]).validate_python(problem.extensions["findings"])
    return finding


async def prompt(desk: Desk, call: Call, template: str, title: str = "Outline") -> PromptDetail:
    return await create_prompt(desk, call, CreatePrompt(title=title, template=template))


async def snippet(desk: Desk, call: Call, name: str, content: str) -> Snippet:
    return await create_snippet(desk, call, CreateSnippet(name=name, content=content))


async def test_a_render_says_what_went_into_it(desk: Desk) -> None:
    call = make_call()
    style = await snippet(desk, call, "style", "Short, for {{ audience }}.")
    made = await prompt(desk, call, "Outline {{ premise }}. @style Mail a@style.com, say @@style.")
    assert [p.name for p in made.parameters] == ["premise", "audience"]
    answer = await render_prompt(
        desk, call, RenderPrompt(prompt_id=made.id, values={"premise": "@style {{ x }}", "audience": "you"})
    )
    assert answer.text == "Outline @style {{ x }}. Short, for you. Mail a@style.com, say @style."
    assert [(s.name, s.version, s.content_hash) for s in answer.snippets] == [("style", 1, style.content_hash)]
    assert (answer.prompt_version_id, answer.content_hash) == (made.latest.id, made.latest.content_hash)


async def test_missing_extra_and_ill_typed_values_are_each_named(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "{{ premise }} {{ count | plus: 1 }}")
    with pytest.raises(Invalid) as caught:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id, values={"count": "three", "other": 1}))
    errors = caught.value.extensions["errors"]
    assert isinstance(errors, list)
    assert {(e["name"], e["code"]) for e in errors if isinstance(e, dict)} == {
        ("premise", "missing"),
        ("count", "type"),
        ("other", "extra"),
    }


async def test_versions_and_labels_choose_what_is_rendered(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "one")
    await commit_version(desk, call, CommitVersion(prompt_id=made.id, base_version=1, template="two"))
    await move_label(desk, call, MoveLabel(prompt_id=made.id, label="production", version=1))
    texts = [
        (await render_prompt(desk, call, RenderPrompt(prompt_id=made.id, version=version, label=label))).text
        for version, label in ((None, None), (1, None), (None, "production"), (None, "latest"))
    ]
    assert texts == ["two", "one", "one", "two"]
    for command in (RenderPrompt(prompt_id=made.id, version=3), RenderPrompt(prompt_id=made.id, label="staging")):
        with pytest.raises(NotFound):
            await render_prompt(desk, call, command)


async def test_a_prompt_is_rendered_by_its_address_and_by_its_slug_alone_in_the_default_set(desk: Desk) -> None:
    call = make_call()
    new = CreatePrompt(title="About", template="On {{ topic }}.", set_slug="essays", slug="about")
    made = await create_prompt(desk, call, new)
    named = RenderPromptByName(name="essays/about", values={"topic": "hinges"})
    answer = await render_prompt_by_name(desk, call, named)
    assert (answer.prompt_id, answer.text) == (made.id, "On hinges.")
    in_default = await prompt(desk, call, "plain", title="About")
    assert (await render_prompt_by_name(desk, call, RenderPromptByName(name="about"))).prompt_id == in_default.id
    with pytest.raises(NotFound):
        await render_prompt_by_name(desk, make_call(), named)


async def test_a_version_renders_the_same_after_every_later_change(desk: Desk) -> None:
    call = make_call()
    style = await snippet(desk, call, "style", "first")
    made = await prompt(desk, call, "one {{ x }} @style@1")
    command = RenderPrompt(prompt_id=made.id, version=1, values={"x": "y"})
    before = await render_prompt(desk, call, command)
    for number in range(3):
        changes = UpdateSnippet(snippet_id=style.id, revision=number + 1, content=f"later {number}")
        await update_snippet(desk, call, changes)
        version = CommitVersion(prompt_id=made.id, base_version=number + 1, template=f"later {number} {{{{ z }}}}")
        await commit_version(desk, call, version)
        assert await render_prompt(desk, call, command) == before


async def test_a_form_that_was_opened_before_a_change_renders_the_version_that_it_shows(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "about {{ old }}")
    await commit_version(desk, call, CommitVersion(prompt_id=made.id, base_version=1, template="about {{ new }}"))
    filled = RenderPrompt(prompt_id=made.id, version=1, values={"old": "hinges"})
    assert (await render_prompt(desk, call, filled)).text == "about hinges"
    with pytest.raises(Invalid, match=r"new: .*old: "):
        await render_prompt(desk, call, filled.model_copy(update={"version": None}))


async def test_an_archived_prompt_renders_and_a_deleted_one_says_what_may_have_happened(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "plain")
    await update_prompt(desk, call, UpdatePrompt(prompt_id=made.id, revision=1, archived=True))
    assert (await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))).text == "plain"
    await delete_prompt(desk, call, DeletePrompt(prompt_id=made.id))
    with pytest.raises(NotFound, match="may have been deleted") as deleted:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))
    with pytest.raises(NotFound) as foreign:
        await render_prompt(desk, make_call(), RenderPrompt(prompt_id=made.id))
    assert deleted.value.document() == foreign.value.document()


async def test_snippets_are_taken_at_their_latest_or_pinned_version(desk: Desk) -> None:
    call = make_call()
    style = await snippet(desk, call, "style", "old")
    await update_snippet(desk, call, UpdateSnippet(snippet_id=style.id, revision=1, content="new"))
    made = await prompt(desk, call, "@style @style@1 @style@2")
    answer = await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))
    assert answer.text == "new old new"
    assert sorted((s.name, s.version) for s in answer.snippets) == [("style", 1), ("style", 2)]


async def test_snippets_and_prompts_stand_inside_each_other(desk: Desk) -> None:
    call = make_call()
    await snippet(desk, call, "inner", "inner {{ word }}")
    await snippet(desk, call, "outer", "outer @inner")
    await prompt(desk, call, "part with @outer", "Part")
    made = await prompt(desk, call, "whole: {% render 'part' %} and @outer")
    answer = await render_prompt(desk, call, RenderPrompt(prompt_id=made.id, values={"word": "w"}))
    assert answer.text == "whole: part with outer inner w and outer inner w"


async def test_a_render_names_every_prompt_that_it_took_in_once_and_sorted(desk: Desk) -> None:
    call = make_call()
    leaf = await prompt(desk, call, "leaf", "Leaf")
    await snippet(desk, call, "carrier", "carried {% render 'leaf' %}")
    branch = await prompt(desk, call, "branch {% render 'leaf' %} @carrier", "Branch")
    made = await prompt(desk, call, "{% render 'leaf' %} {% render 'default/branch' %} {% render 'branch' %}")
    await commit_version(desk, call, CommitVersion(prompt_id=leaf.id, base_version=1, template="second leaf"))
    answer = await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))
    assert [(used.address, used.prompt_id, used.version) for used in answer.included] == [
        ("default/branch", branch.id, 1),
        ("default/leaf", leaf.id, 2),
    ]
    branch_used, leaf_used = answer.included
    assert (branch_used.prompt_version_id, branch_used.content_hash) == (branch.latest.id, branch.latest.content_hash)
    assert leaf_used.content_hash != leaf.latest.content_hash


async def test_declarations_of_an_included_prompt_go_on_in_the_including_one(desk: Desk) -> None:
    call = make_call()
    declared = CreatePrompt.model_validate(
        {"title": "Part", "template": "{{ tone }}", "parameters": [{"name": "tone", "default": "calm"}]}
    )
    await create_prompt(desk, call, declared)
    made = await prompt(desk, call, "{% render 'part' %}")
    assert [(p.name, p.default) for p in made.parameters] == [("tone", "calm")]


async def test_everything_that_is_missing_is_named(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "@nobody and @nothing@2")
    with pytest.raises(UnknownReference) as caught:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))
    assert caught.value.extensions["missing"] == ["@nobody", "@nothing@2"]


async def test_more_than_five_levels_are_refused(desk: Desk) -> None:
    call = make_call()
    await snippet(desk, call, "s0", "end")
    for level in range(1, 5):
        await snippet(desk, call, f"s{level}", f"@s{level - 1}")
    made = await prompt(desk, call, "@s4")
    assert (await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))).text == "end"
    await snippet(desk, call, "s5", "@s4")
    with pytest.raises(TemplateTooHeavy) as caught:
        await prompt(desk, call, "@s5")
    assert caught.value.extensions["limit"] == "depth"


async def test_snippets_that_multiply_are_refused(desk: Desk) -> None:
    call = make_call()
    await snippet(desk, call, "s0", "x" * 1000)
    await snippet(desk, call, "s1", "@s0 " * 200)
    with pytest.raises(TemplateTooHeavy) as caught:
        await prompt(desk, call, "@s1 " * 200)
    assert caught.value.extensions["limit"] == "size"


async def test_a_snippet_that_comes_back_to_itself_is_refused_with_the_way_round(desk: Desk) -> None:
    call = make_call()
    one = await snippet(desk, call, "one", "plain")
    await snippet(desk, call, "two", "@one")
    with pytest.raises(TemplateCycle) as caught:
        await update_snippet(desk, call, UpdateSnippet(snippet_id=one.id, revision=1, content="@two"))
    assert caught.value.extensions["cycle"] == ["@one", "@two", "@one"]


async def test_a_fault_at_rendering_stands_at_its_line_and_one_in_a_snippet_at_its_mention(desk: Desk) -> None:
    call = make_call()
    await snippet(desk, call, "s", "long text before {{ a.b }}")
    made = await prompt(desk, call, "first\n@s then\n {{ c.d }}")
    with pytest.raises(TemplateInvalid) as caught:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id, values={"a": {"b": 1}, "c": {}}))
    finding = the_finding(caught.value)
    assert (finding.line, finding.column) == (3, 5)
    with pytest.raises(TemplateInvalid) as caught:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id, values={"a": {}, "c": {"d": 1}}))
    finding = the_finding(caught.value)
    assert (finding.line, finding.column, finding.length) == (2, 1, 2)
    assert "in @s" in finding.message


async def test_a_bomb_is_refused_as_a_problem(desk: Desk) -> None:
    call = make_call()
    made = await prompt(desk, call, "{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}")
    with pytest.raises(TemplateTooHeavy) as caught:
        await render_prompt(desk, call, RenderPrompt(prompt_id=made.id))
    assert caught.value.extensions["limit"] == "time"


async def test_a_preview_uses_unsaved_text_and_the_declarations_that_it_still_uses(desk: Desk) -> None:
    call = make_call()
    command = {"title": "T", "template": "{{ a }} {{ b }}", "parameters": [{"name": "a", "type": "number"}]}
    made = await create_prompt(desk, call, CreatePrompt.model_validate(command))
    preview = PreviewTemplate(prompt_id=made.id, template="now {{ a }}", values={"a": 3})
    answer = await preview_template(desk, call, preview)
    assert (answer.text, answer.prompt_version_id) == ("now 3", made.latest.id)
    assert answer.content_hash != made.latest.content_hash
    with pytest.raises(Invalid):
        await preview_template(desk, call, preview.model_copy(update={"values": {"a": "3"}}))


async def test_a_check_tells_parameters_snippets_and_faults(desk: Desk) -> None:
    call = make_call()
    await snippet(desk, call, "style", "for {{ audience }}")
    check = await check_template(desk, call, CheckTemplate(template="{{ a }} @style\n😀 @nobody {{ b | nope }}"))
    assert [p.name for p in check.parameters] == ["a", "audience", "b"]
    assert [(s.name, s.found) for s in check.snippets] == [("style", True), ("nobody", False)]
    assert [(f.severity, f.code, f.line, f.column, f.length) for f in check.findings] == [
        ("error", "unknown-filter", 2, 19, 4),
        ("warning", "unknown-snippet", 2, 4, 7),
    ]


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ a", "syntax"),
        ("{% for a in (1..2) %}" * 40, "limit-depth"),
        ("@s " * 70, "limit"),
        ("{{" * 32_000, "limit-time"),
    ],
)
async def test_a_check_never_fails_over_a_template(desk: Desk, template: str, code: str) -> None:
    call = make_call()
    await snippet(desk, call, "s", "x" * 6000)
    check = await check_template(desk, call, CheckTemplate(template=template))
    assert [finding.code for finding in check.findings] == [code]
