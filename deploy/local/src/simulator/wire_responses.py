"""OpenAI Responses, streamed and whole.

The shapes follow https://platform.openai.com/docs/api-reference/responses and its streaming events.
"""

from collections.abc import Iterator
from itertools import count

from simulator.answers import Part
from simulator.content import read_text
from simulator.conversation import JsonForm, Message, ModelCall, count_tokens
from simulator.refusals import Refusal
from simulator.toolbox import Toolbox, assemble_toolbox, read_tool, read_tool_list
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
    read_turn,
    read_turn_list,
    tool_call_id,
)
from simulator.wire_openai import OpenAIProvider, read_choice, read_json_form

_FAILURE = "The server had an error while processing your request."
_DELTA = "response.output_text.delta"
_OPENING_EVENTS = 2
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
# What places a delta within its item.
_AT: dict[str, Json] = {"text": {"content_index": 0, "logprobs": []}, "thought": {"summary_index": 0}, "tool": {}}
# Fields that the response repeats, and what it says where the request left them out.
_ECHOED: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "user": None,
}
_FIELDS = known_fields("responses")
# What a request may point to at the real provider; nothing is stored here, so nothing is found.
_STORED = {
    "previous_response_id": "Previous response with id '{0}' not found.",
    "conversation": "Conversation with id '{0}' not found.",
    "prompt": "Prompt with id '{0}' not found.",
}


class Responses(OpenAIProvider):
    """`POST /v1/responses`."""

    path = "/v1/responses"
    response_id_prefix = "resp_"

    def read_call(self, body: Json) -> ModelCall:
        """Read what shapes the answer; sampling parameters are accepted and change nothing."""
        check_fields(body, _FIELDS)
        for field, message in _STORED.items():
            if pointer := body.get(field):
                found = pointer.get("id") if isinstance(pointer, dict) else pointer
                raise Refusal(kind="invalid_request", message=message.replace("{0}", str(found)), param=field)
        messages, reasoning = _read_messages(body), body.get("reasoning")
        return ModelCall(
            model=read_model(body),
            messages=messages,
            max_output_tokens=read_limit(body, "max_output_tokens"),
            stream=body.get("stream") is True,
            toolbox=_read_toolbox(body),
            json_form=_read_json_form(body.get("text"), messages),
            wants_thought=isinstance(reasoning, dict) and bool(reasoning.get("summary")),
            echoed={field: body[field] for field in _ECHOED if body.get(field) is not None},
        )

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:
        """As everywhere at OpenAI, but this endpoint has words of its own for a field that it does not know."""
        status, body = super().refusal(refusal, request_id)
        if refusal.kind == "unknown_field":
            message = f"Unknown parameter: '{refusal.param}'."
            body["error"] |= {"message": message, "code": "unknown_parameter"}
        return status, body

    def whole(self, reply: Reply) -> Json:
        """A finished `response` with an output item for each part of the answer."""
        return _response(reply, _final_status(reply), _output(reply))

    def transcript(self, reply: Reply) -> Transcript:
        """`response.created` to `response.completed` or `response.incomplete`, numbered without a gap."""
        numbers = count(_OPENING_EVENTS)
        parts = list(_streamed_parts(reply, numbers))
        number_of_end = next(numbers)
        status = _final_status(reply)
        end = (f"response.{status}", {"response": _response(reply, status, _output(reply))})
        joined = join_parts(_opening(reply), parts, _numbered([end], count(number_of_end)))
        return Transcript(
            opening=joined.opening,
            chunks=joined.chunks,
            closing=joined.closing,
            error=_failure(reply, number_of_end),
            malformed=framed(b'{"type":"%b","delta":"brok' % _DELTA.encode(), _DELTA),
        )


def _read_messages(body: Json) -> tuple[Message, ...]:
    instructions, given = body.get("instructions"), body.get("input")
    system = (Message("system", read_text(instructions, "instructions")),) if instructions else ()
    if isinstance(given, str):
        return (*system, Message("user", given))
    if given is None:
        raise Refusal(kind="invalid_request", message="Missing required parameter: 'input'.", param="input")
    return (*system, *_read_items(given))


def _read_items(given: object) -> list[Message]:
    known: set[str] = set()
    messages: list[Message] = []
    for index, item in enumerate(read_turn_list(given, "input")):
        match item.get("type", "message"):
            case "function_call":
                known.add(str(item.get("call_id")))
                messages.append(Message("assistant", "", count_tokens(str(item.get("arguments", "")))))
            case "function_call_output":
                messages.append(_read_result(item, known, f"input[{index}]"))
            case "message":
                messages.append(read_turn(item, f"input.{index}"))
    return messages


def _read_result(item: Json, known: set[str], param: str) -> Message:
    if item.get("call_id") not in known:
        message = f"No tool call found for function call output with call_id {item.get('call_id')}."
        raise Refusal(kind="invalid_request", message=message, param="input")
    return Message("tool", read_text(item.get("output"), param))


def _read_toolbox(body: Json) -> Toolbox:
    given = read_tool_list(body.get("tools"))
    # The provider's own tools, such as web search, are accepted and not used.
    own = [(index, tool) for index, tool in enumerate(given) if tool.get("type") == "function"]
    tools = [read_tool(tool.get("name"), tool.get("parameters"), f"tools[{index}]") for index, tool in own]
    mode, forced = read_choice(body.get("tool_choice"))
    is_parallel = body.get("parallel_tool_calls") is not False
    return assemble_toolbox(tools, mode=mode, forced=forced, is_parallel=is_parallel, definitions=given)


def _read_json_form(text: object, messages: tuple[Message, ...]) -> JsonForm | None:
    given = text.get("format") if isinstance(text, dict) else None
    kind = given.get("type") if isinstance(given, dict) else None
    return None if kind in {None, "text"} else read_json_form(kind, given, messages, "text.format")


def _final_status(reply: Reply) -> str:
    return "incomplete" if reply.answer.ending in _INCOMPLETE else "completed"


def _id(reply: Reply, prefix: str, index: int) -> str:
    suffix = reply.response_id.removeprefix(Responses.response_id_prefix)
    return f"{prefix}{suffix}{index}" if index else prefix + suffix


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _output(reply: Reply) -> list[Json]:
    return [_item(reply, index, _final_status(reply)) for index in range(len(reply.answer.parts))]


def _item(reply: Reply, index: int, status: str) -> Json:
    part, is_begun = reply.answer.parts[index], status != "in_progress"
    text = part.text if is_begun else ""
    if part.kind == "thought":
        summary = [{"type": "summary_text", "text": text}] if is_begun else []
        return {"id": _id(reply, "rs_", index), "type": "reasoning", "summary": summary}
    if part.kind == "tool":
        call = {"call_id": tool_call_id(reply, "call_", index), "name": part.name, "arguments": text}
        return {"id": _id(reply, "fc_", index), "type": "function_call", "status": status} | call
    content = [_text_part(text)] if is_begun else []
    identity = {"id": _id(reply, "msg_", index), "type": "message", "role": "assistant"}
    return identity | {"status": status, "content": content}


def _response(reply: Reply, status: str, output: list[Json]) -> Json:
    is_final = status in {"completed", "incomplete"}
    return {
        "id": reply.response_id,
        "object": "response",
        "created_at": reply.created,
        "completed_at": reply.created if status == "completed" else None,
        "status": status,
        "background": False,
        "error": {"code": "server_error", "message": _FAILURE} if status == "failed" else None,
        "incomplete_details": {"reason": _INCOMPLETE[reply.answer.ending]} if status == "incomplete" else None,
        "model": reply.call.model,
        "output": output,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "truncation": "disabled",
        "usage": _usage(reply) if is_final else None,
        **_ECHOED,
        **reply.call.echoed,
    }


def _usage(reply: Reply) -> Json:
    answer = reply.answer
    return {
        "input_tokens": answer.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"reasoning_tokens": count_tokens(answer.thought)},
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def _numbered(events: list[tuple[str, Json]], numbers: Iterator[int]) -> bytes:
    return b"".join(event({"type": name, "sequence_number": next(numbers)} | data, name) for name, data in events)


def _opening(reply: Reply) -> bytes:
    started = {"response": _response(reply, "in_progress", [])}
    return _numbered([("response.created", started), ("response.in_progress", started)], count())


def _streamed_parts(reply: Reply, numbers: Iterator[int]) -> Iterator[tuple[bytes, list[bytes], bytes]]:
    for index, part in enumerate(reply.answer.parts):
        item = _item(reply, index, "in_progress")
        place = {"item_id": item["id"], "output_index": index}
        begun, delta, ended = _events_of(part, place)
        added = ("response.output_item.added", {"output_index": index, "item": item})
        start = _numbered([added, *begun], numbers)
        pieces = [_delta(delta, place, text, next(numbers), part) for text in part.chunks]
        done = ("response.output_item.done", {"output_index": index, "item": _item(reply, index, _final_status(reply))})
        yield start, pieces, _numbered([*ended, done], numbers)


def _events_of(part: Part, place: Json) -> tuple[list[tuple[str, Json]], str, list[tuple[str, Json]]]:
    """What precedes the deltas of a part, what they are called, and what follows them."""
    if part.kind == "tool":
        name = "response.function_call_arguments"
        return [], f"{name}.delta", [(f"{name}.done", place | {"name": part.name, "arguments": part.text})]
    if part.kind == "thought":
        name, at = "response.reasoning_summary", place | {"summary_index": 0}
        empty, full = ({"type": "summary_text", "text": text} for text in ("", part.text))
        done = [(f"{name}_text.done", at | {"text": part.text}), (f"{name}_part.done", at | {"part": full})]
        return [(f"{name}_part.added", at | {"part": empty})], f"{name}_text.delta", done
    at = place | {"content_index": 0}
    done = [
        ("response.output_text.done", at | {"text": part.text, "logprobs": []}),
        ("response.content_part.done", at | {"part": _text_part(part.text)}),
    ]
    return [("response.content_part.added", at | {"part": _text_part("")})], _DELTA, done


def _delta(name: str, place: Json, text: str, number: int, part: Part) -> bytes:
    head = dump({"type": name, "sequence_number": number, **place, **_AT[part.kind]})
    return framed(b'%b,"delta":%b}' % (head[:-1], dump(text)), name)


def _failure(reply: Reply, number: int) -> bytes:
    return _numbered(
        [
            ("error", {"code": "server_error", "message": _FAILURE, "param": None}),
            ("response.failed", {"response": _response(reply, "failed", [])}),
        ],
        count(number),
    )
