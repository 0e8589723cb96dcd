"""Where providers differ though they share a wire format: each has its way of thinking, counting and of being asked."""

from typing import Any

import pytest

from llm_gateway.providers.anthropic_messages import AnthropicMessages, _Counted
from llm_gateway.providers.openai_chat import OpenAIChat
from llm_gateway.providers.protocol import Delta, Finished, ReportedUsage, Thought
from llm_gateway.providers.transport import Access
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest

CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
OPEN: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string", "minLength": 2}}}


def access(provider: str) -> Access:
    return Access(provider, "http://127.0.0.1:1/v1", "k", "X_API_KEY", 1, 1, 1)


def chat(provider: str) -> OpenAIChat:
    return OpenAIChat(access(provider))


def asked(schema: dict[str, Any] | None, **changes: Any) -> GenerationRequest:
    messages = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Name a ferry.")]
    return GenerationRequest(messages=messages, response_schema=schema, **changes)


def delta(**fields: Any) -> dict[str, Any]:
    return {"id": "c1", "choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


@pytest.mark.parametrize(
    ("provider", "fields", "events"),
    [
        ("xai", {"reasoning_content": "Hm.", "content": ""}, [Thought("Hm.")]),
        ("groq", {"reasoning": "Hm."}, [Thought("Hm.")]),
        ("compatible", {"reasoning_content": "Hm.", "content": "So"}, [Thought("Hm."), Delta("So")]),
        (
            "compatible",
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
            [Thought("Hm.")],
        ),
        ("compatible", {"content": [{"type": "text", "text": "So"}, {"type": "reference"}]}, [Delta("So")]),
        ("openai", {"content": None, "refusal": "No."}, [Delta("No.")]),
        ("openai", {"role": "assistant", "content": ""}, []),
    ],
)
def test_thoughts_are_read_from_every_field_that_has_them(
    provider: str, fields: dict[str, Any], events: list[Any]
) -> None:
    assert list(chat(provider)._read(delta(**fields))) == events


def test_anthropics_thoughts_are_no_text_and_their_signature_is_nothing() -> None:
    adapter, counted = AnthropicMessages(access("anthropic")), _Counted()
    deltas: list[dict[str, Any]] = [
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "EqQB"},
        {"type": "text_delta", "text": "So"},
    ]
    events = [
        event for each in deltas for event in adapter._read({"type": "content_block_delta", "delta": each}, counted)
    ]
    assert events == [Thought("Hm."), Delta("So")]


@pytest.mark.parametrize(
    ("usage", "output"),
    [
        # OpenAI counts reasoning within the completion, xAI beside it.
        ({"prompt_tokens": 32, "completion_tokens": 103, "total_tokens": 135}, 103),
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135}, 103),
        ({"prompt_tokens": 32, "completion_tokens": 103}, 103),
    ],
)
def test_reasoning_is_counted_once_and_in_the_output(usage: dict[str, Any], output: int) -> None:
    told = {"choices": [], "usage": usage | {"completion_tokens_details": {"reasoning_tokens": 94}}}
    assert list(chat("xai")._read(told)) == [ReportedUsage(32, 0, output, 94, is_final=True)]


def test_groqs_own_place_for_usage_is_known() -> None:
    last = delta() | {"x_groq": {"id": "req_1", "usage": {"prompt_tokens": 5, "completion_tokens": 2}}}
    last["choices"][0]["finish_reason"] = "stop"
    assert list(chat("groq")._read(last)) == [Finished("stop"), ReportedUsage(5, 0, 2, 0, is_final=True)]


def test_azures_first_chunk_is_about_filters_and_holds_no_choice() -> None:
    first = {"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}], "usage": None}
    assert list(chat("azure")._read(first)) == []


@pytest.mark.parametrize(
    ("provider", "field"),
    [
        ("openai", "max_completion_tokens"),
        ("azure", "max_completion_tokens"),
        ("xai", "max_completion_tokens"),
        ("groq", "max_completion_tokens"),
        ("compatible", "max_tokens"),
    ],
)
def test_the_output_limit_has_the_name_that_the_provider_knows(provider: str, field: str) -> None:
    body = chat(provider)._body("a-model", asked(None, max_output_tokens=9))
    assert {name: value for name, value in body.items() if "max" in name} == {field: 9}


@pytest.mark.parametrize(
    ("provider", "name", "schema", "form"),
    [
        ("openai", "gpt-6-luna", CLOSED, "strict"),
        ("openai", "gpt-6-luna", OPEN, "loose"),
        ("compatible", "qwen3:8b", CLOSED, "strict"),
        ("groq", "openai/gpt-oss-120b", CLOSED, "strict"),
        ("groq", "llama-3.3-70b-versatile", CLOSED, "in words"),
    ],
)
def test_a_schema_is_sent_as_the_model_takes_it(provider: str, name: str, schema: dict[str, Any], form: str) -> None:
    body = chat(provider)._body(name, asked(schema))
    is_told = "JSON Schema" in body["messages"][0]["content"]
    if form == "in words":
        assert (body["response_format"], is_told) == ({"type": "json_object"}, True)
    else:
        wanted = {"name": "answer", "schema": schema, "strict": form == "strict"}
        assert (body["response_format"], is_told) == ({"type": "json_schema", "json_schema": wanted}, False)


def test_groqs_reasoning_models_think_in_a_field_of_their_own_beside_json() -> None:
    body = chat("groq")._body("qwen/qwen3-32b", asked(CLOSED))
    assert body["extra_body"] == {"reasoning_format": "parsed"}
    assert "extra_body" not in chat("groq")._body("openai/gpt-oss-120b", asked(CLOSED))
    assert "extra_body" not in chat("groq")._body("qwen/qwen3-32b", asked(None))


def test_anthropic_is_told_of_a_schema_by_parameter_where_it_takes_it_and_else_in_words() -> None:
    adapter = AnthropicMessages(access("anthropic"))
    strict = adapter._body("claude-sonnet-5-5", asked(CLOSED))
    assert strict["output_config"] == {"format": {"type": "json_schema", "schema": CLOSED}}
    assert strict["system"] == "Be brief."
    for name, schema in (("claude-sonnet-5-5", OPEN), ("claude-3-haiku-20240307", CLOSED)):
        body = adapter._body(name, asked(schema))
        assert "output_config" not in body
        assert "JSON Schema" in body["system"]
