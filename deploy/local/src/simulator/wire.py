"""What each wire format has to offer, and the pieces that all of them share."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from simulator.answers import Answer
from simulator.conversation import Message, ModelCall, Role
from simulator.refusals import Refusal

type Json = dict[str, Any]

_ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "assistant": "assistant"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answered call as the formats need it: ids are new for each call, the rest repeats."""

    response_id: str
    created: int
    call: ModelCall
    answer: Answer


@dataclass(frozen=True, slots=True)
class Transcript:
    """The bytes of an event stream, built before the first is sent so that sending costs nothing more.

    `error` and `malformed` are what a fault puts in the place of, or between, the chunks.
    """

    opening: bytes
    chunks: tuple[bytes, ...]
    closing: bytes
    error: bytes
    malformed: bytes


class Wire(Protocol):
    """A provider's HTTP format."""

    path: str
    model: str
    key_header: str
    response_id_prefix: str

    def read_call(self, body: Json) -> ModelCall:
        """Understand a request body; raises Refusal where the real provider would answer 400."""
        ...

    def whole(self, reply: Reply) -> Json:
        """The body of an answer that is not streamed."""
        ...

    def transcript(self, reply: Reply) -> Transcript:
        """The event stream of an answer."""
        ...

    def refusal(self, refusal: Refusal, request_id: str) -> tuple[int, Json]:
        """Status and body of a refused call."""
        ...

    def headers(self, request_id: str) -> dict[str, str]:
        """The headers that every response of this provider carries."""
        ...


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh identifier in the providers' manner, such as `msg_` and 24 hexadecimal digits."""
    return f"{prefix}{uuid4().hex}{uuid4().hex}"[: len(prefix) + length]


def dump(value: object) -> bytes:
    """Compact JSON, pure ASCII, so that a chunk may end within any character of the text."""
    return json.dumps(value, separators=(",", ":")).encode()


def event(data: object, name: str | None = None) -> bytes:
    """One server-sent event."""
    return framed(dump(data), name)


def framed(data: bytes, name: str | None = None) -> bytes:
    """One server-sent event around ready JSON."""
    head = b"" if name is None else b"event: %b\n" % name.encode()
    return b"%bdata: %b\n\n" % (head, data)


def read_model(body: Json) -> str:
    """The model's name; raises Refusal if there is none."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refusal(kind="invalid_request", message="you must provide a model parameter", param="model")
    return model


def read_turns(turns: object, param: str) -> tuple[Message, ...]:
    """The messages of a request, whatever parts their content has; raises Refusal for another shape or none."""
    if not isinstance(turns, list) or not turns:
        raise Refusal(
            kind="invalid_request", message=f"'{param}' must be a list with at least one message", param=param
        )
    return tuple(_read_turn(turn, f"{param}.{index}") for index, turn in enumerate(turns))


def _read_turn(turn: object, param: str) -> Message:
    if not isinstance(turn, dict) or not isinstance(turn.get("role", "user"), str):
        raise Refusal(kind="invalid_request", message=f"'{param}' must be a message with a role", param=param)
    return Message(_ROLES.get(turn.get("role", "user"), "user"), read_text(turn.get("content"), param))


def read_text(content: object, param: str) -> str:
    """The text of a message content: a string, nothing, or a list of parts of which the text ones count."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise Refusal(
            kind="invalid_request", message=f"'{param}' must have text or a list of parts as content", param=param
        )
    return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


def read_limit(body: Json, *names: str) -> int | None:
    """The first of these fields that is given, as a positive whole number; raises Refusal for anything else."""
    for name in names:
        limit = body.get(name)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise Refusal(kind="invalid_request", message=f"'{name}' must be a whole number of at least 1", param=name)
        return limit
    return None
