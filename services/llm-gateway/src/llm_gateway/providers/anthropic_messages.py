"""Anthropic's messages, and the simulator's model that speaks them.

Source: https://docs.claude.com/en/api/messages and its page on streaming.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from importlib import import_module
from typing import Any
from uuid import UUID

import orjson

from llm_gateway.domain.structured import schema_instruction
from llm_gateway.providers.catalogue import claude_output_limit, takes_temperature
from llm_gateway.providers.json_answers import messages_format
from llm_gateway.providers.protocol import Delta, Finished, FinishReason, Opened, ProviderEvent, ReportedUsage, Thought
from llm_gateway.providers.refusals import refused_in_stream
from llm_gateway.providers.server_events import read_event_data
from llm_gateway.providers.transport import Access, Faults, http_client, read_bytes
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import GenerationRequest

_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class AnthropicMessages:
    """One connection to a server that speaks messages."""

    def __init__(self, access: Access) -> None:
        """Take the address and key; nothing is opened yet."""
        self._access = access
        self._http = http_client(access)
        self._sdk: Any = None
        self._client: Any = None

    async def warm(self) -> None:
        """Load the SDK, in a thread because it takes seconds."""
        if self._client is None:
            self._sdk = await asyncio.to_thread(import_module, "anthropic")
            # open_telemetry: its own tracing would send `traceparent` to the provider.
            self._client = self._sdk.AsyncAnthropic(
                api_key=self._access.api_key,
                # Its paths begin with the version.
                base_url=self._access.base_url.removesuffix("/v1"),
                max_retries=0,
                http_client=self._http,
                open_telemetry=False,
            )

    async def stream(
        self, name: str, request: GenerationRequest, attempt_id: UUID
    ) -> AsyncGenerator[list[ProviderEvent]]:
        """Ask once; the id of the attempt is the client's request id at the provider."""
        await self.warm()
        body = self._body(name, request)
        headers = {"X-Client-Request-Id": encode_id("at", attempt_id)}
        create = self._client.messages.with_streaming_response.create
        with Faults(self._access, name, self._sdk):
            async with create(**body, extra_headers=headers) as response:
                counted = _Counted()
                async for arrived in read_event_data(read_bytes(self._access, response)):
                    yield [event for data in arrived for event in self._read(orjson.loads(data), counted)]

    async def close(self) -> None:
        """Close idle connections."""
        await self._http.aclose()

    def _body(self, name: str, request: GenerationRequest) -> dict[str, Any]:
        written = messages_format(self._access.provider, name, request.response_schema)
        instructions = [message.content for message in request.messages if message.role == "system"]
        if request.response_schema is not None and written is None:
            instructions.append(schema_instruction(request.response_schema))
        system = "\n\n".join(instructions)
        turns = [{"role": m.role, "content": m.content} for m in request.messages if m.role != "system"]
        body: dict[str, Any] = {
            "model": name,
            "messages": turns,
            "max_tokens": request.max_output_tokens or claude_output_limit(name),
            "stream": True,
        }
        if system:
            body["system"] = system
        if written is not None:
            body["output_config"] = {"format": written}
        if request.temperature is not None and takes_temperature(self._access.provider, name):
            # The SDK's signature no longer has it, because the newest models refuse it.
            body["extra_body"] = {"temperature": min(request.temperature, 1.0)}
        return body

    def _read(self, event: dict[str, Any], counted: "_Counted") -> Iterator[ProviderEvent]:
        kind = event["type"]
        if kind == "content_block_delta":
            delta = event["delta"]
            if text := delta.get("text"):
                yield Delta(text)
            elif thought := delta.get("thinking"):
                yield Thought(thought)
        elif kind == "message_start":
            yield Opened(event["message"]["id"], event["message"].get("model"))
            yield counted.report(event["message"]["usage"], is_final=False)
        elif kind == "message_delta":
            yield counted.report(event.get("usage") or {}, is_final=True)
            if reason := event["delta"].get("stop_reason"):
                yield Finished(_FINISH.get(reason, "other"))
        elif kind == "error":
            raise refused_in_stream(self._access.provider, event["error"])


class _Counted:
    """The counts of one answer: they arrive twice, and the second time in part."""

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    def report(self, usage: dict[str, Any], *, is_final: bool) -> ReportedUsage:
        self._latest |= {name: count for name, count in usage.items() if isinstance(count, int)}
        cached = self._latest.get("cache_read_input_tokens", 0)
        # Anthropic counts cached tokens beside the input; the ledger counts them in it, as OpenAI does.
        beside = cached + self._latest.get("cache_creation_input_tokens", 0)
        return ReportedUsage(
            input_tokens=self._latest.get("input_tokens", 0) + beside,
            cached_input_tokens=cached,
            output_tokens=self._latest.get("output_tokens", 0),
            reasoning_tokens=0,
            is_final=is_final,
        )
