"""Every fault of a provider as official SDKs see it: status, words, attempts, and accounts that are exact."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import anthropic
import openai
import pytest

from shared.contracts.ids import decode_id

HELLO: list[Any] = [{"role": "user", "content": "Say hello to the ferry."}]
# What the SDKs make of an event that says that the answer ends here.
IN_STREAM = 200


@dataclass(frozen=True)
class Seen:
    """What a caller saw of a fault: the status, OpenAI's code or Anthropic's type, and how often it was asked."""

    status: int
    word: str | None
    attempts: int


ANSWERED = Seen(200, None, 1)


@pytest.fixture
async def gateway(open_gateway: Callable[..., Awaitable[Any]]) -> Any:
    opened = await open_gateway(
        provider_read_seconds=0.5, provider_first_byte_seconds=0.8, generation_seconds=6.0, stop_seconds=1
    )
    # More outages at once than an installation that just started repeats.
    opened.engine.desk.health._budget.left = 1_000
    return opened


def refusals(openai_words: bool) -> dict[str, Seen]:  # noqa: FBT001  one of two columns
    """What is the same whether the answer is streamed or not."""
    return {
        fault: Seen(status, words[0] if openai_words else words[1], attempts)
        for fault, status, words, attempts in (
            ("400", 400, ("provider_refused_request", "invalid_request_error"), 1),
            ("401", 502, ("provider_key_refused", "api_error"), 1),
            ("402", 402, ("insufficient_quota", "billing_error"), 1),
            ("403", 502, ("provider_key_refused", "api_error"), 1),
            ("429", 429, ("rate_limit_exceeded", "rate_limit_error"), 3),
            ("429:60", 429, ("rate_limit_exceeded", "rate_limit_error"), 1),
            ("500", 503, ("provider_unavailable", "overloaded_error"), 3),
            ("503", 503, ("provider_unavailable", "overloaded_error"), 3),
            ("529", 503, ("provider_unavailable", "overloaded_error"), 3),
            ("quota", 402, ("insufficient_quota", "billing_error"), 1),
            ("context", 400, ("context_length_exceeded", "invalid_request_error"), 1),
            ("content-filter", 400, ("content_filter", "invalid_request_error"), 1),
            ("slow-first:60", 503, ("provider_unavailable", "overloaded_error"), 3),
        )
    }


def streamed(openai_words: bool) -> dict[str, Seen]:  # noqa: FBT001  one of two columns
    broken = "provider_unavailable" if openai_words else "overloaded_error"
    return refusals(openai_words) | {
        "cut:6,pace:50": Seen(IN_STREAM, broken, 1),
        "stall:6,pace:50": Seen(IN_STREAM, broken, 1),
        "error:6,pace:50": Seen(IN_STREAM, "server_error" if openai_words else "overloaded_error", 1),
        "malformed:6,pace:50": Seen(IN_STREAM, "unreadable", 1),
        "filter:6": ANSWERED,
        "truncate:9": ANSWERED,
        "think": ANSWERED,
    }


def whole(openai_words: bool) -> dict[str, Seen]:  # noqa: FBT001  one of two columns
    broken = "provider_unavailable" if openai_words else "overloaded_error"
    unreadable = "provider_answer_broken" if openai_words else "api_error"
    # Nothing bounds a whole answer but the time that the call has.
    late = Seen(504, "generation_timed_out" if openai_words else "timeout_error", 1)
    silent = {"slow-first:60": late, "stall:0": late, "stall:6": late}
    return (
        refusals(openai_words)
        | silent
        | {
            "cut:6": Seen(503, broken, 3),
            "malformed:6": Seen(502, unreadable, 3),
            "filter:6": ANSWERED,
            "truncate:9": ANSWERED,
            "think": ANSWERED,
        }
    )


async def ask_openai(client: openai.AsyncOpenAI, model: str, *, stream: bool) -> tuple[int, str | None]:
    try:
        answer: Any = await client.chat.completions.create(model=model, messages=HELLO, stream=stream)
        if stream:
            async for _ in answer:
                pass
    except openai.APIStatusError as error:
        return error.status_code, error.code
    except openai.APIError as error:
        return IN_STREAM, error.code or error.type
    except json.JSONDecodeError:
        return IN_STREAM, "unreadable"
    return 200, None


async def ask_anthropic(client: anthropic.AsyncAnthropic, model: str, *, stream: bool) -> tuple[int, str | None]:
    try:
        answer: Any = await client.messages.create(model=model, max_tokens=500, messages=HELLO, stream=stream)
        if stream:
            async for _ in answer:
                pass
    except anthropic.APIStatusError as error:
        body: Any = error.body
        return error.status_code, body["error"]["type"]
    except json.JSONDecodeError:
        return IN_STREAM, "unreadable"
    return 200, None


@pytest.mark.parametrize(
    ("sdk", "stream"), [("openai", True), ("openai", False), ("anthropic", True), ("anthropic", False)]
)
async def test_every_fault_is_told_in_the_callers_format_and_is_counted_once(
    chat: openai.AsyncOpenAI,
    claude: anthropic.AsyncAnthropic,
    gateway: Any,
    rows: Any,
    simulator: Any,
    eventually: Any,
    sdk: str,
    stream: bool,  # noqa: FBT001  one of two columns
) -> None:
    is_openai = sdk == "openai"
    expected = (streamed if stream else whole)(is_openai)
    ask = partial(ask_openai, chat) if is_openai else partial(ask_anthropic, claude)
    model = "simulator/quill" if is_openai else "simulator/reed"
    names = {fault: f"{model}+{fault}" for fault in expected}
    # The SDK loads half of itself at its first call, upon which events would arrive in one heap.
    await ask(model, stream=stream)
    told = await asyncio.gather(*(ask(name, stream=stream) for name in names.values()))

    async def all_settled() -> bool:
        (open_calls,) = await rows("SELECT count(*) AS left FROM provider_attempts WHERE status = 'started'")
        return not open_calls["left"]

    await eventually(all_settled)
    attempts = await rows("SELECT id, model FROM provider_attempts")
    made = [row["model"] for row in attempts]
    seen = {
        fault: Seen(status, word, made.count(names[fault])) for fault, (status, word) in zip(names, told, strict=True)
    }
    assert seen == expected
    remembered = {name for _, name in gateway.engine.desk.health._circuits}
    away = {fault for fault, outcome in expected.items() if outcome.status in {503, 504}}
    assert {names[fault].removeprefix("simulator/") for fault in away} <= remembered
    await assert_accounts(rows, simulator, [row["id"] for row in attempts])


async def assert_accounts(rows: Any, simulator: Any, attempts: list[Any]) -> None:
    """One call at the provider and one usage row for each attempt; exact where the provider told its count."""
    usage = {row["attempt_id"]: row for row in await rows("SELECT * FROM usage")}
    calls = {decode_id("at", call["client_request_id"]): call for call in await simulator.calls(*attempts)}
    assert set(calls) == set(attempts) == set(usage)
    differing = [
        (calls[attempt]["model"], row["input_tokens"], row["output_tokens"])
        for attempt, row in usage.items()
        if not row["estimated"]
        and (row["input_tokens"], row["output_tokens"])
        != (calls[attempt]["input_tokens"], calls[attempt]["output_tokens"])
    ]
    assert differing == []
    guessed = {calls[attempt]["outcome"] for attempt, row in usage.items() if row["estimated"]}
    assert guessed <= {"cut", "failed", "client_closed", "completed"}
    assert await rows("SELECT FROM budget_holds") == []


@pytest.mark.parametrize("fault", ["429-once", "500-once", "503-once"])
async def test_what_passes_is_mended_before_the_caller_notices(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, rows: Any, fault: str
) -> None:
    raw = await chat.chat.completions.with_raw_response.create(model=f"simulator/quill+{fault}", messages=HELLO)
    assert raw.parse().choices[0].message.content
    assert raw.headers["scriptorium-attempts"] == "2"
    message = await claude.messages.create(model=f"simulator/reed+{fault}", max_tokens=500, messages=HELLO)
    assert message.content
    assert len(await rows("SELECT FROM provider_attempts")) == 4


async def test_an_sdk_that_repeats_by_itself_is_told_that_the_gateway_has_done_so(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, rows: Any
) -> None:
    with pytest.raises(openai.InternalServerError):
        await chat.with_options(max_retries=2).chat.completions.create(model="simulator/quill+500", messages=HELLO)
    with pytest.raises(anthropic.InternalServerError):
        await claude.with_options(max_retries=2).messages.create(
            model="simulator/reed+529", max_tokens=5, messages=HELLO
        )
    assert len(await rows("SELECT FROM provider_attempts")) == 6


async def test_a_stream_that_outlasts_its_time_is_ended_with_an_error(chat: openai.AsyncOpenAI, the_call: Any) -> None:
    model = "simulator/quill+words:2000,pace:100"
    with pytest.raises(openai.APIError) as ended:
        async for _ in await chat.chat.completions.create(model=model, messages=HELLO, stream=True):
            pass
    assert ended.value.code == "generation_timed_out"
    attempt, usage = await the_call()
    assert attempt["status"] == "cancelled"
    assert usage["estimated"]


async def test_a_limit_that_the_gateway_does_not_wait_for_is_told_with_its_time(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(openai.RateLimitError) as limited:
        await chat.chat.completions.create(model="simulator/quill+429:60", messages=HELLO)
    assert limited.value.response.headers["retry-after"] == "60"
    with pytest.raises(anthropic.RateLimitError) as slowed:
        await claude.messages.create(model="simulator/reed+429:60", max_tokens=5, messages=HELLO)
    assert slowed.value.response.headers["retry-after"] == "60"
