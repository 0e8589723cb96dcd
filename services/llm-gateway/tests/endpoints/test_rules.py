"""What the gateway itself decides about other teams' calls: prompts, the cache, budgets, limits."""

import asyncio
from decimal import Decimal
from functools import partial
from typing import Any

import anthropic
import openai
import pytest

from llm_gateway.operations import budgets, limits, model_settings
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import SaveAlias, SaveBudget, SaveGatewaySettings, SaveLimit
from shared.contracts.prompts import RenderedPrompt, RenderPromptByName
from shared.testing.fixtures import BusFor

HELLO: list[Any] = [{"role": "user", "content": "Say hello to the ferry."}]
ASK: Any = {"model": "simulator/quill", "messages": HELLO}


@pytest.fixture
async def admin(gateway: Any) -> Call:
    call: Call = gateway.call
    return call


async def test_a_model_may_be_a_prompt_of_the_registry(
    gateway: Any, bus_for: BusFor, chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, the_call: Any
) -> None:
    asked: list[RenderPromptByName] = []
    version_id = new_id()

    async def render(_call: Call, command: RenderPromptByName) -> RenderedPrompt:
        asked.append(command)
        return RenderedPrompt(
            prompt_id=new_id(),
            prompt_version_id=version_id,
            prompt_title="Ferry",
            version=3,
            content_hash="0" * 64,
            text=f"Write about {command.values['topic']}.",
            snippets=[],
            default_model="simulator/quill",
        )

    prompts = await bus_for("prompts")
    prompts.answer(RenderPromptByName, render)
    await prompts.start_answering()
    answer = await chat.chat.completions.create(
        model="prompt:essays/ferry@production", messages=[], extra_body={"variables": {"topic": "hinges"}}
    )
    assert "hinges" in (answer.choices[0].message.content or "")
    assert (asked[0].name, asked[0].label, asked[0].version) == ("essays/ferry", "production", None)
    attempt, usage = await the_call()
    assert attempt["prompt_version_id"] == usage["prompt_version_id"] == version_id
    object_: Any = {"id": "essays/ferry", "version": "3", "variables": {"topic": "doors"}}
    response = await chat.responses.create(prompt=object_, input="In one line.")
    assert response.output_text
    assert (asked[1].version, asked[1].values) == (3, {"topic": "doors"})


async def test_an_equal_question_is_answered_from_the_cache_once_an_admin_wants_that(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, rows: Any, eventually: Any
) -> None:
    await model_settings.save_gateway_settings(
        gateway.database, gateway.engine.desk.catalogue, admin, SaveGatewaySettings(cache_seconds=60)
    )
    first = await chat.chat.completions.with_raw_response.create(**ASK)
    await eventually(partial(_is_kept, gateway))
    second = await chat.chat.completions.with_raw_response.create(**ASK)
    fresh = await chat.chat.completions.with_raw_response.create(**ASK, extra_headers={"Cache-Control": "no-cache"})
    other = await chat.chat.completions.with_raw_response.create(**ASK, temperature=0.3)
    assert [raw.headers.get("scriptorium-cache") for raw in (first, second, fresh, other)] == [None, "hit", None, None]
    assert second.parse() == first.parse()

    async def written() -> bool:
        return len(await rows("SELECT FROM usage")) == 4

    await eventually(written)
    (hit,) = await rows("SELECT * FROM usage WHERE cache_hit")
    assert (hit["cost_usd"], hit["estimated"]) == (0, False)
    assert hit["input_tokens"] > 0
    assert len(await rows("SELECT FROM provider_attempts")) == 3


async def test_a_streamed_answer_comes_from_the_cache_as_it_was(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, eventually: Any
) -> None:
    await model_settings.save_gateway_settings(
        gateway.database, gateway.engine.desk.catalogue, admin, SaveGatewaySettings(cache_seconds=60)
    )
    texts = []
    for turn in range(2):
        if turn:
            await eventually(partial(_is_kept, gateway))
        stream = await chat.chat.completions.create(**ASK, stream=True)
        texts.append([chunk.choices[0].delta.content async for chunk in stream if chunk.choices])
    assert texts[0] == texts[1]


async def test_a_call_over_the_budget_is_refused_and_none_is_made(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, rows: Any
) -> None:
    await _set_budget(gateway, admin, "0.000001")
    with pytest.raises(openai.APIStatusError) as refused:
        await chat.chat.completions.create(**ASK)
    assert (refused.value.status_code, refused.value.code) == (402, "insufficient_quota")
    with pytest.raises(anthropic.APIStatusError) as billed:
        await claude.messages.create(model="simulator/reed", max_tokens=500, messages=HELLO)
    assert billed.value.status_code == 402
    assert await rows("SELECT FROM provider_attempts") == []
    assert await rows("SELECT FROM budget_holds") == []


async def test_a_call_within_the_budget_is_spent_and_leaves_no_hold(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, the_call: Any, rows: Any
) -> None:
    await _set_budget(gateway, admin, "10")
    await chat.chat.completions.create(**ASK)
    _, usage = await the_call()
    (budget,) = await rows("SELECT spent_usd, held_usd FROM budgets")
    assert (budget["spent_usd"], budget["held_usd"]) == (usage["cost_usd"], 0)
    assert await rows("SELECT FROM budget_holds") == []


async def test_a_stream_stops_where_its_money_ends_and_says_so(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, the_call: Any, rows: Any
) -> None:
    # Enough for what is held at first (4,096 tokens of $1.25 a million), not for as much again.
    await _set_budget(gateway, admin, "0.006")
    stream = await chat.chat.completions.create(model="simulator/quill+words:6000,pace:0", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError) as ended:
        async for _ in stream:
            pass
    assert ended.value.code == "insufficient_quota"
    attempt, usage = await the_call()
    assert attempt["status"] == "failed"
    (budget,) = await rows("SELECT spent_usd, held_usd, limit_usd FROM budgets")
    assert budget["held_usd"] == 0
    assert budget["spent_usd"] == usage["cost_usd"] <= budget["limit_usd"]


async def test_headers_tell_where_a_limited_caller_stands_and_who_goes_too_fast_hears_when_to_come_back(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI
) -> None:
    await limits.save_limit(gateway.database, admin, SaveLimit(scope="project", requests_per_minute=1))
    await asyncio.sleep(0)
    refused: openai.RateLimitError | None = None
    headers: Any = {}
    for _ in range(20):
        try:
            headers = (await chat.chat.completions.with_raw_response.create(**ASK)).headers
        except openai.RateLimitError as error:
            refused = error
            break
    assert refused is not None
    assert refused.code == "rate_limit_exceeded"
    assert int(refused.response.headers["retry-after"]) >= 1
    assert headers["x-ratelimit-limit-requests"] == "1"


async def test_an_alias_goes_on_to_its_next_model_and_the_headers_say_who_answered(
    gateway: Any, admin: Call, chat: openai.AsyncOpenAI, rows: Any, eventually: Any
) -> None:
    alias = SaveAlias(name="writer", targets=["simulator/quill+429:7", "simulator/quill"])
    await model_settings.save_alias(gateway.database, gateway.engine.desk.catalogue, admin, alias)
    raw = await chat.chat.completions.with_raw_response.create(model="writer", messages=HELLO)
    assert raw.headers["scriptorium-model"] == "simulator/quill"
    assert raw.headers["scriptorium-attempts"] == "2"

    async def settled() -> bool:
        return len(await rows("SELECT FROM usage")) == 2

    await eventually(settled)
    found = await rows("SELECT status, model FROM provider_attempts ORDER BY started_at")
    assert [row["status"] for row in found] == ["failed", "succeeded"]


async def _keep_answers(gateway: Any) -> None:
    """Have the project's answers kept, beginning with none."""
    wanted = SaveGatewaySettings(cache_seconds=60)
    await model_settings.save_gateway_settings(gateway.database, gateway.engine.desk.catalogue, gateway.call, wanted)
    await gateway.engine.desk.cache._redis.flushdb()


async def _is_kept(gateway: Any) -> bool:
    """Whether an answer of this test is in the cache: it is kept after the caller has it."""
    return bool(await gateway.engine.desk.cache._redis.keys("llm_gateway:answer:*"))


async def _set_budget(gateway: Any, admin: Call, usd: str) -> None:
    command = SaveBudget(scope="project", period="month", limit_usd=Decimal(usd))
    await budgets.save_budget(gateway.database, admin, command)
    await gateway.engine.desk.budgets.refresh()
