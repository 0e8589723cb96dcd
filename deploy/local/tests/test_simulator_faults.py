"""What the simulator turns away, holds back or thinks aloud, in the words of both providers."""

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from simulator.app import SimulatorOptions
from simulator.testing import running_simulator

QUESTION = "Explain how a lighthouse lens bends light."
PICTURE = base64.b64encode(b"\x89PNG not really").decode()
LONG = "word " * 170_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_simulator(SimulatorOptions(seed=7, chunk_seconds=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


@pytest.fixture
async def claude(url: str) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=url, api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


async def ask(client: AsyncOpenAI, model: str = "quill", content: Any = QUESTION, **more: Any) -> Any:
    return await client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)


async def ask_claude(claude: AsyncAnthropic, model: str = "reed", content: Any = QUESTION, **more: Any) -> Any:
    more = {"max_tokens": 5000} | more
    return await claude.messages.create(model=model, messages=[{"role": "user", "content": content}], **more)


@pytest.mark.parametrize(("model", "content"), [("quill+context", QUESTION), ("quill", LONG)])
async def test_too_long_a_conversation_is_refused_with_its_code(client: AsyncOpenAI, model: str, content: str) -> None:
    with pytest.raises(openai.BadRequestError, match="maximum context length is 200000 tokens") as caught:
        await ask(client, model, content)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")
    with pytest.raises(openai.BadRequestError) as responses:
        await client.responses.create(model=model, input=content)
    assert responses.value.code == "context_length_exceeded"


@pytest.mark.parametrize(("model", "content"), [("reed+context", QUESTION), ("reed", LONG)])
async def test_too_long_a_prompt_says_how_long_it_is(claude: AsyncAnthropic, model: str, content: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: 2\d{5} tokens > 200000 maximum"):
        await ask_claude(claude, model, content)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("400", 400, None),
        ("402", 402, "insufficient_quota"),
        ("403", 403, "permission_denied"),
        ("content-filter", 400, "content_filter"),
    ],
)
async def test_each_refusal_has_its_status_and_code(
    client: AsyncOpenAI, fault: str, status: int, code: str | None
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(client, f"quill+{fault}")
    assert (caught.value.status_code, caught.value.code) == (status, code)


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("400", 400, "invalid_request_error"),
        ("402", 402, "billing_error"),
        ("403", 403, "permission_error"),
        ("content-filter", 400, "invalid_request_error"),
    ],
)
async def test_each_refusal_has_its_status_and_type(claude: AsyncAnthropic, fault: str, status: int, kind: str) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await ask_claude(claude, f"reed+{fault}")
    assert (caught.value.status_code, caught.value.type) == (status, kind)


async def test_an_answer_that_is_held_back_ends_after_its_chunks(client: AsyncOpenAI, claude: AsyncAnthropic) -> None:
    whole = await ask(client)
    completion = await ask(client, "quill+filter:3")
    response = await client.responses.create(model="quill+filter:3", input=QUESTION)
    message = await ask_claude(claude, "reed+filter:3")
    assert completion.choices[0].finish_reason == "content_filter"
    assert whole.choices[0].message.content.startswith(completion.choices[0].message.content)
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "content_filter"
    assert message.stop_reason == "refusal"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_unknown_field_is_refused_in_the_providers_own_words(
    client: AsyncOpenAI, claude: AsyncAnthropic, *, stream: bool
) -> None:
    extra: dict[str, Any] = {"extra_body": {"base_url": "http://example.com"}, "stream": stream}
    with pytest.raises(openai.BadRequestError, match="Unrecognized request argument supplied: base_url"):
        await ask(client, **extra)
    with pytest.raises(openai.BadRequestError, match="Unknown parameter: 'base_url'") as caught:
        await client.responses.create(model="quill", input=QUESTION, extra_body=extra["extra_body"])
    assert caught.value.code == "unknown_parameter"
    with pytest.raises(anthropic.BadRequestError, match="base_url: Extra inputs are not permitted"):
        await ask_claude(claude, **extra)


async def test_a_rate_turns_away_the_call_beyond_it_and_another_key_is_free(client: AsyncOpenAI) -> None:
    for _ in range(2):
        await ask(client, "quill+rate:2,words:5")
    with pytest.raises(openai.RateLimitError) as caught:
        await ask(client, "quill+rate:2,words:5")
    assert caught.value.response.headers["retry-after"] == "1"
    await ask(client.with_options(api_key="another"), "quill+rate:2,words:5")


async def test_think_tags_are_split_over_chunks(client: AsyncOpenAI) -> None:
    chunks = [
        chunk.choices[0].delta.content or ""
        async for chunk in await ask(client, "quill+think:12", stream=True)
        if chunk.choices
    ]
    text = "".join(chunks)
    thought, _, answer = text.removeprefix("<think>").partition("</think>\n\n")
    assert text.startswith("<think>")
    assert len(thought.split()) == 12
    assert answer == (await ask(client)).choices[0].message.content
    assert not any("<think>" in chunk or "</think>" in chunk for chunk in chunks)


async def test_reasoning_has_a_field_of_its_own_and_is_billed(client: AsyncOpenAI) -> None:
    completion = await ask(client, "quill+reason")
    thought = completion.choices[0].message.reasoning_content
    assert len(thought.split()) == 30
    assert completion.usage.completion_tokens_details.reasoning_tokens == -(-len(thought) // 4)
    deltas = [
        (chunk.choices[0].delta.model_extra or {}).get("reasoning_content", "")
        async for chunk in await ask(client, "quill+reason", stream=True)
        if chunk.choices
    ]
    assert "".join(deltas) == thought


async def test_responses_reason_in_a_summary_when_asked(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="quill", input=QUESTION, reasoning={"summary": "auto"}, stream=True)
    events = [event async for event in answer]
    text = "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta")
    last = events[-1]
    assert last.type == "response.completed"
    reasoning, message = last.response.output
    assert reasoning.type == "reasoning"
    assert reasoning.summary[0].text == text
    assert message.type == "message"
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.parametrize("way", ["fault", "field"])
async def test_messages_think_in_a_block_before_the_text(claude: AsyncAnthropic, way: str) -> None:
    more: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 1024}} if way == "field" else {}
    async with claude.messages.stream(
        model="reed+reason" if way == "fault" else "reed",
        max_tokens=5000,
        messages=[{"role": "user", "content": QUESTION}],
        **more,
    ) as opened:
        pieces = [event.thinking async for event in opened if event.type == "thinking"]
        message = await opened.get_final_message()
    thought, text = message.content
    assert thought.type == "thinking"
    assert thought.signature
    assert thought.thinking == "".join(pieces)
    assert text.type == "text"


async def test_a_stop_sequence_ends_the_answer(client: AsyncOpenAI, claude: AsyncAnthropic) -> None:
    whole = (await ask(client)).choices[0].message.content
    word = whole.split()[9]
    completion = await ask(client, stop=word)
    message = await ask_claude(claude, stop_sequences=["§", word])
    assert completion.choices[0].message.content == whole[: whole.index(word)] == message.content[0].text
    assert completion.choices[0].finish_reason == "stop"
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", word)


@pytest.mark.parametrize("address", [f"data:image/png;base64,{PICTURE}", "https://example.com/a.png"])
async def test_an_image_is_accepted_and_costs_85_tokens(
    client: AsyncOpenAI, claude: AsyncAnthropic, address: str
) -> None:
    text: Any = {"type": "text", "text": QUESTION}
    completion = await ask(client, content=[text, {"type": "image_url", "image_url": {"url": address}}])
    response = await client.responses.create(
        model="quill",
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": QUESTION},
                    {"type": "input_image", "image_url": address, "detail": "auto"},
                ],
            }
        ],
    )
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    source = source if address.startswith("data") else {"type": "url", "url": address}
    message = await ask_claude(claude, content=[text, {"type": "image", "source": source}])
    assert response.usage is not None
    counts = {completion.usage.prompt_tokens, response.usage.input_tokens, message.usage.input_tokens}
    assert counts == {-(-len(QUESTION) // 4) + 85}


@pytest.mark.parametrize("address", ["data:image/png;base64,%%%", "data:text/plain;base64,aGk=", "file:///etc/hosts"])
async def test_an_image_that_is_none_is_a_bad_request(client: AsyncOpenAI, address: str) -> None:
    with pytest.raises(openai.BadRequestError, match="image"):
        await ask(client, content=[{"type": "image_url", "image_url": {"url": address}}])


@pytest.mark.parametrize(
    "pointer", [{"previous_response_id": "resp_1"}, {"prompt": {"id": "pmpt_1"}}, {"conversation": "conv_1"}]
)
async def test_what_only_the_real_provider_stores_is_not_found(client: AsyncOpenAI, pointer: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError, match="_1' not found"):
        await client.responses.create(model="quill", input=QUESTION, **pointer)


async def test_more_than_one_choice_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="'n' must be 1"):
        await ask(client, n=2)


async def test_a_stall_in_a_whole_answer_comes_after_its_headers(url: str) -> None:
    body = {"model": "quill+stall:3", "messages": [{"role": "user", "content": QUESTION}]}
    async with (
        httpx2.AsyncClient(base_url=url, timeout=0.4) as raw,
        raw.stream("POST", "/v1/chat/completions", json=body, headers={"authorization": "Bearer key"}) as answer,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            await answer.aread()
    assert answer.status_code == 200
