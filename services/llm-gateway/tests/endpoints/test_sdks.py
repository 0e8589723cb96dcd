"""Other teams' official SDKs against the gateway: another address and key, and nothing else changed."""

from typing import Any

import anthropic
import openai
import pytest

HELLO: list[Any] = [{"role": "user", "content": "Say hello to the ferry."}]


async def assert_ledger_agrees(simulator: Any, usage: dict[str, Any]) -> None:
    (entry,) = await simulator.calls(usage["attempt_id"])
    assert (entry["input_tokens"], entry["output_tokens"]) == (usage["input_tokens"], usage["output_tokens"])
    assert not entry["traceparent"]


async def test_a_chat_completion_is_answered_and_is_one_attempt_with_its_exact_usage(
    simulator: Any, the_call: Any, chat: openai.AsyncOpenAI
) -> None:
    raw = await chat.chat.completions.with_raw_response.create(model="simulator/quill", messages=HELLO)
    answer = raw.parse()
    attempt, usage = await the_call()
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert raw.headers["scriptorium-model"] == "simulator/quill"
    assert raw.headers["scriptorium-simulated"] == "true"
    assert (attempt["status"], attempt["endpoint"]) == ("succeeded", "chat_completions")
    assert attempt["provider_response_id"] == answer.id
    assert (usage["input_tokens"], usage["output_tokens"]) == (
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )
    assert not usage["estimated"]
    assert usage["cost_usd"] > 0
    await assert_ledger_agrees(simulator, usage)


@pytest.mark.parametrize("wants_usage", [True, False])
async def test_a_streamed_chat_shows_usage_to_those_who_asked_and_counts_it_for_all(
    simulator: Any, the_call: Any, chat: openai.AsyncOpenAI, *, wants_usage: bool
) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if wants_usage else {}
    stream = await chat.chat.completions.create(model="simulator/quill", messages=HELLO, stream=True, **options)
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text
    assert [chunk.usage is not None for chunk in chunks if not chunk.choices] == ([True] if wants_usage else [])
    _, usage = await the_call()
    assert not usage["estimated"]
    assert usage["first_token_milliseconds"] is not None
    await assert_ledger_agrees(simulator, usage)


async def test_responses_are_answered_whole_and_streamed(eventually: Any, rows: Any, chat: openai.AsyncOpenAI) -> None:
    whole = await chat.responses.create(model="simulator/quill", input="Say hello.")
    stream = await chat.responses.create(model="simulator/quill", input="Say hello.", stream=True)
    types = [event.type async for event in stream]
    assert whole.output_text
    assert types[-1] == "response.completed"

    async def settled() -> bool:
        return len(await rows("SELECT FROM usage WHERE NOT estimated AND endpoint = 'responses'")) == 2

    await eventually(settled)


async def test_messages_are_answered_whole_and_streamed(
    eventually: Any, rows: Any, claude: anthropic.AsyncAnthropic
) -> None:
    whole = await claude.messages.create(model="simulator/reed", max_tokens=500, messages=HELLO)
    async with claude.messages.stream(model="simulator/reed", max_tokens=500, messages=HELLO) as stream:
        text = await stream.get_final_text()
    assert whole.content[0].type == "text"
    assert text

    async def settled() -> bool:
        return len(await rows("SELECT FROM usage WHERE NOT estimated AND endpoint = 'messages'")) == 2

    await eventually(settled)


async def test_both_official_sdks_list_the_models(chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    assert "simulator/quill" in {model.id async for model in await chat.models.list()}
    assert "simulator/reed" in {model.id async for model in claude.models.list()}
    assert (await chat.models.retrieve("simulator/quill")).owned_by == "simulator"


async def test_a_wrong_key_is_refused_in_the_words_of_each_format(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        await chat.with_options(api_key="sk_wrong").chat.completions.create(model="simulator/quill", messages=HELLO)
    assert refused.value.code == "invalid_api_key"
    with pytest.raises(anthropic.AuthenticationError):
        await claude.with_options(api_key="sk_wrong").messages.create(
            model="simulator/reed", max_tokens=5, messages=HELLO
        )
    with pytest.raises(openai.PermissionDeniedError):
        await chat.with_options(api_key="sk_reader").chat.completions.create(model="simulator/quill", messages=HELLO)


@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "extra_headers", "headers"])
async def test_a_field_that_would_choose_a_server_or_headers_is_refused(
    rows: Any, chat: openai.AsyncOpenAI, name: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await chat.chat.completions.create(model="simulator/quill", messages=HELLO, extra_body={name: "x"})
    assert refused.value.param == name
    assert await rows("SELECT FROM provider_attempts") == []


async def test_an_unknown_model_is_refused_before_any_call(rows: Any, chat: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await chat.chat.completions.create(model="nobody/nothing", messages=HELLO)
    assert refused.value.code == "model_not_found"
    assert await rows("SELECT FROM provider_attempts") == []


async def test_state_that_is_kept_at_a_shared_account_is_not_reached(chat: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        await chat.responses.create(model="simulator/quill", input="Hi", conversation="conv_of_somebody")
    with pytest.raises(openai.BadRequestError):
        await chat.responses.create(model="simulator/quill", input="Hi", previous_response_id="resp_of_somebody")


async def test_who_leaves_in_the_middle_of_a_stream_ends_the_call_and_pays_for_what_was_written(
    simulator: Any, the_call: Any, chat: openai.AsyncOpenAI
) -> None:
    stream = await chat.chat.completions.create(model="simulator/quill+words:400,pace:20", messages=HELLO, stream=True)
    async for _ in stream:
        break
    await stream.close()
    attempt, usage = await the_call()
    assert attempt["status"] == "cancelled"
    assert usage["estimated"]
    (entry,) = await simulator.calls(attempt["id"])
    assert entry["outcome"] == "client_closed"
