"""What a provider can do wrong, and what becomes of it: repeats, sentences, and a row for each call."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from llm_gateway.operations import generations
from llm_gateway.operations.engine import Engine
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import StartGeneration


async def test_a_limit_is_waited_for_and_then_answered(gateway: Any, simulator: Any) -> None:
    begun = time.monotonic()
    generation_id = await gateway.start("simulator/quill+429-once", ask=f"A limit {new_id()}")
    ended = await gateway.until_ended(generation_id)
    assert ended.status == "completed"
    assert time.monotonic() - begun >= 1
    attempts = await gateway.attempts(generation_id)
    usage = await gateway.usage(generation_id)
    assert [(row["number"], row["status"]) for row in attempts] == [(1, "failed"), (2, "succeeded")]
    assert [row["error"] for row in attempts] == ["/problems/provider-rate-limited", None]
    assert (usage[0]["input_tokens"], usage[0]["cost_usd"], usage[0]["estimated"]) == (0, 0, False)
    assert len(await simulator.calls(*(row["id"] for row in attempts))) == 2


@pytest.mark.parametrize("model", ["simulator/quill+500", "simulator/reed+529", "simulator/quill+cut:0"])
async def test_an_outage_before_any_text_is_tried_three_times_in_all(gateway: Any, simulator: Any, model: str) -> None:
    generation_id = await gateway.start(model)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/provider-unavailable")
    attempts = await gateway.attempts(generation_id)
    assert [row["status"] for row in attempts] == ["failed"] * 3
    assert len(await gateway.usage(generation_id)) == 3
    assert len(await simulator.calls(*(row["id"] for row in attempts))) == 3


@pytest.mark.parametrize(
    ("model", "problem", "words"),
    [
        ("simulator/quill+quota", "/problems/provider-quota-exhausted", "spend limit"),
        ("simulator/reed+quota", "/problems/provider-quota-exhausted", "spend limit"),
        ("simulator/quill+401", "/problems/provider-key-refused", "refused the key"),
        ("simulator/unheard-of", "/problems/unknown-model", "no model named 'unheard-of'"),
    ],
)
async def test_what_asking_again_cannot_mend_is_asked_once(gateway: Any, model: str, problem: str, words: str) -> None:
    generation_id = await gateway.start(model)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", problem)
    assert words in ended.detail
    assert len(await gateway.attempts(generation_id)) == 1


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
@pytest.mark.parametrize("fault", ["cut:8", "malformed:8", "error:8"])
async def test_after_text_was_shown_a_failure_interrupts_and_nothing_is_spliced(
    gateway: Any, sha256: Callable[[str], str], model: str, fault: str
) -> None:
    generation_id = await gateway.start(f"{model}+{fault}")
    ended = await gateway.until_ended(generation_id)
    _, text = await gateway.read(generation_id)
    (attempt,) = await gateway.attempts(generation_id)
    (usage,) = await gateway.usage(generation_id)
    assert (ended.status, attempt["status"]) == ("interrupted", "failed")
    assert text
    assert ended.content_hash == sha256(text)
    assert ended.detail
    assert usage["estimated"]


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
@pytest.mark.parametrize(
    ("fault", "status", "seconds"), [("stall:4", "interrupted", "0.3"), ("slow-first:9", "failed", "0.6")]
)
async def test_a_silent_provider_is_given_up(
    open_gateway: Any, model: str, fault: str, status: str, seconds: str
) -> None:
    gateway = await open_gateway(provider_read_seconds=0.3, provider_first_byte_seconds=0.6)
    generation_id = await gateway.start(f"{model}+{fault}")
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == (status, "/problems/provider-unavailable")
    assert f"nothing for {seconds} seconds" in ended.detail


async def test_a_generation_that_takes_too_long_ends_with_what_it_has(open_gateway: Any) -> None:
    gateway = await open_gateway(generation_seconds=0.8)
    ended = await gateway.until_ended(await gateway.start("simulator/quill+stall:4"))
    assert (ended.status, ended.problem_type) == ("interrupted", "/problems/generation-timed-out")


async def test_a_provider_that_cannot_be_reached_costs_nothing(open_gateway: Any) -> None:
    gateway = await open_gateway(COMPATIBLE_BASE_URL="http://127.0.0.1:9/v1")
    generation_id = await gateway.start("compatible/any")
    ended = await gateway.until_ended(generation_id)
    assert ended.detail == "The compatible server could not be reached."
    assert [row["cost_usd"] for row in await gateway.usage(generation_id)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("model", "problem", "words"),
    [
        ("openai/gpt-4.1", "/problems/provider-key-missing", "Set OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-5-5", "/problems/provider-key-missing", "Set ANTHROPIC_API_KEY"),
        ("compatible/llama", "/problems/provider-key-missing", "Set COMPATIBLE_BASE_URL"),
        ("nobody/at-all", "/problems/unknown-model", "simulator/quill"),
        ("no-such-model", "/problems/unknown-model", "connection/model"),
    ],
)
async def test_what_cannot_be_asked_here_fails_at_once_with_a_sentence(
    gateway: Any, model: str, problem: str, words: str
) -> None:
    generation_id = await gateway.start(model)
    ended, _ = await gateway.read(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", problem)
    assert words in ended.detail
    assert await gateway.attempts(generation_id) == []


async def test_the_key_reaches_the_provider_and_is_stored_nowhere(open_gateway: Any, simulator: Any) -> None:
    canary = "sk-canary-7f3a"
    gateway = await open_gateway(COMPATIBLE_BASE_URL=f"{simulator.url}/v1", COMPATIBLE_API_KEY=canary)
    ended_id = await gateway.start("compatible/quill+401")
    ended = await gateway.until_ended(ended_id)
    assert ended.problem_type == "/problems/provider-key-refused"
    assert "COMPATIBLE_API_KEY" in ended.detail
    rows = await gateway.rows("SELECT g.*, a.* FROM generations g JOIN provider_attempts a ON a.generation_id = g.id")
    assert canary not in repr((rows, await gateway.engine.desk.catalogue.of(gateway.call.project_id)))


async def test_many_generations_at_once_equal_the_ledger(
    gateway: Any, simulator: Any, make_job: Callable[..., StartGeneration]
) -> None:
    models = ["simulator/quill", "simulator/reed", "simulator/quill+cut:4", "simulator/quill+500", "simulator/reed+429"]
    commands = [make_job(f"{model},words:{20 + n}" if "+" in model else model) for n in range(6) for model in models]
    engine: Engine = gateway.engine
    await asyncio.gather(*(generations.start_generation(engine, gateway.call, command) for command in commands))
    for command in commands:
        await gateway.until_ended(command.generation_id)
    usage = {row["attempt_id"]: row for row in await gateway.rows("SELECT * FROM usage")}
    calls = await simulator.calls(*usage)
    attempts = await gateway.rows("SELECT id FROM provider_attempts")
    assert len(calls) == len(usage) == len(attempts)
    exact = [row for row in usage.values() if not row["estimated"]]
    by_attempt = {call["client_request_id"]: call for call in calls}
    assert len(by_attempt) == len(calls)
    assert sum(row["output_tokens"] for row in exact) == sum(
        call["output_tokens"] for call in calls if call["outcome"] in {"completed", "refused"}
    )
