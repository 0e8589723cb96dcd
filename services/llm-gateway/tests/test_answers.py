"""What becomes of a model's words, in whatever pieces they come. Pure."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_gateway.domain.answers import Answer, Seam
from llm_gateway.domain.structured import (
    Mismatch,
    ResponseSchemaInvalid,
    check_answer,
    check_schema,
    fits_strict_mode,
    partial_value,
)
from llm_gateway.domain.thinking import ThinkSplitter
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest

COLOURS: dict[str, Any] = {
    "type": "object",
    "properties": {"colours": {"type": "array", "items": {"type": "string"}}},
    "required": ["colours"],
    "additionalProperties": False,
}
# Everything that a tag is made of, so that chance builds whole, broken and nested ones.
TAGGED = st.lists(
    st.sampled_from(
        ["<", "think", "ing", ">", "</", "</think>", "<think>", "<thinking>", "</thinking>", " ", "\n", "so"]
    )
).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    parts = [part for piece in pieces for part in splitter.feed(piece)] + splitter.close()
    return joined(parts, "text"), joined(parts, "think")


def joined(parts: list[Any], kind: str) -> str:
    return "".join(text for each, text in parts if each == kind)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("whole", "text", "thought"),
    [
        ("<think>Ferries are slow.</think>\n\nThe ferry.", "The ferry.", "Ferries are slow."),
        ("\n <thinking>\nHm.\n</thinking>The ferry.", "The ferry.", "\nHm.\n"),
        ("<think>One.</think>\n<think>Two.</think>\nThe ferry.", "The ferry.", "One.Two."),
        ("<think>Never closed", "", "Never closed"),
        ("<think>a </think b</think>c", "c", "a </think b"),
        ("Write <think>your</think> thoughts.", "Write <think>your</think> thoughts.", ""),
        ("  indented", "  indented", ""),
        ("<thin ice", "<thin ice", ""),
        ("<think></think>", "", ""),
    ],
)
def test_thoughts_before_the_answer_are_kept_apart_from_it(whole: str, text: str, thought: str) -> None:
    assert split([whole]) == (text, thought)
    assert split(list(whole)) == (text, thought)


@given(TAGGED, st.lists(st.integers(min_value=0), max_size=8))
def test_where_a_text_is_split_changes_nothing(whole: str, places: list[int]) -> None:
    assert split(cut(whole, places)) == split([whole])


@given(TAGGED)
def test_text_without_a_thought_before_it_arrives_unchanged(tail: str) -> None:
    assert split(list(f"x{tail}")) == (f"x{tail}", "")


def test_words_are_passed_on_as_soon_as_they_are_decided() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<think>Slow") == [("think", "Slow")]
    assert splitter.feed("ly</thi") == [("think", "ly")]
    assert splitter.feed("nk>") == []
    assert splitter.feed(" The") == [("text", "The")]


BEFORE = "The ferry left the harbour at dusk, and nobody waved."


@pytest.mark.parametrize(
    ("more", "new"),
    [
        (" Then it rained.", " Then it rained."),
        ("and nobody waved. Then it rained.", " Then it rained."),
        (f"{BEFORE} Then it rained.", " Then it rained."),
        ("waved.", "waved."),
        ("and nobody waved", "and nobody waved"),
        ("and nobody waved.", ""),
    ],
)
def test_what_a_model_repeats_when_it_goes_on_is_dropped(more: str, new: str) -> None:
    for pieces in ([more], list(more)):
        seam = Seam(BEFORE)
        assert "".join(map(seam.feed, pieces)) + seam.close() == new


@given(st.text("ab ", max_size=40), st.text("ab ", max_size=40), st.lists(st.integers(min_value=0), max_size=5))
def test_where_a_continuation_is_split_changes_nothing(before: str, more: str, places: list[int]) -> None:
    whole, pieces = Seam(before), Seam(before)
    expected = whole.feed(more) + whole.close()
    assert "".join(map(pieces.feed, cut(more, places))) + pieces.close() == expected
    assert more.endswith(expected)


@pytest.mark.parametrize("continue_up_to", [0, 3])
def test_an_answer_that_goes_on_repeats_nothing_and_may_think_first(continue_up_to: int) -> None:
    answer = Answer(
        GenerationRequest(messages=[ChatMessage(role="user", content="A ferry.")], continue_up_to=continue_up_to)
    )
    answer.follow(BEFORE)
    assert answer.begin_attempt() == []
    assert answer.feed("<think>Hm.</think>and nobody") == [("think", "Hm.")]
    assert answer.feed(" waved. Then") == [("text", " Then")]
    assert answer.text == (f"{BEFORE} Then" if continue_up_to else BEFORE)


def test_a_draft_is_begun_anew_after_a_failure_and_goes_on_after_a_cut() -> None:
    answer = Answer(GenerationRequest(messages=[ChatMessage(role="user", content="Colours?")], response_schema=COLOURS))
    assert answer.begin_attempt() == [("draft", "")]
    answer.feed('{"colours"')
    answer.follow(answer.text)
    assert answer.begin_attempt() == []
    answer.feed(": [")
    assert answer.begin_attempt() == [("draft", ""), ("draft", '{"colours"')]
    answer.follow("")
    assert answer.begin_attempt() == [("draft", "")]


def test_a_failed_attempts_words_are_not_in_the_next_ones() -> None:
    answer = Answer(GenerationRequest(messages=[ChatMessage(role="user", content="Colours?")], response_schema=COLOURS))
    answer.begin_attempt()
    answer.feed('{"colours": ["red"')
    answer.begin_attempt()
    assert answer.feed("<think>Hm</think>{}") == [("think", "Hm"), ("draft", "{}")]
    assert answer.text == "{}"


@given(JSON)
def test_partial_values_only_grow(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    seen: Any = None
    for end in range(len(text) + 1):
        partial = partial_value(text[:end], seen)
        assert seen is None or extends(partial, seen)
        seen = partial
    assert seen is None or extends(value, seen)


@given(JSON)
def test_partial_values_of_escaped_text_only_grow(value: Any) -> None:
    text = f"```json\n{json.dumps(value, indent=1)}\n```"
    seen: Any = None
    for end in range(len(text) + 1):
        partial = partial_value(text[:end], seen)
        assert seen is None or extends(partial, seen)
        seen = partial
    assert seen == value


@given(st.text(alphabet='{}[]",:\\ \n`12eu', max_size=40))
def test_whatever_arrives_a_value_or_a_reason_comes_of_it(text: str) -> None:
    partial_value(text)
    assert isinstance(check_answer(text, COLOURS), str | Mismatch)


def extends(later: Any, earlier: Any) -> bool:
    if isinstance(earlier, dict):
        return isinstance(later, dict) and all(k in later and extends(later[k], v) for k, v in earlier.items())
    if isinstance(earlier, list):
        return isinstance(later, list) and len(later) >= len(earlier) and all(map(extends, later, earlier))
    if isinstance(earlier, str):
        return isinstance(later, str) and later.startswith(earlier)
    return type(later) is type(earlier) and bool(later == earlier)


@pytest.mark.parametrize(
    "text",
    [
        '{"colours": ["red"]}',
        ' {"colours": ["red"]}\n',
        '```json\n{"colours": ["red"]}\n```',
        'Here you are:\n```json\n{"colours": ["red"]}\n```\nAnything else?',
        "{'colours': ['red',]}",
        '{"colours": ["red"]',
    ],
)
def test_json_is_found_and_mended(text: str) -> None:
    found = check_answer(text, COLOURS)
    assert isinstance(found, str)
    assert json.loads(found) == {"colours": ["red"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"colours": ["red", 7]}', 'At /colours/1: the value is not of type "string".'),
        ('{"colour": []}', 'At the beginning: "colours" is a required property.'),
        ("I would rather not.", "At the beginning: the answer is not JSON."),
        ("", "At the beginning: the answer is not JSON."),
    ],
)
def test_what_does_not_fit_is_named_by_place_and_reason(text: str, words: str) -> None:
    found = check_answer(text, COLOURS)
    assert isinstance(found, Mismatch)
    assert words in found.words


def test_an_answer_that_was_cut_is_not_mended() -> None:
    assert isinstance(check_answer('{"colours": ["red"', COLOURS, is_cut=True), Mismatch)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"$ref": "#/$defs/missing"},
        {"type": "colour"},
        {"pattern": "(a{1000}){1000}"},
        {"$schema": "https://example.org/meta"},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ResponseSchemaInvalid):
        check_schema(schema)


def test_strict_modes_are_asked_only_for_schemas_that_they_take() -> None:
    assert fits_strict_mode(COLOURS)
    assert fits_strict_mode(nested(COLOURS))
    assert not fits_strict_mode(nested({"type": "string", "minLength": 3}))
    assert not fits_strict_mode(COLOURS | {"required": []})
    assert not fits_strict_mode({"type": "array", "items": COLOURS})


def nested(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"each": {"type": "array", "items": {"anyOf": [{"type": "null"}, schema]}}},
        "required": ["each"],
        "additionalProperties": False,
    }
