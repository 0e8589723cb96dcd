from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.contracts.documents import CreateDocument, GenerateDocument
from shared.contracts.prompts import CreatePrompt, Parameter
from shared.contracts.web import IntrospectKey

PROMPT = {"title": "Outline", "template": "Outline {{ premise }}"}
VALUES = {"prompt_id": "pr_00000000007000400000000001"}


@pytest.mark.parametrize(
    ("command", "given", "name", "code"),
    [
        (CreatePrompt, PROMPT | {"title": "a\0b"}, "title", "nul_character"),
        (CreatePrompt, PROMPT | {"tags": ["good", "\0"]}, "tags", "nul_character"),
        (CreatePrompt, PROMPT | {"parameters": [{"name": "a", "default": "\0"}]}, "parameters", "nul_character"),
        (CreateDocument, {"title": "Notes", "content": "\ud800"}, "content", "string_unicode"),
        (GenerateDocument, VALUES | {"values": {"a": ["\ud83d"]}}, "values", "string_unicode"),
        (GenerateDocument, VALUES | {"values": {"\0": 1}}, "values", "nul_character"),
        (GenerateDocument, VALUES | {"values": {"a": {"b": 10**30}}}, "values", "integer_size"),
        (GenerateDocument, VALUES | {"values": {"a": float("nan")}}, "values", "finite_number"),
        (Parameter, {"name": "a", "min_length": 2**63}, "min_length", "integer_size"),
        (Parameter, {"name": "a", "minimum": float("inf")}, "minimum", "finite_number"),
    ],
)
def test_what_no_row_can_hold_is_refused_under_its_name(
    command: type[BaseModel], given: dict[str, Any], name: str, code: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        command.model_validate(given)
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [((name,), code)]


def test_what_a_row_can_hold_passes_as_it_is() -> None:
    values = {"a": ["Fährmann 🚢", {"b": [2**63 - 1, -(2**63 - 1), 0.5, True, None]}]}
    assert GenerateDocument.model_validate(VALUES | {"values": values}).values == values


def test_the_words_of_a_refusal_do_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        IntrospectKey(api_key="sk_canary" * 100)
    assert "canary" not in str(caught.value)
