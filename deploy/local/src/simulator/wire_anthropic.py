"""Anthropic Messages, streamed and whole, with Anthropic's errors, headers and list of models.

The shapes follow https://docs.claude.com/en/api/messages, its streaming page and its errors page.
"""

from collections.abc import Mapping

from simulator.conversation import Message, ModelCall
from simulator.refusals import Refusal, RefusalKind
from simulator.wire import Json, Reply, Transcript, dump, event, framed, read_limit, read_model, read_text, read_turns

MODEL = "reed"
_DELTA = "content_block_delta"
_BEFORE_TEXT = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":'

_ERRORS: Mapping[RefusalKind, tuple[int, str]] = {
    "invalid_request": (400, "invalid_request_error"),
    "authentication": (401, "authentication_error"),
    "model_not_found": (404, "not_found_error"),
    "rate_limit": (429, "rate_limit_error"),
    "quota": (429, "rate_limit_error"),
    "server_error": (500, "api_error"),
    "unavailable": (503, "api_error"),
    "overloaded": (529, "overloaded_error"),
}


class Messages:
    """`POST /v1/messages`."""

    path = "/v1/messages"
    model = MODEL
    key_header = "x-api-key"
    response_id_prefix = "msg_"

    def read_call(self, body: Json) -> ModelCall:
        """Read model, system, messages, the limit (required here) and the streaming flag."""
        limit = read_limit(body, "max_tokens")
        if limit is None:
            raise Refusal(kind="invalid_request", message="max_tokens: Field required", param="max_tokens")
        system = read_text(body.get("system"), "system")
        turns = read_turns(body.get("messages"), "messages")
        return ModelCall(
            model=read_model(body),
            messages=(Message("system", system), *turns) if system else turns,
            max_output_tokens=limit,
            stream=body.get("stream") is True,
        )

    def whole(self, reply: Reply) -> Json:
        """A finished `message` with one text block."""
        content = [{"type": "text", "text": reply.answer.text}]
        return _message(reply, content, _stop_reason(reply), reply.answer.output_tokens)

    def transcript(self, reply: Reply) -> Transcript:
        """`message_start`, one text block, a ping, `message_delta` with the final usage, `message_stop`."""
        return Transcript(
            opening=_opening(reply),
            chunks=tuple(framed(b"%b%b}}" % (_BEFORE_TEXT, dump(text)), _DELTA) for text in reply.answer.chunks),
            closing=_closing(reply),
            error=event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"),
            malformed=framed(_BEFORE_TEXT + b'"brok', _DELTA),
        )

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:
        """`{"type": "error", "error": {type, message}, "request_id"}` with the status that belongs to it.

        A reached spend limit is told apart from a rate limit by `details.error_code` alone.
        """
        status, kind = _ERRORS[refusal.kind]
        message = f"model: {refusal.message}" if refusal.kind == "model_not_found" else refusal.message
        error: Json = {"type": kind, "message": message}
        if refusal.kind == "quota":
            error["details"] = {"error_code": "enforced_spend_limit_reached"}
        return status, {"type": "error", "error": error, "request_id": request_id}

    def headers(self, request_id: str) -> dict[str, str]:
        """The request id and the organisation."""
        return {"request-id": request_id, "anthropic-organization-id": "simulator"}


def _stop_reason(reply: Reply) -> str:
    return "max_tokens" if reply.answer.is_truncated else "end_turn"


def _message(reply: Reply, content: list[Json], stop_reason: str | None, output_tokens: int) -> Json:
    return {
        "id": reply.response_id,
        "type": "message",
        "role": "assistant",
        "model": reply.call.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
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
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return (
        event({"type": "message_start", "message": message}, "message_start")
        + event(block, "content_block_start")
        + event({"type": "ping"}, "ping")
    )


def _closing(reply: Reply) -> bytes:
    delta = {"stop_reason": _stop_reason(reply), "stop_sequence": None}
    usage = {
        "input_tokens": reply.answer.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": reply.answer.output_tokens,
    }
    return (
        event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        + event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")
        + event({"type": "message_stop"}, "message_stop")
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
