"""Generations by an alias: the next model answers where the first one cannot, and everything says which one did."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from llm_gateway.domain import CallFailed, FailureClass, ProviderUnavailable
from llm_gateway.operations.model_settings import save_alias
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import SaveAlias

OUTAGE = CallFailed(ProviderUnavailable("Away."), FailureClass.AVAILABILITY)


async def alias(gateway: Any, *targets: str) -> str:
    """Name a chain of models in the gateway's project."""
    saved = await save_alias(
        gateway.database,
        gateway.engine.desk.catalogue,
        gateway.call,
        SaveAlias(name=f"writer-{str(new_id())[-8:]}", targets=list(targets)),
    )
    return saved.name


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        ("simulator/quill+500", 3),
        ("simulator/quill+401", 1),
        ("simulator/quill+429:60", 1),
        ("simulator/unheard-of", 1),
    ],
)
async def test_the_next_model_answers_before_any_text_and_everything_says_so(
    open_gateway: Any, simulator: Any, first: str, asked: int
) -> None:
    gateway = await open_gateway(COMPATIBLE_BASE_URL=f"{simulator.url}/v1")
    name = await alias(gateway, first, "openai/x", "compatible/quill")
    generation_id = await gateway.start(name)
    ended = await gateway.until_ended(generation_id)
    attempts = await gateway.attempts(generation_id)
    usage = await gateway.usage(generation_id)
    assert (ended.status, ended.model, ended.asked_model, ended.provider) == (
        "completed",
        "compatible/quill",
        name,
        "compatible",
    )
    assert (ended.simulated, [row["simulated"] for row in usage]) == (False, [True] * asked + [False])
    assert [row["model"] for row in attempts] == [first] * asked + ["compatible/quill"]
    assert [row["model"] for row in usage] == [row["model"] for row in attempts]
    calls = await simulator.calls(*(row["id"] for row in attempts))
    assert len(calls) == len(attempts)


async def test_the_fact_names_the_model_that_answered_and_the_one_that_was_asked(
    gateway: Any, eventually: Callable[..., Any]
) -> None:
    heard: list[dict[str, Any]] = []

    async def hear(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
        heard.append(orjson.loads(payload))

    await gateway.bus.listen("fact.llm_gateway.generation.completed.v1", hear)
    name = await alias(gateway, "simulator/unheard-of", "simulator/reed")
    await gateway.until_ended(await gateway.start(name))
    await eventually(lambda: heard)
    assert [(fact["model"], fact["asked_model"]) for fact in heard] == [("simulator/reed", name)]


async def test_after_text_was_shown_no_other_model_goes_on(gateway: Any) -> None:
    name = await alias(gateway, "simulator/quill+cut:8", "simulator/reed")
    generation_id = await gateway.start(name)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.model) == ("interrupted", "simulator/quill+cut:8")
    assert [row["model"] for row in await gateway.attempts(generation_id)] == ["simulator/quill+cut:8"]


async def test_where_every_model_fails_the_last_failure_is_told(gateway: Any) -> None:
    name = await alias(gateway, "simulator/quill+500", "simulator/reed+401")
    generation_id = await gateway.start(name)
    ended = await gateway.until_ended(generation_id)
    assert (ended.status, ended.problem_type) == ("failed", "/problems/provider-key-refused")


async def test_a_silent_model_is_left_for_the_next_one_after_one_wait(open_gateway: Any) -> None:
    gateway = await open_gateway(provider_first_byte_seconds=0.5, provider_read_seconds=0.5)
    begun = time.monotonic()
    generation_id = await gateway.start(await alias(gateway, "simulator/quill+slow-first:9", "simulator/reed"))
    ended = await gateway.until_ended(generation_id)
    assert ended.status == "completed"
    assert [row["model"] for row in await gateway.attempts(generation_id)] == [
        "simulator/quill+slow-first:9",
        "simulator/reed",
    ]
    assert time.monotonic() - begun < 9


async def test_while_a_breaker_is_open_the_model_is_not_asked(gateway: Any) -> None:
    model = f"simulator/quill+500,words:{time.monotonic_ns() % 1000}"
    (route,) = (await gateway.engine.desk.catalogue.of(gateway.call.project_id)).routes(model, None)
    for _ in range(10):
        gateway.engine.desk.health.record(route, OUTAGE)
    refused = await gateway.until_ended(await gateway.start(model))
    assert (refused.status, refused.problem_type) == ("failed", "/problems/provider-unavailable")
    assert await gateway.attempts(refused.id) == []
    served = await gateway.until_ended(await gateway.start(await alias(gateway, model, "simulator/reed")))
    assert (served.status, served.model) == ("completed", "simulator/reed")
    assert [row["model"] for row in await gateway.attempts(served.id)] == ["simulator/reed"]


async def test_a_wait_never_outlasts_the_generation(open_gateway: Any) -> None:
    gateway = await open_gateway(generation_seconds=1.0)
    begun = time.monotonic()
    ended = await gateway.until_ended(await gateway.start(f"simulator/quill+429:2,words:{new_id().int % 1000}"))
    assert (ended.status, ended.problem_type) == ("failed", "/problems/provider-rate-limited")
    assert time.monotonic() - begun < 2


async def test_a_continued_answer_stays_with_the_model_that_began_it(
    gateway: Any, eventually: Callable[..., Any]
) -> None:
    name = await alias(gateway, "simulator/quill+500", "simulator/reed+truncate:12")
    generation_id = await gateway.start(name, continue_up_to=1)
    ended = await gateway.until_ended(generation_id)
    attempts = await gateway.attempts(generation_id)
    assert ended.model == "simulator/reed+truncate:12"
    assert [row["model"] for row in attempts][-2:] == ["simulator/reed+truncate:12"] * 2
    assert len(attempts) == 5
    await eventually(lambda: gateway.usage(generation_id))
