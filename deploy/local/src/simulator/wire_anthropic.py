"""Anthropic Messages, streamed and whole, with Anthropic's errors, headers and list of models.

The shapes follow https://docs.claude.com/en/api/messages, its streaming page and its errors page.
"""

import json
from collections.abc import Iterator, Mapping

from simulator.answers import Part
from simulator.content import read_content, read_text
from simulator.conversation import JsonForm, Message, ModelCall, count_tokens
from simulator.refusals import CONTEXT_TOKENS, Refusal, RefusalKind
from simulator.toolbox import Toolbox, ToolMode, assemble_toolbox, read_tool, read_tool_list
from simulator.wire import (
    Json,
    Reply,
    Transcript,
    check_fields,
    dump,
    event,
    framed,
    join_parts,
    known_fields,
    read_limit,
    read_model,
    read_stop,
    read_turn,
    read_turn_list,
    tool_call_id,
)

MODEL = "reed"
_DELTA = "content_block_delta"
# What a delta of each kind of part is called, and the name of its text.
_DELTAS = {
    "text": ("text_delta", "text"),
    "thought": ("thinking_delta", "thinking"),
    "tool": ("input_json_delta", "partial_json"),
}
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal", "tool_calls": "tool_use"}
_SIGNATURE = "c2ltdWxhdGVkIHRob3VnaHQ="
# Those of the SDK's beta methods too, and the sampling parameters that its newest version left out.
_FIELDS = known_fields("messages")

_ERRORS: Mapping[RefusalKind, tuple[int, str]] = {
    "invalid_request": (400, "invalid_request_error"),
    "unknown_field": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "content_filter": (400, "invalid_request_error"),
    "payment": (402, "billing_error"),
    "permission": (403, "permission_error"),
    "authentication": (401, "authentication_error"),
    "model_not_found": (404, "not_found_error"),
    "rate_limit": (429, "rate_limit_error"),
    "quota": (429, "rate_limit_error"),
    "server_error": (500, "api_error"),
    "unavailable": (503, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
_MESSAGES: Mapping[RefusalKind, str] = {
    "model_not_found": "model: {0}",
    "unknown_field": "{0}: Extra inputs are not permitted",
    "context": f"prompt is too long: {{0}} tokens > {CONTEXT_TOKENS} maximum",
    "content_filter": "Output blocked by content filtering policy",
}


class Messages:
    """`POST /v1/messages`."""

    path = "/v1/messages"
    model = MODEL
    prefixes: tuple[str, ...] = ("",)
    key_headers: tuple[str, ...] = ("x-api-key",)
    response_id_prefix = "msg_"

    def read_call(self, body: Json) -> ModelCall:
        """Read what shapes the answer, the limit required; sampling parameters are accepted and change nothing."""
        check_fields(body, _FIELDS)
        limit = read_limit(body, "max_tokens")
        if limit is None:
            raise Refusal(kind="invalid_request", message="max_tokens: Field required", param="max_tokens")
        system = read_text(body.get("system"), "system")
        turns = _read_messages(body.get("messages"))
        return ModelCall(
            model=read_model(body),
            messages=(Message("system", system), *turns) if system else turns,
            max_output_tokens=limit,
            stream=body.get("stream") is True,
            toolbox=_read_toolbox(body),
            json_form=_read_json_form(body),
            stop=read_stop(body.get("stop_sequences")),
            wants_thought=_wants_thought(body.get("thinking")),
        )

    def whole(self, reply: Reply) -> Json:
        """A finished `message` with a content block for each part of the answer."""
        content = [_block(reply, part, index) for index, part in enumerate(reply.answer.parts)]
        return _message(reply, content, _stop_reason(reply), reply.answer.output_tokens)

    def transcript(self, reply: Reply) -> Transcript:
        """`message_start`, the content blocks, a ping, `message_delta` with the final usage, `message_stop`."""
        joined = join_parts(_opening(reply), _streamed_parts(reply), _closing(reply))
        broken = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"brok'
        return Transcript(
            opening=joined.opening + event({"type": "ping"}, "ping"),
            chunks=joined.chunks,
            closing=joined.closing,
            error=event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"),
            malformed=framed(broken, _DELTA),
        )

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:
        """`{"type": "error", "error": {type, message}, "request_id"}` with the status that belongs to it.

        A reached spend limit is told apart from a rate limit by `details.error_code` alone.
        """
        status, kind = _ERRORS[refusal.kind]
        message = refusal.message
        if form := _MESSAGES.get(refusal.kind):
            message = form.replace("{0}", refusal.message)
        error: Json = {"type": kind, "message": message}
        if refusal.kind == "quota":
            error["details"] = {"error_code": "enforced_spend_limit_reached"}
        return status, {"type": "error", "error": error, "request_id": request_id}

    def headers(self, request_id: str) -> dict[str, str]:
        """The request id and the organisation."""
        return {"request-id": request_id, "anthropic-organization-id": "simulator"}


def _read_messages(turns: object) -> tuple[Message, ...]:
    known: set[str] = set()
    messages: list[Message] = []
    for index, turn in enumerate(read_turn_list(turns, "messages")):
        param = f"messages.{index}"
        content = turn.get("content")
        blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
        messages += [_read_result(block, known, param) for block in blocks if block.get("type") == "tool_result"]
        calls = [block for block in blocks if block.get("type") == "tool_use"]
        known = {str(call.get("id")) for call in calls}
        spoken = read_turn(turn, param, sum(count_tokens(json.dumps(call.get("input", {}))) for call in calls))
        if spoken.text or spoken.extra_tokens or not blocks:
            messages.append(spoken)
    return tuple(messages)


def _read_result(block: Json, known: set[str], param: str) -> Message:
    given = str(block.get("tool_use_id"))
    if given not in known:
        message = (
            f"{param}: unexpected `tool_use_id` found in `tool_result` blocks: {given}. Each `tool_result` block must "
            "have a corresponding `tool_use` block in the previous message."
        )
        raise Refusal(kind="invalid_request", message=message, param=param)
    content = read_content(block.get("content"), param)
    return Message("tool", content.text, content.image_tokens)


def _read_toolbox(body: Json) -> Toolbox:
    given, choice = read_tool_list(body.get("tools")), body.get("tool_choice") or {}
    # The provider's own tools have a type and no schema; the model does not use them here.
    own = [(index, tool) for index, tool in enumerate(given) if tool.get("type", "custom") == "custom"]
    tools = [read_tool(tool.get("name"), tool.get("input_schema"), f"tools.{index}") for index, tool in own]
    modes: dict[object, ToolMode] = {"none": "none", "any": "required"}
    return assemble_toolbox(
        tools,
        mode=modes.get(choice.get("type"), "auto"),
        forced=choice.get("name"),
        is_parallel=choice.get("disable_parallel_tool_use") is not True,
        definitions=given,
    )


def _read_json_form(body: Json) -> JsonForm | None:
    # The beta's older name of the same field is still taken.
    given = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if given is None:
        return None
    if given.get("type") != "json_schema" or not isinstance(given.get("schema"), dict):
        message = "output_config.format.schema: Field required"
        raise Refusal(kind="invalid_request", message=message, param="output_config.format")
    return JsonForm(given["schema"])


def _wants_thought(thinking: object) -> bool:
    return isinstance(thinking, dict) and thinking.get("type") in {"enabled", "adaptive"}


def _block(reply: Reply, part: Part, index: int) -> Json:
    if part.kind == "thought":
        return {"type": "thinking", "thinking": part.text, "signature": _SIGNATURE}
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    return _tool_use(reply, part, index) | {"input": _arguments(part.text)}


def _tool_use(reply: Reply, part: Part, index: int) -> Json:
    return {"type": "tool_use", "id": tool_call_id(reply, "toolu_", index), "name": part.name, "input": {}}


def _arguments(text: str) -> Json:
    # Whoever does not stream gets an object even where the arguments were cut off.
    try:
        parsed: Json = json.loads(text)
    except ValueError:
        return {}
    return parsed


def _begun(reply: Reply, part: Part, index: int) -> Json:
    if part.kind == "thought":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "text", "text": ""} if part.kind == "text" else _tool_use(reply, part, index)


def _streamed_parts(reply: Reply) -> Iterator[tuple[bytes, list[bytes], bytes]]:
    for index, part in enumerate(reply.answer.parts):
        kind, field = _DELTAS[part.kind]
        head = f'{{"type":"{_DELTA}","index":{index},"delta":{{"type":"{kind}","{field}":'.encode()
        begun = {"type": "content_block_start", "index": index, "content_block": _begun(reply, part, index)}
        ended = event({"type": "content_block_stop", "index": index}, "content_block_stop")
        if part.kind == "thought":
            signed = {"type": "signature_delta", "signature": _SIGNATURE}
            ended = event({"type": _DELTA, "index": index, "delta": signed}, _DELTA) + ended
        pieces = [framed(b"%b%b}}" % (head, dump(chunk)), _DELTA) for chunk in part.chunks]
        yield event(begun, "content_block_start"), pieces, ended


def _stop_reason(reply: Reply) -> str:
    return "stop_sequence" if reply.answer.stop_sequence else _STOP_REASONS[reply.answer.ending]


def _message(reply: Reply, content: list[Json], stop_reason: str | None, output_tokens: int) -> Json:
    return {
        "id": reply.response_id,
        "type": "message",
        "role": "assistant",
        "model": reply.call.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None if stop_reason is None else reply.answer.stop_sequence,
        "usage": {
            "input_tokens": reply.answer.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        },
    }


def _opening(reply: Reply) -> bytes:
    # The real API has billed the first output token when it sends `message_start`.
    message = _message(reply, [], None, output_tokens=1)
    return event({"type": "message_start", "message": message}, "message_start")


def _closing(reply: Reply) -> bytes:
    delta = {"stop_reason": _stop_reason(reply), "stop_sequence": reply.answer.stop_sequence}
    usage = {
        "input_tokens": reply.answer.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": reply.answer.output_tokens,
    }
    return event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta") + event(
        {"type": "message_stop"}, "message_stop"
    )


def model_description() -> Json:
    """The one model of this wire format as `GET /v1/models` shows it."""
    return {
        "type": "model",
        "id": MODEL,
        "display_name": "Reed (simulated)",
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def model_list() -> Json:
    """The body of `GET /v1/models`."""
    return {"data": [model_description()], "has_more": False, "first_id": MODEL, "last_id": MODEL}
