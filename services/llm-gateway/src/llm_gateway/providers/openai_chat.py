"""OpenAI's chat completions, and everybody who speaks them: xAI, Groq, compatible servers, the simulator.

Source: https://platform.openai.com/docs/api-reference/chat/create and its page on streaming.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from importlib import import_module
from typing import Any
from uuid import UUID

import orjson
from pydantic import JsonValue

from llm_gateway.domain.structured import schema_instruction
from llm_gateway.providers.catalogue import describe, takes_temperature
from llm_gateway.providers.json_answers import chat_format
from llm_gateway.providers.protocol import (
    Delta,
    Finished,
    FinishReason,
    Opened,
    ProviderEvent,
    ReportedUsage,
    Thought,
)
from llm_gateway.providers.refusals import refused_in_stream
from llm_gateway.providers.server_events import read_event_data
from llm_gateway.providers.transport import Access, Faults, http_client, read_bytes
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import GenerationRequest

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}
_DONE = b"[DONE]"


class OpenAIChat:
    """One connection to a server that speaks chat completions."""

    def __init__(self, access: Access) -> None:
        """Take the address and key; nothing is opened yet."""
        self._access = access
        self._http = http_client(access)
        self._sdk: Any = None
        self._client: Any = None

    async def warm(self) -> None:
        """Load the SDK, in a thread because it takes a second."""
        if self._client is None:
            self._sdk = await asyncio.to_thread(import_module, "openai")
            # Azure's own header beside the usual one: keys of a resource are read from there.
            headers = {"api-key": self._access.api_key} if self._access.provider == "azure" else None
            self._client = self._sdk.AsyncOpenAI(
                api_key=self._access.api_key,
                base_url=self._access.base_url,
                default_headers=headers,
                max_retries=0,
                http_client=self._http,
            )

    async def stream(
        self, name: str, request: GenerationRequest, attempt_id: UUID
    ) -> AsyncGenerator[list[ProviderEvent]]:
        """Ask once; the id of the attempt is the client's request id at the provider."""
        await self.warm()
        body = self._body(name, request)
        headers = {"X-Client-Request-Id": encode_id("at", attempt_id)}
        create = self._client.chat.completions.with_streaming_response.create
        with Faults(self._access, name, self._sdk):
            async with create(**body, extra_headers=headers) as response:
                opened = False
                async for arrived in read_event_data(read_bytes(self._access, response)):
                    chunks = [orjson.loads(data) for data in arrived if data != _DONE]
                    events = [event for chunk in chunks for event in self._read(chunk)]
                    if chunks and not opened:
                        opened = True
                        events.insert(0, Opened(str(chunks[0].get("id") or ""), chunks[0].get("model")))
                    yield events
                    if arrived[-1] == _DONE:
                        return

    async def close(self) -> None:
        """Close idle connections."""
        await self._http.aclose()

    def _body(self, name: str, request: GenerationRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": name,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.response_schema is not None:
            self._ask_for_json(body, request.response_schema)
        if request.max_output_tokens is not None:
            # Servers that only imitate the interface know the older name of the limit.
            is_imitation = self._access.provider == "compatible"
            body["max_tokens" if is_imitation else "max_completion_tokens"] = request.max_output_tokens
        if request.temperature is not None and takes_temperature(self._access.provider, name):
            body["temperature"] = request.temperature
        return body

    def _ask_for_json(self, body: dict[str, Any], schema: dict[str, JsonValue]) -> None:
        provider, name = self._access.provider, body["model"]
        body["response_format"] = chat_format(provider, name, schema)
        if body["response_format"]["type"] == "json_object":
            # It binds a model to JSON, and only words bind it to the schema.
            body["messages"].insert(0, {"role": "system", "content": schema_instruction(schema)})
            if provider == "groq" and "reasoning" in describe(provider, name).capabilities:
                # Refused beside JSON: thoughts between tags in the text, which Groq sends unless told otherwise.
                body["extra_body"] = {"reasoning_format": "parsed"}

    def _read(self, chunk: dict[str, Any]) -> Iterator[ProviderEvent]:
        if "error" in chunk:
            raise refused_in_stream(self._access.provider, chunk["error"])
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            # DeepSeek, xAI and vLLM have the one name, Groq and OpenRouter the other.
            if thought := delta.get("reasoning_content") or delta.get("reasoning"):
                yield Thought(thought)
            if text := delta.get("content") or delta.get("refusal"):
                yield from _words(text)
            if reason := choice.get("finish_reason"):
                yield Finished(_FINISH.get(reason, "other"))
        # Groq's older servers tell it under a name of their own.
        if usage := chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage"):
            yield _usage(usage)


def _words(content: str | list[dict[str, Any]]) -> Iterator[ProviderEvent]:
    """Read what a model says: a text, or with Mistral's reasoning models a list of parts, some of them thoughts."""
    if isinstance(content, str):
        yield Delta(content)
        return
    for part in content:
        if part["type"] == "thinking":
            yield from (Thought(thought["text"]) for thought in part["thinking"] if thought.get("text"))
        elif text := part.get("text"):
            yield Delta(text)


def _usage(usage: dict[str, Any]) -> ReportedUsage:
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    reasoning = written.get("reasoning_tokens") or 0
    output = usage["completion_tokens"]
    # xAI counts reasoning beside the completion, everybody else within it: the total tells which.
    # https://docs.x.ai/docs/key-information/consumption-and-rate-limits
    is_beside = usage.get("total_tokens") == usage["prompt_tokens"] + output + reasoning
    return ReportedUsage(
        input_tokens=usage["prompt_tokens"],
        cached_input_tokens=read.get("cached_tokens") or 0,
        output_tokens=output + reasoning if is_beside else output,
        reasoning_tokens=reasoning,
        is_final=True,
    )
