import json
from collections.abc import AsyncIterator, Iterator

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.responses import Response, ResponseOutputMessage, ResponseOutputText

from simulator.app import SimulatorOptions
from simulator.ledger import hash_key
from simulator.testing import running_simulator

SYSTEM = "Scriptorium task: generate_document\nYou write documents."
PROMPT = "Write a short guide to tide tables for new sailors. Include safety, reading the table and an example."


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_simulator(SimulatorOptions(seed=7, chunk_seconds=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


async def ask(client: AsyncOpenAI, model: str = "quill", prompt: str = PROMPT) -> openai.types.chat.ChatCompletion:
    return await client.chat.completions.create(
        model=model, messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    )


async def stream(client: AsyncOpenAI, model: str = "quill", **headers: str) -> list[str]:
    """The text chunks of a stream; raises what the SDK raises."""
    chunks: list[str] = []
    answer = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": PROMPT}], stream=True, extra_headers=headers
    )
    async for chunk in answer:
        chunks += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    return chunks


async def test_a_whole_completion_has_identity_usage_and_finish_reason(client: AsyncOpenAI) -> None:
    completion = await ask(client)
    text = completion.choices[0].message.content
    assert completion.id.startswith("chatcmpl-")
    assert completion.system_fingerprint
    assert completion.choices[0].finish_reason == "stop"
    assert text is not None
    assert text.startswith("# ")
    assert completion.usage is not None
    assert completion.usage.completion_tokens == -(-len(text) // 4)
    assert completion.usage.prompt_tokens == -(-len(SYSTEM) // 4) + -(-len(PROMPT) // 4)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion._request_id is not None
    assert completion._request_id.startswith("req_")


async def test_a_stream_carries_the_same_text_and_usage_as_the_whole(client: AsyncOpenAI) -> None:
    whole = await ask(client)
    answer = await client.chat.completions.create(
        model="quill",
        messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in answer]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert {chunk.usage for chunk in chunks[:-1]} == {None}
    assert len({chunk.id for chunk in chunks}) == 1


async def test_without_include_usage_a_stream_ends_with_the_finish_reason(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="quill", messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    chunks = [chunk async for chunk in answer]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


async def test_a_stream_is_cut_into_the_same_chunks_each_time(client: AsyncOpenAI) -> None:
    assert await stream(client) == await stream(client)


async def test_the_token_limit_truncates_with_finish_reason_length(client: AsyncOpenAI) -> None:
    completion = await client.chat.completions.create(
        model="quill", messages=[{"role": "user", "content": PROMPT}], max_completion_tokens=9
    )
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 9


async def test_content_parts_count_as_text(client: AsyncOpenAI) -> None:
    parts = await client.chat.completions.create(
        model="quill", messages=[{"role": "user", "content": [{"type": "text", "text": PROMPT}]}]
    )
    plain = await client.chat.completions.create(model="quill", messages=[{"role": "user", "content": PROMPT}])
    assert parts.choices == plain.choices


async def respond(client: AsyncOpenAI, model: str = "quill", limit: int | None = None) -> Response:
    return await client.responses.create(model=model, instructions=SYSTEM, input=PROMPT, max_output_tokens=limit)


async def test_responses_answers_as_chat_completions_does(client: AsyncOpenAI) -> None:
    response, completion = await respond(client), await ask(client)
    assert response.output_text == completion.choices[0].message.content
    assert response.id.startswith("resp_")
    assert response.status == "completed"
    assert response.usage is not None
    assert completion.usage is not None
    assert response.usage.total_tokens == completion.usage.total_tokens
    assert response.usage.input_tokens_details.cached_tokens == 0


async def test_responses_streams_numbered_events_from_created_to_completed(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="quill", instructions=SYSTEM, input=PROMPT, stream=True)
    events = [event async for event in answer]
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == text == (await respond(client)).output_text
    message = last.response.output[0]
    assert isinstance(message, ResponseOutputMessage)
    assert isinstance(message.content[0], ResponseOutputText)


async def test_responses_says_why_it_is_incomplete(client: AsyncOpenAI) -> None:
    response = await respond(client, limit=16)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


async def test_a_responses_stream_that_fails_says_so_in_two_events(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="quill+error:3", input=PROMPT, stream=True)
    events = [event async for event in answer]
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]


async def test_responses_takes_items_as_input(client: AsyncOpenAI) -> None:
    given = await client.responses.create(
        model="quill",
        input=[
            {"role": "developer", "content": SYSTEM},
            {"role": "user", "content": [{"type": "input_text", "text": PROMPT}]},
        ],
    )
    assert given.output_text == (await respond(client)).output_text


async def test_the_models_are_listed_and_shown(client: AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["quill"]
    assert (await client.models.retrieve("quill")).owned_by == "simulator"


@pytest.mark.parametrize("model", ["reed", "reed+429", "no-such-model", "quill+nonsense", "quill+cut:many"])
async def test_an_unknown_model_is_not_found(client: AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await ask(client, model)
    assert caught.value.code == "model_not_found"
    assert f"`{model}`" in str(caught.value)


async def test_any_model_name_is_served_when_it_names_a_fault(client: AsyncOpenAI) -> None:
    assert (await ask(client, "gpt-of-yesterday+words:30")).model == "gpt-of-yesterday+words:30"


@pytest.mark.parametrize(
    ("fault", "expected", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("500", openai.InternalServerError, None),
        ("503", openai.InternalServerError, None),
        ("529", openai.InternalServerError, None),
    ],
)
async def test_a_refusal_reaches_the_sdk_as_its_own_exception(
    client: AsyncOpenAI, fault: str, expected: type[openai.APIStatusError], code: str | None
) -> None:
    with pytest.raises(expected) as caught:
        await ask(client, f"quill+{fault}")
    assert caught.value.code == code
    assert caught.value.request_id is not None


async def test_a_rate_limit_says_when_to_come_back_and_a_quota_does_not(client: AsyncOpenAI) -> None:
    waits = []
    for fault in ("429", "429:7", "quota"):
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(client, f"quill+{fault}")
        waits.append(caught.value.response.headers.get("retry-after"))
    assert waits == ["1", "7", None]


async def test_a_fault_by_header_strikes_as_one_by_name(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError):
        await stream(client, **{"X-Simulate-Fault": "500"})


async def test_an_unknown_fault_in_the_header_is_a_bad_request(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="unknown fault 'typhoon'"):
        await stream(client, **{"X-Simulate-Fault": "typhoon"})


async def test_a_once_fault_fails_the_first_call_only(client: AsyncOpenAI) -> None:
    for reader in ("children", "parents"):
        with pytest.raises(openai.RateLimitError):
            await ask(client, "quill+429-once", f"{PROMPT} For {reader}.")
        retried = await ask(client, "quill+429-once", f"{PROMPT} For {reader}.")
        assert retried.choices[0].finish_reason == "stop"


async def test_a_once_fault_knows_a_retry_by_its_request_id_or_its_body(client: AsyncOpenAI) -> None:
    async def status(request_id: str, word: str) -> int:
        try:
            await client.chat.completions.create(
                model="quill+503-once",
                messages=[{"role": "user", "content": word}],
                extra_headers={"X-Client-Request-Id": request_id},
            )
        except openai.InternalServerError as error:
            return error.status_code
        return 200

    assert [await status("a", "one"), await status("a", "other"), await status("b", "one")] == [503, 200, 200]
    assert await status("c", "third") == 503


async def test_a_slow_first_byte_times_out(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APITimeoutError):
        await stream(client.with_options(timeout=0.2), "quill+slow-first:30")


async def test_a_stalled_stream_times_out_after_its_chunks(client: AsyncOpenAI) -> None:
    chunks: list[str] = []
    answer = await client.with_options(timeout=0.3).chat.completions.create(
        model="quill+stall:4", messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    with pytest.raises(openai.APITimeoutError):
        chunks += [c.choices[0].delta.content or "" async for c in answer]
    with pytest.raises(openai.APITimeoutError):
        await ask(client.with_options(timeout=0.3), "quill+stall:4")


async def test_a_cut_stream_is_a_connection_error(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        await stream(client, "quill+cut:5")


async def test_a_cut_whole_answer_is_a_connection_error(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        await ask(client, "quill+cut:5")


async def test_a_malformed_event_is_no_json(client: AsyncOpenAI) -> None:
    with pytest.raises(json.JSONDecodeError):
        await stream(client, "quill+malformed:5")


async def test_an_error_event_ends_the_stream_with_an_api_error(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APIError) as caught:
        await stream(client, "quill+error:5")
    assert caught.value.type == "server_error"


async def test_an_error_fault_refuses_a_whole_answer(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError):
        await ask(client, "quill+error:5")


async def test_the_fault_truncate_ends_with_finish_reason_length(client: AsyncOpenAI) -> None:
    completion = await ask(client, "quill+truncate:12")
    assert completion.choices[0].finish_reason == "length"
    assert len(completion.choices[0].message.content or "") == 48


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "could not parse"),
        (b"[]", "could not parse"),
        (b'{"model":"quill"}', "'messages' must be a list"),
        (b'{"model":"quill","messages":[3]}', "must be a message"),
        (b'{"model":"quill","messages":[{"role":"user","content":7}]}', "must have text"),
        (b'{"messages":[{"role":"user","content":"x"}]}', "model parameter"),
        (b'{"model":"quill","messages":[{"role":"user","content":"x"}],"max_tokens":0}', "at least 1"),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_bad_request(url: str, body: bytes, message: str) -> None:
    async with httpx2.AsyncClient(base_url=url) as raw:
        answer = await raw.post("/v1/chat/completions", content=body, headers={"authorization": "Bearer key"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert message in answer.json()["error"]["message"]


async def test_a_call_without_a_key_is_refused(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url) as raw:
        answer = await raw.post("/v1/chat/completions", json={"model": "quill"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


async def test_azure_is_spoken_to_under_its_prefix_with_its_key_header(url: str) -> None:
    body = {"model": "quill", "messages": [{"role": "user", "content": PROMPT}]}
    async with httpx2.AsyncClient(base_url=url) as raw:
        answer = await raw.post("/openai/v1/chat/completions", json=body, headers={"api-key": "key"})
        calls = (await raw.get("/ledger")).json()["calls"]
    assert answer.status_code == 200
    assert calls[-1]["key_hash"] == hash_key("key")
