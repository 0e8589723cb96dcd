"""What official SDKs offer beside text goes through the gateway as it is: tools, schemas, pictures, embeddings."""

import json
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CHAT_TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}
RESPONSES_TOOL: Any = {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}
MESSAGES_TOOL: Any = {"name": "get_weather", "input_schema": WEATHER}
QUESTION: Any = {"role": "user", "content": "Call get_weather for Brest."}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Harbour(BaseModel):
    """What is asked for in a form."""

    name: str
    berths: int


async def test_a_chat_calls_a_tool_and_goes_on_with_its_result(chat: openai.AsyncOpenAI) -> None:
    first = await chat.chat.completions.create(model="simulator/quill", messages=[QUESTION], tools=[CHAT_TOOL])
    (call,) = first.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert isinstance(json.loads(call.function.arguments)["city"], str)
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "Rain, 12 degrees."}
    asked: Any = [QUESTION, first.choices[0].message.model_dump(exclude_none=True), result]
    second = await chat.chat.completions.create(model="simulator/quill", messages=asked, tools=[CHAT_TOOL])
    assert "12" in (second.choices[0].message.content or "")


async def test_a_streamed_chat_brings_a_tools_arguments_in_pieces(chat: openai.AsyncOpenAI) -> None:
    async with chat.chat.completions.stream(model="simulator/quill", messages=[QUESTION], tools=[CHAT_TOOL]) as stream:
        final = await stream.get_final_completion()
    (call,) = final.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments).keys() == {"city"}


async def test_responses_and_messages_call_tools(chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    response = await chat.responses.create(model="simulator/quill", input=[QUESTION], tools=[RESPONSES_TOOL])
    assert "function_call" in {item.type for item in response.output}
    async with claude.messages.stream(
        model="simulator/reed", max_tokens=500, messages=[QUESTION], tools=[MESSAGES_TOOL]
    ) as stream:
        message = await stream.get_final_message()
    (used,) = [block for block in message.content if block.type == "tool_use"]
    assert isinstance(used.input, dict)
    assert isinstance(used.input["city"], str)


async def test_an_answer_fits_the_schema_that_was_asked_for(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    asked: Any = [{"role": "user", "content": "Describe a harbour."}]
    completion = await chat.chat.completions.parse(model="simulator/quill", messages=asked, response_format=Harbour)
    response = await chat.responses.parse(model="simulator/quill", input=asked, text_format=Harbour)
    message = await claude.messages.parse(model="simulator/reed", max_tokens=500, messages=asked, output_format=Harbour)
    for parsed in (completion.choices[0].message.parsed, response.output_parsed, message.parsed_output):
        assert isinstance(parsed, Harbour)


async def test_a_picture_goes_through(chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic) -> None:
    of_openai: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    of_anthropic: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
    ]
    seen = await chat.chat.completions.create(
        model="simulator/quill", messages=[{"role": "user", "content": of_openai}]
    )
    also = await claude.messages.create(
        model="simulator/reed", max_tokens=500, messages=[{"role": "user", "content": of_anthropic}]
    )
    assert seen.usage is not None
    assert min(seen.usage.prompt_tokens, also.usage.input_tokens) > 85


async def test_embeddings_come_as_the_sdk_asks_for_them(chat: openai.AsyncOpenAI, the_call: Any) -> None:
    answer = await chat.embeddings.create(model="simulator/quill", input=["a ferry", "a harbour"], dimensions=16)
    assert [len(item.embedding) for item in answer.data] == [16, 16]
    attempt, usage = await the_call()
    assert attempt["endpoint"] == "embeddings"
    assert (usage["input_tokens"], usage["output_tokens"]) == (answer.usage.prompt_tokens, 0)


async def test_a_field_that_the_provider_does_not_know_is_refused_by_the_provider(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, rows: Any
) -> None:
    asked: Any = {"messages": [QUESTION], "extra_body": {"no_such_field": 1}}
    with pytest.raises(openai.BadRequestError, match="no_such_field"):
        await chat.chat.completions.create(model="simulator/quill", **asked)
    with pytest.raises(anthropic.BadRequestError, match="no_such_field"):
        await claude.messages.create(model="simulator/reed", max_tokens=5, **asked)
    assert {row["status"] for row in await rows("SELECT status FROM provider_attempts")} == {"failed"}
