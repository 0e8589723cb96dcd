"""What travels to providers and what comes back."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_gateway.domain import CallFailed
from llm_gateway.providers.anthropic_messages import AnthropicMessages, _Counted
from llm_gateway.providers.openai_chat import OpenAIChat
from llm_gateway.providers.protocol import Delta, Finished, Opened, ReportedUsage
from llm_gateway.providers.server_events import read_event_data
from llm_gateway.providers.transport import Access
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest

EVENTS = (
    b'event: a\ndata: {"n":1}\n\n: ping\r\n\r\ndata:two\r\ndata: lines\r\n\r\nid: 4\ndata: caf\xc3\xa9\n\ndata: cut'
)


async def chunks(payload: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    edges = [0, *sorted(cut % (len(payload) + 1) for cut in cuts), len(payload)]
    for start, end in pairwise(edges):
        yield payload[start:end]


@given(st.lists(st.integers(min_value=0, max_value=200), max_size=12))
async def test_events_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    assert [data async for arrived in read_event_data(chunks(EVENTS, cuts)) for data in arrived] == [
        b'{"n":1}',
        b"two\nlines",
        "café".encode(),
    ]


def access(simulator: Any, provider: str = "simulator", path: str = "/v1", key: str = "sk-test") -> Access:
    return Access(provider, f"{simulator.url}{path}", key, "X_API_KEY", 2, 5, 5)


def asked(**changes: Any) -> GenerationRequest:
    messages = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Name a ferry.")]
    return GenerationRequest(model=None, messages=messages, **changes)


@pytest.mark.parametrize("adapter", [OpenAIChat, AnthropicMessages])
async def test_an_answer_opens_flows_counts_and_finishes(simulator: Any, adapter: Any) -> None:
    is_openai = adapter is OpenAIChat
    provider = adapter(access(simulator, path="/v1" if is_openai else ""))
    stream = provider.stream("quill" if is_openai else "reed", asked(), new_id())
    events = [event async for arrived in stream for event in arrived]
    await provider.close()
    usage = [event for event in events if isinstance(event, ReportedUsage) and event.is_final]
    assert isinstance(events[0], Opened)
    assert "".join(event.text for event in events if isinstance(event, Delta))
    assert [event for event in events if isinstance(event, Finished)] == [Finished("stop")]
    assert len(usage) == 1
    assert usage[0].output_tokens > 0


@pytest.mark.parametrize(("adapter", "model"), [(OpenAIChat, "quill"), (AnthropicMessages, "reed")])
async def test_a_failing_call_is_made_once_and_without_a_trace_header(simulator: Any, adapter: Any, model: str) -> None:
    provider = adapter(access(simulator, path="/v1" if adapter is OpenAIChat else ""))
    attempt_id = new_id()
    with pytest.raises(CallFailed):
        _ = [event async for event in provider.stream(f"{model}+500", asked(), attempt_id)]
    await provider.close()
    (call,) = await simulator.calls(attempt_id)
    assert call["traceparent"] is False


def test_the_body_holds_only_what_the_model_takes(simulator: Any) -> None:
    wanted = asked(temperature=0.3, max_output_tokens=9)
    new = OpenAIChat(access(simulator, "openai"))._body("gpt-6-luna", wanted)
    old = OpenAIChat(access(simulator, "compatible"))._body("llama", wanted)
    claude = AnthropicMessages(access(simulator, "anthropic"))._body("claude-sonnet-4-6", wanted)
    assert (new.get("temperature"), new["max_completion_tokens"]) == (None, 9)
    assert (old["temperature"], old["max_tokens"]) == (0.3, 9)
    assert (claude["system"], claude["max_tokens"]) == ("Be brief.", 9)
    assert [turn["role"] for turn in claude["messages"]] == ["user"]
    assert claude["extra_body"] == {"temperature": 0.3}


def test_anthropic_counts_cached_tokens_beside_the_input_and_the_ledger_in_it() -> None:
    adapter = AnthropicMessages(Access("anthropic", "http://127.0.0.1:1", "k", "ANTHROPIC_API_KEY", 1, 1, 1))
    counted = _Counted()
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 1}
    start = {"type": "message_start", "message": {"id": "msg_1", "usage": usage}}
    end = {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 8}}
    events = [*adapter._read(start, counted), *adapter._read(end, counted)]
    assert events == [
        Opened("msg_1"),
        ReportedUsage(17, 5, 1, 0, is_final=False),
        ReportedUsage(17, 5, 8, 0, is_final=True),
        Finished("refusal"),
    ]
