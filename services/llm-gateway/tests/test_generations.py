"""A generation from its order to its end, against the real simulator through the real SDKs."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from llm_gateway.domain import CONTINUE_INSTRUCTION, GenerationStopped
from llm_gateway.operations import generations, membership
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    CancelGeneration,
    ChatMessage,
    GenerationOrigin,
    GenerationRequest,
    GetGeneration,
    ReadSegments,
    StartGeneration,
    WriteText,
)
from shared.problems import DeadlineExceeded, NotFound, RemoteProblem
from shared.testing.fixtures import make_call


def short(
    ask: str = "Name this prompt.", model: str = "simulator/quill", generation_id: UUID | None = None
) -> WriteText:
    request = GenerationRequest(model=model, messages=[ChatMessage(role="user", content=ask)])
    return WriteText(
        generation_id=generation_id or new_id(), origin=GenerationOrigin(task="title_prompt"), request=request
    )


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_a_generation_is_written_stored_and_settled_exactly(
    gateway: Any, simulator: Any, sha256: Callable[[str], str], model: str
) -> None:
    generation_id = await gateway.start(model)
    ended = await gateway.until_ended(generation_id)
    _, text = await gateway.read(generation_id)
    assert (ended.status, ended.finish_reason, ended.simulated) == ("completed", "stop", True)
    assert len(text) == ended.characters > 200
    assert ended.content_hash == sha256(text)
    (usage,) = await gateway.usage(generation_id)
    (attempt,) = await gateway.attempts(generation_id)
    (call,) = await simulator.calls(usage["attempt_id"])
    assert (usage["input_tokens"], usage["output_tokens"]) == (call["input_tokens"], call["output_tokens"])
    assert (usage["estimated"], ended.usage.estimated) == (False, False)
    assert usage["cost_usd"] == ended.usage.cost_usd > 0
    assert attempt["status"] == "succeeded"
    assert attempt["provider_response_id"] == call["response_id"]
    assert call["traceparent"] is False


async def test_usage_names_who_and_what_it_was_for(gateway: Any) -> None:
    version_id = new_id()
    origin = GenerationOrigin(task="generate_document", document_id=new_id(), prompt_version_id=version_id)
    generation_id = await gateway.start(origin=origin)
    await gateway.until_ended(generation_id)
    (usage,) = await gateway.usage(generation_id)
    assert usage["actor_id"] == gateway.call.actor_id
    assert (usage["task"], usage["prompt_version_id"]) == ("generate_document", version_id)


async def test_an_order_that_comes_again_changes_nothing(
    gateway: Any, make_job: Callable[..., StartGeneration]
) -> None:
    command = make_job()
    await asyncio.gather(*(generations.start_generation(gateway.engine, gateway.call, command) for _ in range(5)))
    await gateway.until_ended(command.generation_id)
    await generations.start_generation(gateway.engine, gateway.call, command)
    assert len(await gateway.attempts(command.generation_id)) == 1


async def test_the_end_is_told_once_as_a_fact(gateway: Any, eventually: Any) -> None:
    heard: list[str] = []

    async def hear(subject: str, _payload: bytes, _headers: dict[str, str]) -> None:
        heard.append(subject)

    await gateway.bus.listen("fact.llm_gateway.>", hear)
    await gateway.until_ended(await gateway.start())
    await eventually(lambda: heard)
    await asyncio.sleep(0.1)
    assert heard == ["fact.llm_gateway.generation.completed.v1"]


async def test_what_is_shown_live_is_already_stored(gateway: Any, eventually: Any) -> None:
    generation_id = new_id()
    early: list[int] = []

    async def look(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
        stored, _ = await gateway.read(generation_id)
        shown = [int(part.split(b",")[0]) for part in payload.split(b'"number":')[1:]]
        early.extend(number for number in shown if number > stored.last_segment)

    await gateway.bus.listen("live.generation.*", look)
    heard = await gateway.watch(generation_id)
    await gateway.start("simulator/quill+pace:5,words:80", generation_id=generation_id)
    await gateway.until_ended(generation_id)
    _, text = await gateway.read(generation_id)
    await eventually(lambda: heard and heard[-1].status != "running")
    assert early == []
    assert "".join(segment.text for live in heard for segment in live.segments) == text
    assert heard[-1].status == "completed"
    assert not heard[-1].usage.estimated
    assert heard[0].usage.estimated
    assert heard[0].usage.input_tokens > 0


async def test_the_first_words_are_written_before_a_slow_second_chunk(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+pace:400,words:20")
    seen = await gateway.until(generation_id, lambda generation: generation.last_segment >= 1)
    assert seen.status == "running"
    await gateway.cancel(generation_id)
    await gateway.until_ended(generation_id)


async def test_text_is_read_from_any_segment_on(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+pace:5,words:60")
    ended = await gateway.until_ended(generation_id)
    _, whole = await gateway.read(generation_id)
    _, tail = await gateway.read(generation_id, after=ended.last_segment - 1)
    assert ended.last_segment > 3
    assert 0 < len(tail) < len(whole)
    assert whole.endswith(tail)


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_cancel_closes_the_provider_connection_and_keeps_the_text(
    gateway: Any, simulator: Any, sha256: Callable[[str], str], model: str
) -> None:
    generation_id = await gateway.start(f"{model}+pace:20,words:900")
    await gateway.until(generation_id, lambda generation: generation.last_segment >= 3)
    begun = time.monotonic()
    await gateway.cancel(generation_id)
    ended = await gateway.until_ended(generation_id)
    assert time.monotonic() - begun < 0.3
    _, text = await gateway.read(generation_id)
    (usage,) = await gateway.usage(generation_id)
    (call,) = await simulator.calls(usage["attempt_id"])
    assert (ended.status, ended.content_hash) == ("cancelled", sha256(text))
    assert call["client_closed_early"]
    assert usage["estimated"]
    assert usage["output_tokens"] > 0
    (attempt,) = await gateway.attempts(generation_id)
    assert attempt["status"] == "cancelled"


async def test_cancel_before_the_first_byte_strikes_as_well(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+slow-first:20")
    await gateway.until_asked(generation_id)
    await gateway.cancel(generation_id)
    ended = await gateway.until_ended(generation_id, seconds=1)
    assert (ended.status, ended.characters) == ("cancelled", 0)


async def test_cancel_of_an_ended_generation_answers_it_unchanged(gateway: Any) -> None:
    generation_id = await gateway.start()
    ended = await gateway.until_ended(generation_id)
    assert await gateway.cancel(generation_id) == ended


async def test_what_waits_in_the_queue_is_cancelled_at_once(open_gateway: Any) -> None:
    gateway = await open_gateway(max_running=1)
    first = await gateway.start("simulator/quill+stall:2")
    second = await gateway.start()
    heard = await gateway.watch(second)
    assert (await gateway.cancel(second)).status == "cancelled"
    assert await gateway.attempts(second) == []
    await gateway.cancel(first)
    await gateway.until_ended(first)
    assert [live.status for live in heard] == ["cancelled"]


async def test_what_waits_in_the_queue_runs_when_a_slot_is_free(open_gateway: Any) -> None:
    gateway = await open_gateway(max_running=1)
    first = await gateway.start("simulator/quill+pace:2,words:60")
    second = await gateway.start()
    assert (await gateway.read(second))[0].status == "queued"
    await gateway.until_ended(first)
    assert (await gateway.until_ended(second)).status == "completed"


async def test_a_length_limit_ends_as_completed_with_its_reason(gateway: Any) -> None:
    generation_id = await gateway.start(max_output_tokens=5)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.finish_reason) == ("completed", "length")


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_a_continued_text_begins_with_the_shown_one_and_ends_like_the_whole(
    gateway: Any, sha256: Callable[[str], str], model: str
) -> None:
    whole_id = await gateway.start(model)
    await gateway.until_ended(whole_id)
    _, whole = await gateway.read(whole_id)
    broken_id = await gateway.start(f"{model}+cut:20")
    broken = await gateway.until_ended(broken_id)
    _, partial = await gateway.read(broken_id)
    assert (broken.status, broken.problem_type) == ("interrupted", "/problems/provider-unavailable")
    rest_id = await gateway.start(model, continues=broken_id)
    rest = await gateway.until_ended(rest_id)
    _, text = await gateway.read(rest_id)
    assert 0 < len(partial) < len(whole)
    assert text == whole
    assert (rest.status, rest.content_hash) == ("completed", sha256(whole))
    (usage,) = await gateway.usage(rest_id)
    assert usage["output_tokens"] < len(whole) / 4


async def test_a_continuation_keeps_the_first_conversation(gateway: Any) -> None:
    broken_id = await gateway.start("simulator/quill+cut:5", ask="Describe a lighthouse.")
    await gateway.until_ended(broken_id)
    rest_id = await gateway.start("simulator/quill+cut:5", ask="Something else.", continues=broken_id)
    await gateway.until_ended(rest_id)
    (row,) = await gateway.rows("SELECT request FROM generations WHERE id = $1", rest_id)
    assert [message["content"] for message in row["request"]["messages"]] == ["Describe a lighthouse."]
    assert CONTINUE_INSTRUCTION not in str(row["request"])


async def test_what_is_still_running_or_foreign_is_not_continued(gateway: Any) -> None:
    running_id = await gateway.start("simulator/quill+stall:2")
    for source in (running_id, new_id()):
        rest_id = await gateway.start(continues=source)
        ended = await gateway.until_ended(rest_id)
        assert (ended.status, ended.problem_type) == ("failed", "/problems/generation-not-continuable")
        assert await gateway.attempts(rest_id) == []
    await gateway.cancel(running_id)
    await gateway.until_ended(running_id)


async def test_another_project_sees_and_stops_nothing(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+stall:2")
    stranger = make_call("admin")
    database = gateway.database
    for attempt in (
        generations.get_generation(database, stranger, GetGeneration(generation_id=generation_id)),
        generations.read_segments(database, stranger, ReadSegments(generation_id=generation_id)),
        generations.cancel_generation(gateway.engine, stranger, CancelGeneration(generation_id=generation_id)),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await gateway.read(generation_id))[0].status == "running"
    await gateway.cancel(generation_id)
    await gateway.until_ended(generation_id)


async def test_somebody_who_left_the_project_gets_nothing_written(gateway: Any, web: Any) -> None:
    web.roles[gateway.call.actor_id] = None
    generation_id = await gateway.start()
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/membership-ended")
    assert await gateway.attempts(generation_id) == []


async def test_somebody_who_is_removed_while_the_model_writes_is_stopped(
    gateway: Any, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(membership, "CACHE_SECONDS", 0.05)
    generation_id = await gateway.start("simulator/quill+stall:5")
    await gateway.until(generation_id, lambda generation: generation.characters > 0)
    web.roles[gateway.call.actor_id] = None
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("interrupted", "/problems/membership-ended")
    assert (await gateway.read(generation_id))[1]


async def test_membership_is_asked_once_within_ten_seconds(gateway: Any, web: Any) -> None:
    for _ in range(3):
        await gateway.until_ended(await gateway.start("simulator/quill+words:10"))
    assert web.asked == 1


async def test_the_first_attempt_of_a_known_member_is_written_with_the_claim(gateway: Any) -> None:
    await gateway.until_ended(await gateway.start("simulator/quill+words:10"))
    generation_id = await gateway.start("simulator/quill+words:10")
    (attempt,) = await gateway.attempts(generation_id)
    await gateway.until_ended(generation_id)
    assert [row["id"] for row in await gateway.attempts(generation_id)] == [attempt["id"]]


async def test_an_attempt_that_was_written_and_never_called_costs_nothing(gateway: Any, web: Any) -> None:
    await gateway.until_ended(await gateway.start("simulator/quill+words:10"))
    web.roles[gateway.call.actor_id] = None
    generation_id = await gateway.start("simulator/quill+words:10")
    # Between the claim and the call the remembered answer grows too old.
    gateway.engine.desk.members._known.clear()
    ended = await gateway.until_ended(generation_id)
    (usage,) = await gateway.usage(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/membership-ended")
    assert (usage["input_tokens"], usage["cost_usd"], usage["estimated"]) == (0, 0, False)


async def test_a_short_answer_is_waited_for(gateway: Any) -> None:
    command = short()
    written = await generations.write_text(gateway.engine, gateway.call, command)
    again = await generations.write_text(gateway.engine, gateway.call, command)
    assert written.text
    assert written.simulated
    assert written == again
    assert len(await gateway.attempts(command.generation_id)) == 1


async def test_a_short_answer_that_fails_raises_its_problem(gateway: Any) -> None:
    with pytest.raises(RemoteProblem) as raised:
        await generations.write_text(gateway.engine, gateway.call, short(model="openai/gpt-4.1"))
    assert raised.value.type == "/problems/provider-key-missing"
    assert "OPENAI_API_KEY" in raised.value.detail


async def test_a_short_answer_that_is_late_is_found_by_the_same_id(gateway: Any) -> None:
    command = short(model="simulator/quill+slow-first:1")
    with pytest.raises(DeadlineExceeded):
        await generations.write_text(gateway.engine, gateway.call.with_deadline(0.7), command)
    written = await generations.write_text(gateway.engine, gateway.call.with_deadline(10), command)
    assert written.text


async def test_a_short_answer_that_somebody_stops_is_a_problem(gateway: Any) -> None:
    command = short(model="simulator/quill+stall:1")
    waiting = asyncio.create_task(generations.write_text(gateway.engine, gateway.call, command))
    await asyncio.sleep(0.5)
    await gateway.cancel(command.generation_id)
    with pytest.raises(GenerationStopped):
        await waiting
