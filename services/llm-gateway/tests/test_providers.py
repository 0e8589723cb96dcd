"""What travels to providers, what their answers mean, which models there are and what they cost."""

from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_gateway.domain import CallFailed, ProviderKeyMissing, UnknownModel
from llm_gateway.main import connections
from llm_gateway.operations.models import list_models
from llm_gateway.providers.anthropic_messages import AnthropicMessages, _Counted
from llm_gateway.providers.catalogue import claude_output_limit, takes_temperature
from llm_gateway.providers.connections import Providers, Timeouts
from llm_gateway.providers.openai_chat import OpenAIChat
from llm_gateway.providers.prices import cost_usd, find_rates
from llm_gateway.providers.protocol import Delta, Finished, Opened, ReportedUsage
from llm_gateway.providers.server_events import read_event_data
from llm_gateway.providers.transport import Access
from llm_gateway.settings import LlmGatewaySettings
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest, ListModels
from shared.testing.fixtures import make_call

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
    return Access(provider, f"{simulator.url}{path}", key, "X_API_KEY", 2, 5)


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
    adapter = AnthropicMessages(Access("anthropic", "http://127.0.0.1:1", "k", "ANTHROPIC_API_KEY", 1, 1))
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


def test_reasoning_models_are_not_given_a_temperature() -> None:
    assert not takes_temperature("openai", "o3-mini")
    assert not takes_temperature("openai", "gpt-5.4")
    assert not takes_temperature("anthropic", "claude-opus-5-5")
    assert takes_temperature("openai", "gpt-4.1")
    assert takes_temperature("anthropic", "claude-3-haiku")
    assert takes_temperature("groq", "anything")


def test_old_models_are_not_asked_for_more_than_they_can_write() -> None:
    assert claude_output_limit("claude-3-haiku") < claude_output_limit("claude-sonnet-5-5")


def test_prices_are_known_exactly_or_not_at_all() -> None:
    tokens = {"input_tokens": 1_000, "cached_input_tokens": 0, "output_tokens": 100}
    assert cost_usd("anthropic", "claude-sonnet-4-5", **tokens) == Decimal("0.0045")
    assert cost_usd("simulator", "quill+pace:5", **tokens) == Decimal("0.000375")
    assert cost_usd("compatible", "llama", **tokens) is None
    assert cost_usd("openai", "model-of-tomorrow", **tokens) is None
    rates = find_rates("anthropic", "claude-sonnet-4-5")
    assert rates is not None
    assert (rates.input_usd_per_million, rates.output_usd_per_million) == (Decimal(3), Decimal(15))
    assert find_rates("openai", "model-of-tomorrow") is None


def test_cached_input_is_cheaper() -> None:
    full = cost_usd("openai", "gpt-4.1", input_tokens=1_000, cached_input_tokens=0, output_tokens=0)
    part = cost_usd("openai", "gpt-4.1", input_tokens=1_000, cached_input_tokens=900, output_tokens=0)
    assert full is not None
    assert part is not None
    assert 0 < part < full


def providers(default: str | None = None, **settings: Any) -> Providers:
    common = {
        "database_url": "x",
        "relay_database_url": "x",
        "nats_url": "x",
        "signing_key": "x",
        "public_keys": {},
        "simulator_url": "http://127.0.0.1:1",
    }
    return Providers(connections(LlmGatewaySettings.model_validate(common | settings)), Timeouts(1, 1), default)


def test_without_a_key_the_simulator_is_the_default() -> None:
    assert providers().default_model == "simulator/quill"
    assert providers().label(None).simulated


def test_the_first_provider_with_a_key_gives_the_default_and_a_setting_wins() -> None:
    assert providers(ANTHROPIC_API_KEY="k").default_model.startswith("anthropic/")
    assert providers("groq/x", ANTHROPIC_API_KEY="k").default_model == "groq/x"


@pytest.mark.parametrize("model", ["nobody/x", "quill", "openai", "openai/", ""])
def test_a_name_without_a_provider_is_unknown(model: str) -> None:
    with pytest.raises(UnknownModel, match="simulator/quill"):
        providers().resolve(model)


def test_a_provider_with_a_key_takes_any_model() -> None:
    assert providers(GROQ_API_KEY="k").resolve("groq/openai/gpt-oss-20b").name == "openai/gpt-oss-20b"


def test_a_provider_without_a_key_says_which_variable() -> None:
    with pytest.raises(ProviderKeyMissing, match="XAI_API_KEY"):
        providers().resolve("xai/grok-4.7")


async def test_every_listed_model_of_a_priced_provider_has_a_price_and_says_what_is_missing() -> None:
    catalogue = await list_models(providers(OPENAI_API_KEY="k"), make_call(), ListModels())
    by_id = {model.id: model for model in catalogue.items}
    assert catalogue.default_model == catalogue.items[0].id
    assert all(model.input_usd_per_million for model in catalogue.items)
    assert by_id["openai/gpt-4.1"].available
    assert "GROQ_API_KEY" in (by_id["groq/llama-3.3-70b-versatile"].unavailable_reason or "")
    assert [model.id for model in catalogue.items if model.simulated] == ["simulator/quill", "simulator/reed"]


async def test_a_default_that_is_not_listed_is_offered_too() -> None:
    catalogue = await list_models(providers("groq/tomorrow", GROQ_API_KEY="k"), make_call(), ListModels())
    assert catalogue.default_model in [model.id for model in catalogue.items]
