"""Thoughts, drafts and continuations: what a generation keeps apart, checks and puts together."""

import json
from typing import Any

import pytest

from llm_gateway.operations import generations
from shared.contracts.llm_gateway import ReadSegments, Segment

FERRY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "decks": {"type": "integer"},
        "ports": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["name", "decks", "ports"],
    "additionalProperties": False,
}
# The strict form, which Anthropic's wire format takes.
PLAIN = FERRY | {"properties": FERRY["properties"] | {"ports": {"type": "array", "items": {"type": "string"}}}}


async def segments_of(gateway: Any, generation_id: Any) -> list[Segment]:
    command = ReadSegments(generation_id=generation_id)
    answer = await generations.read_segments(gateway.database, gateway.call, command)
    return list(answer.segments)


def text_of(segments: list[Segment], kind: str) -> str:
    return "".join(segment.text for segment in segments if segment.kind == kind)


@pytest.mark.parametrize("fault", ["think", "reason"])
@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_thoughts_are_kept_apart_from_the_answer(gateway: Any, sha256: Any, model: str, fault: str) -> None:
    generation_id = await gateway.start(f"{model}+{fault}:20,words:40")
    ended = await gateway.until_ended(generation_id)
    segments = await segments_of(gateway, generation_id)
    answer, thought = text_of(segments, "text"), text_of(segments, "think")
    assert ended.status == "completed"
    assert len(thought.split()) >= 20
    assert "think>" not in answer + thought
    assert (ended.characters, ended.content_hash) == (len(answer), sha256(answer))
    assert [segment.number for segment in segments if segment.kind == "think"][-1] < segments[-1].number


async def test_a_call_that_breaks_off_while_the_model_thinks_is_made_again(gateway: Any, simulator: Any) -> None:
    generation_id = await gateway.start("simulator/quill+reason:60,cut:8")
    ended = await gateway.until_ended(generation_id)
    attempts = await gateway.attempts(generation_id)
    assert (ended.status, ended.characters) == ("failed", 0)
    assert len(attempts) > 1
    assert text_of(await segments_of(gateway, generation_id), "think")
    assert len(await simulator.calls(*(attempt["id"] for attempt in attempts))) == len(attempts)


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_an_answer_with_a_schema_is_drafted_then_appears_whole_and_checked(
    gateway: Any, sha256: Any, model: str
) -> None:
    generation_id = await gateway.start(f"{model}+pace:5", response_schema=PLAIN)
    ended = await gateway.until_ended(generation_id)
    segments = await segments_of(gateway, generation_id)
    answer = text_of(segments, "text")
    assert (ended.status, ended.finish_reason) == ("completed", "stop")
    assert json.loads(answer).keys() == PLAIN["properties"].keys()
    assert json.loads(text_of(segments, "draft")) == json.loads(answer)
    assert [segment.kind for segment in segments][-1] == "text"
    assert [segment.kind for segment in segments].count("text") == 1
    assert ended.content_hash == sha256(answer)
    assert len(await gateway.attempts(generation_id)) == 1


async def test_a_schema_that_only_words_can_tell_is_checked_as_well(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill", response_schema=FERRY)
    assert (await gateway.until_ended(generation_id)).status == "completed"


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_an_answer_that_does_not_fit_is_asked_for_once_more(gateway: Any, simulator: Any, model: str) -> None:
    generation_id = await gateway.start(f"{model}+wrong-json-once", response_schema=PLAIN, ask=f"Once, {model}.")
    ended = await gateway.until_ended(generation_id)
    segments = await segments_of(gateway, generation_id)
    attempts = await gateway.attempts(generation_id)
    usage = await gateway.usage(generation_id)
    assert ended.status == "completed"
    assert [attempt["status"] for attempt in attempts] == ["succeeded", "succeeded"]
    assert [segment.text for segment in segments if segment.kind == "draft"].count("") == 2
    calls = await simulator.calls(*(attempt["id"] for attempt in attempts))
    assert sum(row["output_tokens"] for row in usage) == sum(call["output_tokens"] for call in calls)


async def test_an_answer_that_never_fits_fails_with_place_and_reason(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+wrong-json", response_schema=PLAIN)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/structured-output-invalid")
    assert "At /" in str(ended.detail) or "At the beginning" in str(ended.detail)
    assert ended.characters == 0
    assert len(await gateway.attempts(generation_id)) == 2


async def test_a_draft_that_breaks_off_is_begun_anew(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+cut:4", response_schema=PLAIN)
    ended = await gateway.until_ended(generation_id)
    drafts = [s.text for s in await segments_of(gateway, generation_id) if s.kind == "draft"]
    assert (ended.status, ended.problem_type) == ("failed", "/problems/provider-unavailable")
    assert drafts.count("") == len(await gateway.attempts(generation_id)) > 1


async def test_an_answer_with_a_schema_that_was_cut_is_not_mended_but_continued(gateway: Any) -> None:
    cut = await gateway.start("simulator/quill+truncate:8", response_schema=PLAIN)
    ended = await gateway.until_ended(cut)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/structured-output-invalid")
    assert "continue_up_to" in str(ended.detail)
    assert len(await gateway.attempts(cut)) == 1
    going_on = await gateway.start("simulator/quill+truncate:8", response_schema=PLAIN, continue_up_to=20)
    ended = await gateway.until_ended(going_on)
    segments = await segments_of(gateway, going_on)
    assert ended.status == "completed"
    assert json.loads(text_of(segments, "draft")) == json.loads(text_of(segments, "text"))
    assert [s.text for s in segments if s.kind == "draft"].count("") == 1
    assert len(await gateway.attempts(going_on)) > 1


async def test_a_schema_that_cannot_be_used_fails_before_anybody_is_asked(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill", response_schema={"$ref": "https://example.org/x"})
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/response-schema-invalid")
    assert await gateway.attempts(generation_id) == []


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_an_answer_that_is_cut_goes_on_as_often_as_was_asked(gateway: Any, model: str) -> None:
    once = await gateway.start(f"{model}+truncate:30,words:200", ask="A ferry.")
    first = await gateway.until_ended(once)
    generation_id = await gateway.start(f"{model}+truncate:30,words:200", ask="A ferry.", continue_up_to=3)
    ended = await gateway.until_ended(generation_id)
    _, beginning = await gateway.read(once)
    _, whole = await gateway.read(generation_id)
    assert (first.finish_reason, ended.status) == ("length", "completed")
    assert whole.startswith(beginning)
    assert ended.characters > 2 * first.characters
    assert whole.count(beginning) == 1
    attempts = await gateway.attempts(generation_id)
    assert 2 < len(attempts) <= 4
    assert {attempt["status"] for attempt in attempts} == {"succeeded"}


async def test_a_cut_answer_can_be_continued_by_hand(gateway: Any) -> None:
    cut = await gateway.start("simulator/quill+truncate:30,words:80")
    await gateway.until_ended(cut)
    going_on = await gateway.start("simulator/quill+words:80", continues=cut)
    ended = await gateway.until_ended(going_on)
    _, beginning = await gateway.read(cut)
    _, whole = await gateway.read(going_on)
    assert ended.status == "completed"
    assert whole.startswith(beginning)
    assert len(whole) > len(beginning)
