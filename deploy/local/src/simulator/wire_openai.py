"""OpenAI Chat Completions, streamed and whole, and OpenAI's errors, headers and list of models.

The shapes follow https://platform.openai.com/docs/api-reference/chat and its streaming events.
"""

from collections.abc import Iterator, Mapping

from simulator.answers import Part
from simulator.content import read_text
from simulator.conversation import JsonForm, Message, ModelCall, count_tokens
from simulator.refusals import CONTEXT_TOKENS, Refusal, RefusalKind
from simulator.toolbox import Tool, Toolbox, ToolMode, assemble_toolbox, read_tool, read_tool_list
from simulator.wire import (
    Json,
    Reply,
    Transcript,
    check_fields,
    dump,
    event,
    join_parts,
    known_fields,
    read_limit,
    read_model,
    read_stop,
    read_turn,
    read_turn_list,
    tool_call_id,
)

MODEL = "quill"
MODEL_CREATED = 1_767_225_600
_FINGERPRINT = "fp_scriptorium_sim"

# Status, type and code of each refusal; OpenAI has no 529 of its own, so a caller of that fault gets a bare one.
_ERRORS: Mapping[RefusalKind, tuple[int, str, str | None]] = {
    "invalid_request": (400, "invalid_request_error", None),
    "unknown_field": (400, "invalid_request_error", None),
    "context": (400, "invalid_request_error", "context_length_exceeded"),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "payment": (402, "insufficient_quota", "insufficient_quota"),
    "permission": (403, "invalid_request_error", "permission_denied"),
    "authentication": (401, "invalid_request_error", "invalid_api_key"),
    "model_not_found": (404, "invalid_request_error", "model_not_found"),
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "server_error": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
    "overloaded": (529, "server_error", None),
}
_MESSAGES: Mapping[RefusalKind, str] = {
    "model_not_found": "The model `{0}` does not exist or you do not have access to it.",
    "unknown_field": "Unrecognized request argument supplied: {0}",
    "context": f"This model's maximum context length is {CONTEXT_TOKENS} tokens. However, your messages resulted in "
    "{0} tokens. Please reduce the length of the messages.",
}
_FIELDS = known_fields("chat_completions")


class OpenAIProvider:
    """What all OpenAI endpoints have in common."""

    model = MODEL
    # Azure serves the same format under a prefix of its own and takes the key in a header of its own.
    prefixes: tuple[str, ...] = ("", "/openai")
    key_headers: tuple[str, ...] = ("authorization", "api-key")

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:  # noqa: ARG002 -- it is in a header only
        """`{"error": {message, type, param, code}}` with the status that belongs to it."""
        status, kind, code = _ERRORS[refusal.kind]
        message = _MESSAGES.get(refusal.kind, "{0}").replace("{0}", refusal.message)
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
        """Read what shapes the answer; sampling parameters are accepted and change nothing."""
        check_fields(body, _FIELDS)
        options = body.get("stream_options")
        if body.get("n") not in {None, 1}:
            raise Refusal(kind="invalid_request", message="'n' must be 1 for this model.", param="n")
        messages = _read_messages(body.get("messages"))
        return ModelCall(
            model=read_model(body),
            messages=messages,
            max_output_tokens=read_limit(body, "max_completion_tokens", "max_tokens"),
            stream=body.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
            toolbox=_read_toolbox(body),
            json_form=_read_json_form(body.get("response_format"), messages),
            stop=read_stop(body.get("stop")),
        )

    def whole(self, reply: Reply) -> Json:
        """A `chat.completion` with one choice."""
        answer = reply.answer
        text = answer.text if answer.text or not answer.tools else None
        message: Json = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        if answer.thought:
            message["reasoning_content"] = answer.thought
        if answer.tools:
            message["tool_calls"] = [_tool_call(reply, part, index) for index, part in enumerate(answer.tools)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.ending}
        return _envelope(reply, "chat.completion", [choice]) | {"usage": _usage(reply)}

    def transcript(self, reply: Reply) -> Transcript:
        """`chat.completion.chunk` events: role, the parts, finish, usage if asked for, `[DONE]`."""
        usage = b""
        if reply.call.include_usage:
            usage = event(_envelope(reply, "chat.completion.chunk", []) | {"usage": _usage(reply)})
        error = {"message": "The server had an error while processing your request.", "type": "server_error"}
        joined = join_parts(
            _chunk(reply, {"role": "assistant", "content": "", "refusal": None}),
            _streamed_parts(reply),
            _chunk(reply, {}, reply.answer.ending) + usage + b"data: [DONE]\n\n",
        )
        return Transcript(
            opening=joined.opening,
            chunks=joined.chunks,
            closing=joined.closing,
            error=event({"error": error | {"param": None, "code": None}}),
            malformed=_around_text(reply, "content")[0] + b'"brok\n\n',
        )


def _read_messages(turns: object) -> tuple[Message, ...]:
    known: set[str] = set()
    messages: list[Message] = []
    for index, turn in enumerate(read_turn_list(turns, "messages")):
        param = f"messages.{index}"
        if turn.get("role") in {"tool", "function"}:
            messages.append(_read_result(turn, known, param))
        else:
            calls = [call for call in turn.get("tool_calls") or () if isinstance(call, dict)]
            known |= {str(call.get("id")) for call in calls}
            messages.append(read_turn(turn, param, sum(_call_tokens(call) for call in calls)))
    return tuple(messages)


def _read_result(turn: Json, known: set[str], param: str) -> Message:
    if turn["role"] == "tool" and turn.get("tool_call_id") not in known:
        message = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
        raise Refusal(kind="invalid_request", message=f"Invalid parameter: {message}", param=f"{param}.role")
    return Message("tool", read_text(turn.get("content"), param))


def _call_tokens(call: Json) -> int:
    function = call.get("function")
    return count_tokens(str(function.get("arguments", ""))) if isinstance(function, dict) else 0


def _read_toolbox(body: Json) -> Toolbox:
    given, choice = read_tool_list(body.get("tools")), body.get("tool_choice")
    if choice is not None and not given:
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise Refusal(kind="invalid_request", message=message, param="tool_choice")
    tools = [_read_function(tool, f"tools[{index}]") for index, tool in enumerate(given) if "function" in tool]
    mode, forced = read_choice(choice)
    is_parallel = body.get("parallel_tool_calls") is not False
    return assemble_toolbox(tools, mode=mode, forced=forced, is_parallel=is_parallel, definitions=given)


def _read_function(tool: Json, param: str) -> Tool:
    function = tool["function"] if isinstance(tool["function"], dict) else {}
    return read_tool(function.get("name"), function.get("parameters"), f"{param}.function")


def read_choice(choice: object) -> tuple[ToolMode, str | None]:
    """How free the model is, and the tool that it must take if one is named; both OpenAI formats say it so."""
    if isinstance(choice, dict):
        function = choice.get("function", choice)
        name = function.get("name") if isinstance(function, dict) else None
        return "auto", None if name is None else str(name)
    modes: dict[object, ToolMode] = {"none": "none", "required": "required"}
    return modes.get(choice, "auto"), None


def _read_json_form(given: object, messages: tuple[Message, ...]) -> JsonForm | None:
    kind = given.get("type") if isinstance(given, dict) else None
    if not isinstance(given, dict) or kind in {None, "text"}:
        return None
    named = given.get("json_schema") if kind == "json_schema" else {}
    return read_json_form(kind, named, messages, "response_format")


def read_json_form(kind: object, described: object, messages: tuple[Message, ...], param: str) -> JsonForm:
    """The form of a structured answer; raises Refusal where OpenAI would."""
    if kind == "json_object":
        if not any("json" in message.text.lower() for message in messages):
            needed = "must contain the word 'json' in some form, to use "
            message = f"'messages' {needed}'{param}' of type 'json_object'."
            raise Refusal(kind="invalid_request", message=message, param="messages")
        return JsonForm(None)
    schema = described.get("schema") if isinstance(described, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict) or not isinstance(described, dict):
        raise Refusal(kind="invalid_request", message=f"Invalid value for '{param}'.", param=param)
    if not described.get("name"):
        message = f"Missing required parameter: '{param}.name'."
        raise Refusal(kind="invalid_request", message=message, param=f"{param}.name")
    return JsonForm(schema)


def _tool_call(reply: Reply, part: Part, index: int) -> Json:
    function = {"name": part.name, "arguments": part.text}
    return {"id": tool_call_id(reply, "call_", index), "type": "function", "function": function}


def _streamed_parts(reply: Reply) -> Iterator[tuple[bytes, list[bytes], bytes]]:
    index = 0
    for part in reply.answer.parts:
        if part.kind == "tool":
            begun = _tool_call(reply, part, index) | {"function": {"name": part.name, "arguments": ""}}
            deltas = [{"index": index, "function": {"arguments": chunk}} for chunk in part.chunks]
            pieces = [_chunk(reply, {"tool_calls": [delta]}) for delta in deltas]
            yield _chunk(reply, {"tool_calls": [{"index": index, **begun}]}), pieces, b""
            index += 1
        else:
            before, after = _around_text(reply, "content" if part.kind == "text" else "reasoning_content")
            yield b"", [before + dump(chunk) + after for chunk in part.chunks], b""


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


def _around_text(reply: Reply, name: str) -> tuple[bytes, bytes]:
    # The response id is random, so this stand-in cannot occur in a name that the caller chose.
    stand_in = f"text of {reply.response_id}"
    before, _, after = _chunk(reply, {name: stand_in}).partition(dump(stand_in))
    return before, after


def _usage(reply: Reply) -> Json:
    answer = reply.answer
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": count_tokens(answer.thought),
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
