"""What the gateway must know of the wire formats that it passes through: how much was read and written.

Everything else of an answer goes to the caller as it came.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from llm_gateway.domain.calls import Wire
from llm_gateway.providers.protocol import ReportedUsage

type Json = dict[str, Any]

# Inside a string of JSON the quotes would be escaped, so no answer can forge these.
_USAGE = re.compile(rb'"usage"\s*:\s*\{')
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,200})"')
_ENDS = {
    "chat_completions": re.compile(rb"^data:\s*\[DONE\]", re.MULTILINE),
    "responses": re.compile(rb"^event:\s*response\.(completed|incomplete|failed)", re.MULTILINE),
    "messages": re.compile(rb"^event:\s*message_stop", re.MULTILINE),
    "embeddings": re.compile(rb"(?!)"),
}
_ERRORS = {
    "chat_completions": re.compile(rb'^data:\s*\{\s*"error"\s*:', re.MULTILINE),
    "responses": re.compile(rb"^event:\s*(error|response\.failed)", re.MULTILINE),
    "messages": re.compile(rb"^event:\s*error", re.MULTILINE),
    "embeddings": re.compile(rb"(?!)"),
}


@dataclass(frozen=True, slots=True)
class WireFormat:
    """One wire format: where it is asked, which field bounds the answer, how its usage reads."""

    wire: Wire
    path: str
    limit_fields: tuple[str, ...]
    read_usage: Callable[[Mapping[str, Any]], ReportedUsage | None]


def _openai_usage(usage: Mapping[str, Any]) -> ReportedUsage:
    """Chat completions and embeddings; Groq and xAI say the same words."""
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return ReportedUsage(
        input_tokens=int(usage.get("prompt_tokens") or 0),
        cached_input_tokens=int(read.get("cached_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
        reasoning_tokens=int(written.get("reasoning_tokens") or 0),
        is_final=True,
    )


def _responses_usage(usage: Mapping[str, Any]) -> ReportedUsage:
    read = usage.get("input_tokens_details") or {}
    written = usage.get("output_tokens_details") or {}
    return ReportedUsage(
        input_tokens=int(usage.get("input_tokens") or 0),
        cached_input_tokens=int(read.get("cached_tokens") or 0),
        output_tokens=int(usage.get("output_tokens") or 0),
        reasoning_tokens=int(written.get("reasoning_tokens") or 0),
        is_final=True,
    )


def _messages_usage(usage: Mapping[str, Any]) -> ReportedUsage:
    """Input excludes what was read from the provider's cache: it is added, as everywhere in the ledger."""
    cached = int(usage.get("cache_read_input_tokens") or 0)
    created = int(usage.get("cache_creation_input_tokens") or 0)
    return ReportedUsage(
        input_tokens=int(usage.get("input_tokens") or 0) + cached + created,
        cached_input_tokens=cached,
        output_tokens=int(usage.get("output_tokens") or 0),
        reasoning_tokens=0,
        is_final=True,
    )


FORMATS: dict[Wire, WireFormat] = {
    "chat_completions": WireFormat(
        "chat_completions", "/chat/completions", ("max_completion_tokens", "max_tokens"), _openai_usage
    ),
    "responses": WireFormat("responses", "/responses", ("max_output_tokens",), _responses_usage),
    "embeddings": WireFormat("embeddings", "/embeddings", (), _openai_usage),
    "messages": WireFormat("messages", "/messages", ("max_tokens",), _messages_usage),
}


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """What accounting needs of an answer that came in one piece."""

    usage: ReportedUsage | None
    response_id: str | None


def read_whole(wire: WireFormat, body: bytes) -> WholeAnswer | None:
    """Read usage and id of a whole answer, each None where it is not told; None where this is no JSON object."""
    try:
        document = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    usage, found = document.get("usage"), document.get("id")
    return WholeAnswer(
        wire.read_usage(usage) if isinstance(usage, dict) else None, found if isinstance(found, str) else None
    )


class EventScan:
    """Lets a provider's events through, whole ones at a time, and reads of them what accounting needs.

    `hides_usage` takes out the chunk of chat completions that tells usage, where the caller did not ask for it.
    """

    def __init__(self, wire: WireFormat, *, hides_usage: bool = False) -> None:
        """Begin before the first byte."""
        self._wire = wire
        self._hides_usage = hides_usage
        self._rest = b""
        self._reported: dict[str, Any] = {}
        self.response_id: str | None = None
        self.events = 0
        self.is_complete = False
        self.has_failed = False

    def feed(self, chunk: bytes) -> bytes:
        """Take what arrived, return what may be sent on: everything up to the end of the last whole event."""
        data = self._rest + chunk if self._rest else chunk
        end = _last_end(data)
        block, self._rest = data[:end], data[end:]
        return self._read(block) if block else b""

    def finish(self) -> bytes:
        """Return what was held back when the provider closed the connection."""
        rest, self._rest = self._rest, b""
        return self._read(rest) if rest else b""

    def usage(self) -> ReportedUsage | None:
        """What the provider said so far; final only once the answer is complete."""
        return self._wire.read_usage(self._reported) if self._reported else None

    def _read(self, block: bytes) -> bytes:
        self.events += block.count(b"\ndata:") + block.startswith(b"data:")
        if self.response_id is None and (found := _ID.search(block)):
            self.response_id = found[1].decode(errors="replace")
        if not self.is_complete and _ENDS[self._wire.wire].search(block):
            self.is_complete = True
        if _ERRORS[self._wire.wire].search(block):
            self.has_failed = True
        return self._take_usage(block) if _USAGE.search(block) else block

    def _take_usage(self, block: bytes) -> bytes:
        kept = [event for event in _events(block) if not self._is_usage_only(event)]
        return b"".join(kept)

    def _is_usage_only(self, event: bytes) -> bool:
        """Read the usage of an event; say whether it shall not be shown."""
        document = _document(event) if _USAGE.search(event) else None
        if document is None:
            return False
        holder = document.get("message") or document.get("response") or document
        usage = holder.get("usage")
        if isinstance(usage, dict):
            self._reported |= {name: value for name, value in usage.items() if value is not None}
        return self._hides_usage and document.get("choices") == []


def events_document(block: bytes) -> Json:
    """Read the last event that holds an object; empty where there is none."""
    documents = [document for event in _events(block) if (document := _document(event)) is not None]
    return documents[-1] if documents else {}


def _last_end(data: bytes) -> int:
    """Where the last whole event ends; 0 where there is none."""
    plain, windows = data.rfind(b"\n\n"), data.rfind(b"\r\n\r\n")
    return max(plain + 2 if plain >= 0 else 0, windows + 4 if windows >= 0 else 0)


def _events(block: bytes) -> list[bytes]:
    """Split into events, each with the empty line that ends it."""
    return re.findall(rb".+?(?:\r?\n\r?\n|\Z)", block, re.DOTALL)


def _document(event: bytes) -> Json | None:
    data = b"".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    try:
        document = orjson.loads(data)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
