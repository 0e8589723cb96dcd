"""OpenAI Responses, streamed and whole.

The shapes follow https://platform.openai.com/docs/api-reference/responses and its streaming events.
"""

from itertools import count

from simulator.conversation import Message, ModelCall
from simulator.refusals import Refusal
from simulator.wire import Json, Reply, Transcript, dump, event, framed, read_limit, read_model, read_text, read_turns
from simulator.wire_openai import OpenAIProvider

_FAILURE = "The server had an error while processing your request."
_DELTA = "response.output_text.delta"
_OPENING_EVENTS = 4


class Responses(OpenAIProvider):
    """`POST /v1/responses`."""

    path = "/v1/responses"
    response_id_prefix = "resp_"

    def read_call(self, body: Json) -> ModelCall:
        """Read model, instructions, input (text or items), limit and the streaming flag."""
        return ModelCall(
            model=read_model(body),
            messages=_read_messages(body),
            max_output_tokens=read_limit(body, "max_output_tokens"),
            stream=body.get("stream") is True,
        )

    def whole(self, reply: Reply) -> Json:
        """A finished `response` with one output message."""
        return _response(reply, _final_status(reply), [_message(reply, _final_status(reply))])

    def transcript(self, reply: Reply) -> Transcript:
        """`response.created` to `response.completed` or `response.incomplete`, numbered without a gap."""
        chunks = tuple(_delta(reply, text, number) for number, text in enumerate(reply.answer.chunks, _OPENING_EVENTS))
        return Transcript(
            opening=_opening(reply),
            chunks=chunks,
            closing=_closing(reply),
            error=_failure(reply),
            malformed=framed(b'{"type":"%b","delta":"brok' % _DELTA.encode(), _DELTA),
        )


def _read_messages(body: Json) -> tuple[Message, ...]:
    instructions, given = body.get("instructions"), body.get("input")
    system = (Message("system", read_text(instructions, "instructions")),) if instructions else ()
    if isinstance(given, str):
        return (*system, Message("user", given))
    if given is None:
        raise Refusal(kind="invalid_request", message="Missing required parameter: 'input'.", param="input")
    return (*system, *read_turns(given, "input"))


def _final_status(reply: Reply) -> str:
    return "incomplete" if reply.answer.is_truncated else "completed"


def _item_id(reply: Reply) -> str:
    return "msg_" + reply.response_id.removeprefix(Responses.response_id_prefix)


def _text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(reply: Reply, status: str) -> Json:
    content = [] if status == "in_progress" else [_text_part(reply.answer.text)]
    return {"id": _item_id(reply), "type": "message", "role": "assistant", "status": status, "content": content}


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
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": reply.call.max_output_tokens,
        "model": reply.call.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(reply) if is_final else None,
        "user": None,
        "metadata": {},
    }


def _usage(reply: Reply) -> Json:
    answer = reply.answer
    return {
        "input_tokens": answer.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.input_tokens + answer.output_tokens,
    }


def _numbered(events: list[tuple[str, Json]], first: int) -> bytes:
    numbers = count(first)
    return b"".join(event({"type": name, "sequence_number": next(numbers)} | data, name) for name, data in events)


def _place(reply: Reply) -> Json:
    return {"item_id": _item_id(reply), "output_index": 0, "content_index": 0}


def _opening(reply: Reply) -> bytes:
    started = _response(reply, "in_progress", [])
    return _numbered(
        [
            ("response.created", {"response": started}),
            ("response.in_progress", {"response": started}),
            ("response.output_item.added", {"output_index": 0, "item": _message(reply, "in_progress")}),
            ("response.content_part.added", _place(reply) | {"part": _text_part("")}),
        ],
        first=0,
    )


def _delta(reply: Reply, text: str, number: int) -> bytes:
    head = dump({"type": _DELTA, "sequence_number": number, **_place(reply), "logprobs": []})
    return framed(b'%b,"delta":%b}' % (head[:-1], dump(text)), _DELTA)


def _closing(reply: Reply) -> bytes:
    text, status = reply.answer.text, _final_status(reply)
    message = _message(reply, status)
    return _numbered(
        [
            ("response.output_text.done", _place(reply) | {"text": text, "logprobs": []}),
            ("response.content_part.done", _place(reply) | {"part": _text_part(text)}),
            ("response.output_item.done", {"output_index": 0, "item": message}),
            (f"response.{status}", {"response": _response(reply, status, [message])}),
        ],
        first=_OPENING_EVENTS + len(reply.answer.chunks),
    )


def _failure(reply: Reply) -> bytes:
    return _numbered(
        [
            ("error", {"code": "server_error", "message": _FAILURE, "param": None}),
            ("response.failed", {"response": _response(reply, "failed", [])}),
        ],
        first=_OPENING_EVENTS + len(reply.answer.chunks),
    )
