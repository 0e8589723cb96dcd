import json
from collections.abc import AsyncIterator, Iterator

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Message, RawMessageStreamEvent

from simulator.app import SimulatorOptions
from simulator.testing import running_simulator

SYSTEM = "Scriptorium task: generate_document\nYou write documents."
PROMPT = "Write a short guide to tide tables for new sailors. Include safety, reading the table and an example."


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_simulator(SimulatorOptions(seed=7, chunk_seconds=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=url, api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


async def ask(client: AsyncAnthropic, model: str = "reed", limit: int = 5000) -> Message:
    return await client.messages.create(
        model=model, max_tokens=limit, system=SYSTEM, messages=[{"role": "user", "content": PROMPT}]
    )


async def stream(client: AsyncAnthropic, model: str = "reed") -> list[RawMessageStreamEvent]:
    answer = await client.messages.create(
        model=model, max_tokens=5000, system=SYSTEM, messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    return [event async for event in answer]


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def text_in(events: list[RawMessageStreamEvent]) -> str:
    deltas = (event.delta for event in events if event.type == "content_block_delta")
    return "".join(delta.text for delta in deltas if delta.type == "text_delta")


async def test_a_whole_message_has_identity_usage_and_stop_reason(client: AsyncAnthropic) -> None:
    message = await ask(client)
    assert message.id.startswith("msg_")
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens == -(-len(SYSTEM) // 4) + -(-len(PROMPT) // 4)
    assert message.usage.output_tokens == -(-len(text_of(message)) // 4)
    assert message.usage.cache_read_input_tokens == 0
    assert message._request_id is not None
    assert message._request_id.startswith("req_")


async def test_a_stream_has_the_events_of_the_real_one_in_order(client: AsyncAnthropic) -> None:
    events = await stream(client)
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    whole = await ask(client)
    assert text_in(events) == text_of(whole)
    end = next(event for event in events if event.type == "message_delta")
    assert end.delta.stop_reason == "end_turn"
    assert end.usage.output_tokens == whole.usage.output_tokens


async def test_the_stream_helper_of_the_sdk_assembles_the_message(client: AsyncAnthropic) -> None:
    async with client.messages.stream(
        model="reed", max_tokens=5000, system=SYSTEM, messages=[{"role": "user", "content": PROMPT}]
    ) as opened:
        message = await opened.get_final_message()
    whole = await ask(client)
    assert text_of(message) == text_of(whole)
    assert message.usage.input_tokens == whole.usage.input_tokens


async def test_a_stream_pings(url: str) -> None:
    body = {"model": "reed", "max_tokens": 9, "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    async with httpx2.AsyncClient(base_url=url) as raw:
        answer = await raw.post("/v1/messages", json=body, headers={"x-api-key": "key"})
    assert 'event: ping\ndata: {"type":"ping"}\n\n' in answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_both_wire_formats_give_the_same_answer(url: str, client: AsyncAnthropic) -> None:
    body = {"model": "quill", "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]}
    async with httpx2.AsyncClient(base_url=url) as raw:
        answer = await raw.post("/v1/chat/completions", json=body, headers={"authorization": "Bearer key"})
    assert answer.json()["choices"][0]["message"]["content"] == text_of(await ask(client))


async def test_the_token_limit_truncates_with_stop_reason_max_tokens(client: AsyncAnthropic) -> None:
    message = await ask(client, limit=11)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 11


async def test_the_fault_truncate_ends_a_stream_with_stop_reason_max_tokens(client: AsyncAnthropic) -> None:
    events = await stream(client, "reed+truncate:12")
    end = next(event for event in events if event.type == "message_delta")
    assert end.delta.stop_reason == "max_tokens"
    assert len(text_in(events)) == 48


async def test_system_blocks_count_as_text(client: AsyncAnthropic) -> None:
    message = await client.messages.create(
        model="reed",
        max_tokens=5000,
        system=[{"type": "text", "text": SYSTEM}],
        messages=[{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
    )
    assert text_of(message) == text_of(await ask(client))


async def test_the_models_are_listed_and_shown(client: AsyncAnthropic) -> None:
    assert [model.id async for model in client.models.list()] == ["reed"]
    assert (await client.models.retrieve("reed")).display_name == "Reed (simulated)"
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("quill")


@pytest.mark.parametrize("model", ["quill", "quill+429", "no-such-model", "reed+nonsense"])
async def test_an_unknown_model_is_not_found(client: AsyncAnthropic, model: str) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        await ask(client, model)
    assert caught.value.type == "not_found_error"
    assert caught.value.api_message == f"model: {model}"


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("401", 401, "authentication_error"),
        ("429", 429, "rate_limit_error"),
        ("quota", 429, "rate_limit_error"),
        ("500", 500, "api_error"),
        ("503", 503, "api_error"),
        ("529", 529, "overloaded_error"),
    ],
)
async def test_a_refusal_reaches_the_sdk_with_status_and_type(
    client: AsyncAnthropic, fault: str, status: int, kind: str
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await ask(client, f"reed+{fault}")
    assert caught.value.status_code == status
    assert caught.value.type == kind
    assert caught.value.request_id is not None


async def test_a_reached_spend_limit_is_told_apart_from_a_rate_limit(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.RateLimitError) as caught:
        await ask(client, "reed+quota")
    assert caught.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in caught.value.response.headers
    with pytest.raises(anthropic.RateLimitError) as limited:
        await ask(client, "reed+429")
    assert limited.value.error_code is None
    assert limited.value.response.headers["retry-after"] == "1"


async def test_an_overloaded_provider_recovers_after_a_once_fault(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.OverloadedError):
        await ask(client, "reed+529-once")
    assert (await ask(client, "reed+529-once")).stop_reason == "end_turn"


async def test_a_slow_first_byte_and_a_stall_time_out(client: AsyncAnthropic) -> None:
    hasty = client.with_options(timeout=0.3)
    with pytest.raises(anthropic.APITimeoutError):
        await ask(hasty, "reed+slow-first:30")
    # Once a stream has begun, this SDK lets the transport's own exceptions through.
    with pytest.raises(httpx2.ReadTimeout):
        await stream(hasty, "reed+stall:3")


async def test_a_cut_stream_is_an_incomplete_body_and_a_cut_whole_answer_a_connection_error(
    client: AsyncAnthropic,
) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await stream(client, "reed+cut:5")
    with pytest.raises(anthropic.APIConnectionError):
        await ask(client, "reed+cut:5")


async def test_a_malformed_event_is_no_json(client: AsyncAnthropic) -> None:
    with pytest.raises(json.JSONDecodeError):
        await stream(client, "reed+malformed:5")


async def test_an_error_event_raises_with_its_type_and_status_200(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await stream(client, "reed+error:5")
    assert caught.value.status_code == 200
    assert caught.value.type == "overloaded_error"


async def test_a_request_without_a_token_limit_is_a_bad_request(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url) as raw:
        body = {"model": "reed", "messages": [{"role": "user", "content": "x"}]}
        answer = await raw.post("/v1/messages", json=body, headers={"x-api-key": "key"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "error"
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": "max_tokens: Field required"}
    assert answer.json()["request_id"] == answer.headers["request-id"]
