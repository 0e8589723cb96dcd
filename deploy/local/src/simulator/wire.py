"""What each wire format has to offer, and the pieces that all of them share."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from simulator.answers import Answer
from simulator.content import read_content
from simulator.conversation import Message, ModelCall, Role
from simulator.refusals import Refusal, unknown_fields

type Json = dict[str, Any]

# Built once: `json.dumps` would build an encoder for each chunk.
_encode = json.JSONEncoder(separators=(",", ":")).encode
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


@dataclass(frozen=True, slots=True)
class Joined:
    """An answer's parts laid out as the three stretches of a transcript."""

    opening: bytes
    chunks: tuple[bytes, ...]
    closing: bytes


class Wire(Protocol):
    """A provider's HTTP format, at its path behind each of its prefixes."""

    path: str
    prefixes: tuple[str, ...]
    model: str
    key_headers: tuple[str, ...]
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
    return _encode(value).encode()


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


def known_fields(endpoint: str) -> frozenset[str]:
    """The top-level fields of an endpoint: what the create methods of the official SDKs name."""
    return frozenset(json.loads(Path(__file__).with_name("fields.json").read_text(encoding="utf-8"))[endpoint])


def check_fields(body: Json, known: frozenset[str]) -> None:
    """Raise Refusal if a request has a top-level field that its endpoint does not know."""
    if unknown := sorted(body.keys() - known):
        raise unknown_fields(unknown)


def read_turn_list(turns: object, param: str) -> list[Json]:
    """The turns of a conversation, each with a role or a type; raises Refusal for another shape or none."""
    if not isinstance(turns, list) or not turns:
        raise Refusal(
            kind="invalid_request", message=f"'{param}' must be a list with at least one message", param=param
        )
    for index, turn in enumerate(turns):
        if not isinstance(turn, dict) or not isinstance(turn.get("role", "user"), str):
            param = f"{param}.{index}"
            raise Refusal(kind="invalid_request", message=f"'{param}' must be a message with a role", param=param)
    return turns


def read_turn(turn: Json, param: str, extra_tokens: int = 0) -> Message:
    """One message, whatever parts its content has."""
    content = read_content(turn.get("content"), param)
    role = _ROLES.get(turn.get("role", "user"), "user")
    return Message(role, content.text, content.image_tokens + extra_tokens)


def read_stop(stop: object) -> tuple[str, ...]:
    """The stop sequences: one, several or none."""
    sequences: Iterable[object] = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    return tuple(sequence for sequence in sequences if isinstance(sequence, str) and sequence)


def tool_call_id(reply: Reply, prefix: str, index: int) -> str:
    """The id of one call of a tool: as unique as the response's own."""
    return f"{prefix}{reply.response_id.rpartition('_')[2].rpartition('-')[2][:22]}{index:02d}"


def join_parts(opening: bytes, parts: Iterable[tuple[bytes, list[bytes], bytes]], closing: bytes) -> Joined:
    """Lay out parts of (start, chunks, end) so that nothing but chunks stands between opening and closing.

    The first start goes to the opening, the last end to the closing, and the others to the chunk that follows them.
    """
    chunks: list[bytes] = []
    carried, is_first = b"", True
    for start, pieces, end in parts:
        if is_first:
            opening, is_first = opening + start, False
        else:
            carried += start
        for piece in pieces:
            chunks.append(carried + piece)
            carried = b""
        carried += end
    return Joined(opening, tuple(chunks), carried + closing)


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
