"""Calls of tools through the official SDKs, in all three formats, streamed and whole."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import ToolParam
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageFunctionToolCall, ChatCompletionToolUnionParam
from openai.types.responses import FunctionToolParam, ResponseFunctionToolCall

from simulator.app import SimulatorOptions
from simulator.testing import running_simulator

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 14}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER: ChatCompletionToolUnionParam = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Forecast", "parameters": SCHEMA},
}
TIDES: ChatCompletionToolUnionParam = {"type": "function", "function": {"name": "get-tides", "parameters": SCHEMA}}
WEATHER_MESSAGES: ToolParam = {"name": "get_weather", "description": "Forecast", "input_schema": SCHEMA}
WEATHER_RESPONSES: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "parameters": SCHEMA,
    "strict": True,
}
QUESTION = "Use get_weather to find the forecast for Paris over 5 days."
ARGUMENTS = {"city": "Paris", "days": 5}


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


async def ask(client: AsyncOpenAI, question: str = QUESTION, model: str = "quill", **more: Any) -> ChatCompletion:
    tools = more.pop("tools", [WEATHER, TIDES])
    completion: ChatCompletion = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}], tools=tools, **more
    )
    return completion


def calls_of(completion: ChatCompletion) -> list[tuple[str, Any]]:
    calls = completion.choices[0].message.tool_calls or []
    functions = [call.function for call in calls if isinstance(call, ChatCompletionMessageFunctionToolCall)]
    return [(function.name, json.loads(function.arguments)) for function in functions]


async def test_a_tool_that_the_user_names_is_called_with_values_from_the_question(client: AsyncOpenAI) -> None:
    completion = await ask(client)
    assert calls_of(completion) == [("get_weather", ARGUMENTS)]
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.choices[0].message.content is None
    assert completion.usage is not None
    assert completion.usage.completion_tokens == -(-len(json.dumps(ARGUMENTS)) // 4)
    assert completion.usage.prompt_tokens > len(QUESTION) // 4 + 20


async def test_tools_that_nobody_mentions_are_left_alone(client: AsyncOpenAI) -> None:
    completion = await ask(client, "What is a lighthouse?")
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.tool_calls is None


@pytest.mark.parametrize(
    ("question", "choice", "expected"),
    [
        ("Anything.", "required", ["get_weather"]),
        ("Anything.", {"type": "function", "function": {"name": "get-tides"}}, ["get-tides"]),
        (QUESTION, "none", []),
        ("Ask get tides and get_weather about Brest.", "auto", ["get_weather", "get-tides"]),
    ],
)
async def test_the_tool_choice_decides(client: AsyncOpenAI, question: str, choice: Any, expected: list[str]) -> None:
    completion = await ask(client, question, tool_choice=choice)
    assert [name for name, _ in calls_of(completion)] == expected


async def test_without_parallel_calls_there_is_one(client: AsyncOpenAI) -> None:
    both = "Ask get-tides and get_weather about Brest."
    assert len(calls_of(await ask(client, both, parallel_tool_calls=False))) == 1


async def test_a_streamed_call_comes_in_pieces_of_its_arguments(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="quill",
        messages=[{"role": "user", "content": "Ask get-tides and get_weather about Brest."}],
        tools=[WEATHER, TIDES],
        stream=True,
    )
    chunks = [chunk async for chunk in answer]
    deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    names = [call.function.name for call in deltas if call.function and call.function.name]
    texts = ["", ""]
    for call in deltas:
        texts[call.index] += (call.function.arguments or "") if call.function else ""
    assert names == ["get_weather", "get-tides"]
    assert [json.loads(text)["city"] for text in texts] == ["Brest", "Brest"]
    assert len(deltas) > 8
    assert len({call.id for call in deltas if call.id}) == 2
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_the_stream_helper_of_the_sdk_assembles_the_calls(client: AsyncOpenAI) -> None:
    async with client.chat.completions.stream(
        model="quill", messages=[{"role": "user", "content": QUESTION}], tools=[WEATHER]
    ) as opened:
        completion = await opened.get_final_completion()
    calls = completion.choices[0].message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls] == [ARGUMENTS]


async def test_the_result_of_a_tool_is_answered_in_words_that_use_it(client: AsyncOpenAI) -> None:
    first = (await ask(client)).choices[0].message
    (call,) = first.tool_calls or []
    completion = await client.chat.completions.create(
        model="quill",
        messages=[
            {"role": "user", "content": QUESTION},
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": call.id, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": call.id, "content": "17 degrees, light rain"},
        ],
        tools=[WEATHER],
    )
    assert "17 degrees, light rain" in (completion.choices[0].message.content or "")
    assert completion.choices[0].finish_reason == "stop"


async def test_a_result_without_its_call_is_a_bad_request(client: AsyncOpenAI, claude: AsyncAnthropic) -> None:
    with pytest.raises(openai.BadRequestError, match="preceding message with 'tool_calls'"):
        await client.chat.completions.create(
            model="quill", messages=[{"role": "tool", "tool_call_id": "call_0", "content": "x"}]
        )
    with pytest.raises(openai.BadRequestError, match="No tool call found"):
        await client.responses.create(
            model="quill", input=[{"type": "function_call_output", "call_id": "call_0", "output": "x"}]
        )
    with pytest.raises(anthropic.BadRequestError, match="unexpected `tool_use_id`"):
        await claude.messages.create(
            model="reed",
            max_tokens=99,
            messages=[{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_0", "content": "x"}]}],
        )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"tools": [{"type": "function", "function": {"name": "no name"}}]}, "letters, digits"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": 3}}]}, "not an object"),
        ({"tools": [3]}, "list of tools"),
        ({"tools": [], "tool_choice": "auto"}, "only allowed when 'tools'"),
        ({"tool_choice": {"type": "function", "function": {"name": "unheard_of"}}}, "not found in 'tools'"),
    ],
)
async def test_tools_that_make_no_sense_are_a_bad_request(
    client: AsyncOpenAI, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        await ask(client, **more)


async def test_the_token_limit_cuts_arguments_too(client: AsyncOpenAI) -> None:
    completion = await ask(client, max_completion_tokens=3)
    (call,) = completion.choices[0].message.tool_calls or []
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert completion.choices[0].finish_reason == "length"
    assert call.function.arguments == json.dumps(ARGUMENTS)[:12]


async def test_messages_call_a_tool_and_take_its_result(claude: AsyncAnthropic) -> None:
    message = await claude.messages.create(
        model="reed", max_tokens=500, tools=[WEATHER_MESSAGES], messages=[{"role": "user", "content": QUESTION}]
    )
    (block,) = message.content
    assert message.stop_reason == "tool_use"
    assert block.type == "tool_use"
    assert (block.name, block.input) == ("get_weather", ARGUMENTS)
    answered = await claude.messages.create(
        model="reed",
        max_tokens=5000,
        tools=[WEATHER_MESSAGES],
        messages=[
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": block.id, "content": "17 degrees"}]},
        ],
    )
    (text,) = answered.content
    assert text.type == "text"
    assert "17 degrees" in text.text


@pytest.mark.parametrize(("kind", "expected"), [("any", "tool_use"), ("none", "end_turn")])
async def test_messages_know_any_and_none(claude: AsyncAnthropic, kind: Any, expected: str) -> None:
    message = await claude.messages.create(
        model="reed",
        max_tokens=5000,
        tools=[WEATHER_MESSAGES],
        tool_choice={"type": kind},
        messages=[{"role": "user", "content": "Hello there."}],
    )
    assert message.stop_reason == expected


async def test_messages_stream_the_input_as_partial_json(claude: AsyncAnthropic) -> None:
    async with claude.messages.stream(
        model="reed",
        max_tokens=500,
        tools=[WEATHER_MESSAGES],
        tool_choice={"type": "tool", "name": "get_weather"},
        messages=[{"role": "user", "content": "What about Oslo, 3 days?"}],
    ) as opened:
        pieces = [event.partial_json async for event in opened if event.type == "input_json"]
        message = await opened.get_final_message()
    (block,) = message.content
    assert block.type == "tool_use"
    assert json.loads("".join(pieces)) == block.input
    assert block.input["days"] == 3
    assert len(pieces) > 3
    assert message.stop_reason == "tool_use"


async def test_responses_call_a_tool_and_take_its_output(client: AsyncOpenAI) -> None:
    response = await client.responses.create(model="quill", input=QUESTION, tools=[WEATHER_RESPONSES])
    (call,) = response.output
    assert isinstance(call, ResponseFunctionToolCall)
    assert (call.name, json.loads(call.arguments)) == ("get_weather", ARGUMENTS)
    assert response.status == "completed"
    assert response.tools[0].type == "function"
    answered = await client.responses.create(
        model="quill",
        tools=[WEATHER_RESPONSES],
        input=[
            {"role": "user", "content": QUESTION},
            {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
            {"type": "function_call_output", "call_id": call.call_id, "output": "17 degrees"},
        ],
    )
    assert "17 degrees" in answered.output_text


async def test_responses_stream_a_call_in_numbered_events(client: AsyncOpenAI) -> None:
    answer = await client.responses.create(model="quill", input=QUESTION, tools=[WEATHER_RESPONSES], stream=True)
    events = [event async for event in answer]
    text = "".join(event.delta for event in events if event.type == "response.function_call_arguments.delta")
    done = next(event for event in events if event.type == "response.function_call_arguments.done")
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert done.arguments == text == json.dumps(ARGUMENTS)
    assert events[2].type == "response.output_item.added"
    assert events[-2].type == "response.output_item.done"


@pytest.mark.parametrize("fault", ["broken-json", "wrong-json"])
async def test_arguments_are_spoiled_on_request(client: AsyncOpenAI, fault: str) -> None:
    completion = await ask(client, model=f"quill+{fault}")
    (call,) = completion.choices[0].message.tool_calls or []
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    if fault == "wrong-json":
        assert "city" not in json.loads(call.function.arguments)
    else:
        with pytest.raises(json.JSONDecodeError):
            json.loads(call.function.arguments)
