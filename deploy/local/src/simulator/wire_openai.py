"""OpenAI Chat Completions, streamed and whole, and OpenAI's errors, headers and list of models.

The shapes follow https://platform.openai.com/docs/api-reference/chat and its streaming events.
"""

from collections.abc import Mapping

from simulator.conversation import ModelCall
from simulator.refusals import Refusal, RefusalKind
from simulator.wire import Json, Reply, Transcript, dump, event, read_limit, read_model, read_turns

MODEL = "quill"
MODEL_CREATED = 1_767_225_600
_FINGERPRINT = "fp_scriptorium_sim"

# Status, type and code of each refusal; OpenAI has no 529 of its own, so a caller of that fault gets a bare one.
_ERRORS: Mapping[RefusalKind, tuple[int, str, str | None]] = {
    "invalid_request": (400, "invalid_request_error", None),
    "authentication": (401, "invalid_request_error", "invalid_api_key"),
    "model_not_found": (404, "invalid_request_error", "model_not_found"),
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "server_error": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
    "overloaded": (529, "server_error", None),
}


class OpenAIProvider:
    """What all OpenAI endpoints have in common."""

    model = MODEL
    key_header = "authorization"

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:  # noqa: ARG002 -- it is in a header only
        """`{"error": {message, type, param, code}}` with the status that belongs to it."""
        status, kind, code = _ERRORS[refusal.kind]
        message = refusal.message
        if refusal.kind == "model_not_found":
            message = f"The model `{refusal.message}` does not exist or you do not have access to it."
        return status, {"error": {"message": message, "type": kind, "param": refusal.param, "code": code}}

    def headers(self, request_id: str) -> dict[str, str]:
        """The request id and the fixed headers of the API."""
        return {
            "x-request-id": request_id,
            "openai-organization": "simulator",
            "openai-version": "2020-10-01",
            "openai-processing-ms": "1",
        }


class ChatCompletions(OpenAIProvider):
    """`POST /v1/chat/completions`."""

    path = "/v1/chat/completions"
    response_id_prefix = "chatcmpl-"

    def read_call(self, body: Json) -> ModelCall:
        """Read model, messages, limit and the two streaming options."""
        options = body.get("stream_options")
        return ModelCall(
            model=read_model(body),
            messages=read_turns(body.get("messages"), "messages"),
            max_output_tokens=read_limit(body, "max_completion_tokens", "max_tokens"),
            stream=body.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    def whole(self, reply: Reply) -> Json:
        """A `chat.completion` with one choice."""
        message: Json = {"role": "assistant", "content": reply.answer.text, "refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(reply)}
        return _envelope(reply, "chat.completion", [choice]) | {"usage": _usage(reply)}

    def transcript(self, reply: Reply) -> Transcript:
        """`chat.completion.chunk` events: role, text, finish, usage if asked for, `[DONE]`."""
        role = _chunk(reply, {"role": "assistant", "content": "", "refusal": None})
        before, after = _around_text(reply)
        usage = b""
        if reply.call.include_usage:
            usage = event(_envelope(reply, "chat.completion.chunk", []) | {"usage": _usage(reply)})
        error = {"message": "The server had an error while processing your request.", "type": "server_error"}
        return Transcript(
            opening=role,
            chunks=tuple(before + dump(text) + after for text in reply.answer.chunks),
            closing=_chunk(reply, {}, _finish_reason(reply)) + usage + b"data: [DONE]\n\n",
            error=event({"error": error | {"param": None, "code": None}}),
            malformed=before + b'"brok\n\n',
        )


def _finish_reason(reply: Reply) -> str:
    return "length" if reply.answer.is_truncated else "stop"


def _envelope(reply: Reply, kind: str, choices: list[Json]) -> Json:
    return {
        "id": reply.response_id,
        "object": kind,
        "created": reply.created,
        "model": reply.call.model,
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
        "choices": choices,
    }


def _chunk(reply: Reply, delta: Json, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk = _envelope(reply, "chat.completion.chunk", [choice])
    return event(chunk | ({"usage": None} if reply.call.include_usage else {}))


def _around_text(reply: Reply) -> tuple[bytes, bytes]:
    # The response id is random, so this stand-in cannot occur in a name that the caller chose.
    stand_in = f"text of {reply.response_id}"
    before, _, after = _chunk(reply, {"content": stand_in}).partition(dump(stand_in))
    return before, after


def _usage(reply: Reply) -> Json:
    answer = reply.answer
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def model_description() -> Json:
    """The one model of this wire format as `GET /v1/models` shows it."""
    return {"id": MODEL, "object": "model", "created": MODEL_CREATED, "owned_by": "simulator"}


def model_list() -> Json:
    """The body of `GET /v1/models`."""
    return {"object": "list", "data": [model_description()]}
