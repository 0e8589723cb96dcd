"""Prompts pasted from elsewhere become prompts here, under the name that code knows."""

import json
from typing import Any

import pytest

from prompts.domain.importing import read_pasted
from prompts.domain.problems import PromptSlugTaken
from prompts.operations.desk import Desk
from prompts.operations.prompts import import_prompt
from prompts.operations.templates import render_prompt_by_name
from shared.contracts.prompts import ImportPrompt, RenderPromptByName
from shared.problems import Invalid
from shared.testing.fixtures import make_call

OBJECT = {
    "id": "pmpt_68A1f0",
    "version": "2",
    "model": "gpt-6.1-terra",
    "instructions": "You outline {{ kind }} stories. Write {% as it stands %}.",
    "messages": [
        {"role": "user", "content": [{"type": "input_text", "text": "Outline {{premise}}."}]},
        {"role": "assistant", "content": "Gladly."},
    ],
}


async def test_an_imported_prompt_object_is_rendered_by_the_id_that_code_already_says(desk: Desk) -> None:
    call = make_call()
    made = await import_prompt(desk, call, ImportPrompt(source=json.dumps(OBJECT)))
    assert (made.slug, made.default_model) == ("pmpt-68a1f0", "gpt-6.1-terra")
    assert [parameter.name for parameter in made.parameters] == ["kind", "premise"]
    values: Any = {"kind": "ferry", "premise": "a captain who stays ashore"}
    answer = await render_prompt_by_name(desk, call, RenderPromptByName(name="pmpt_68A1f0", values=values))
    assert answer.text == (
        "You outline ferry stories. Write {% as it stands %}.\n\n"
        "## User\n\nOutline a captain who stays ashore.\n\n## Assistant\n\nGladly."
    )
    with pytest.raises(PromptSlugTaken):
        await import_prompt(desk, call, ImportPrompt(source=json.dumps(OBJECT)))


@pytest.mark.parametrize(
    ("source", "template", "title"),
    [
        ({"prompt": {"id": "pmpt_1", "instructions": "Say {{a}}."}}, "Say {{ a }}.", "pmpt_1"),
        ({"model": "m", "input": "Only this: {{ b }}"}, "Only this: {{ b }}", "Only this: {{ b }}"),
        ({"messages": [{"role": "system", "content": "Be brief."}]}, "Be brief.", "Be brief."),
        ({"name": "Greeting", "instructions": "Hi {{ a.b }}"}, "{% raw %}Hi {{ a.b }}{% endraw %}", "Greeting"),
    ],
)
def test_what_people_paste_is_read(source: dict[str, Any], template: str, title: str) -> None:
    pasted = read_pasted(json.dumps(source))
    assert (pasted.template, pasted.title) == (template, title)


@pytest.mark.parametrize("source", ["nonsense", "[1]", "{}", '{"id": "pmpt_1", "version": "2"}', '{"input": [1]}'])
def test_what_holds_no_text_says_what_to_paste(source: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_pasted(source)
    assert "JSON" in refused.value.detail
