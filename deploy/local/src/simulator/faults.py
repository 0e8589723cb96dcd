"""Faults that a caller asks for, by model name suffix or by header.

`quill+429` and `quill+slow-first:2,pace:5` carry them in the model name; the header `X-Simulate-Fault`
carries the same list and wins where both name the same fault.

| fault | effect |
| --- | --- |
| `400`, `401`, `402`, `403`, `429`, `500`, `503`, `529` | refused; `429:7` asks to retry after 7 seconds instead of 1 |
| `quota`, `context`, `content-filter` | refused: spend limit reached, prompt too long, prompt against the rules |
| `429-once` and so on | refused once per `X-Client-Request-Id` and body, then answered |
| `rate:N` | at most N calls a second with this key and this model name, further ones are refused as by `429` |
| `slow-first:SECONDS` | nothing is sent for so long, not even headers |
| `stall:CHUNKS`, `cut:CHUNKS` | after so many chunks: silence, or a dropped connection |
| `malformed:CHUNKS`, `error:CHUNKS` | after so many chunks: broken JSON and the rest, or an error event and the end |
| `filter:CHUNKS` | after so many chunks the answer ends, held back by the provider's content filter |
| `truncate:TOKENS` | the answer ends as if `max_tokens` were reached |
| `think`, `think:WORDS` | the answer begins with thought in `<think>` tags, each of which is split over two chunks |
| `reason`, `reason:WORDS` | the answer begins with thought in the wire format's own field for it |
| `broken-json`, `wrong-json` | a structured answer or a tool's arguments cannot be parsed, or break their schema |
| `broken-json-once` and so on | only the first answer to one beginning of a conversation, so that asking again helps |
| `pace:MILLISECONDS`, `words:N` | time between chunks, length of a document or reply |

An answer that is not streamed comes in one piece: `stall:0` sends nothing, any other stall and a cut half of it.
"""

import re
from dataclasses import dataclass, field
from time import monotonic

from simulator.flaws import JsonFlaw
from simulator.refusals import CONTEXT_TOKENS, Refusal, RefusalKind, context_exceeded

FAULT_HEADER = "x-simulate-fault"

_REFUSALS: dict[str, RefusalKind] = {
    "400": "invalid_request",
    "401": "authentication",
    "402": "payment",
    "403": "permission",
    "429": "rate_limit",
    "500": "server_error",
    "503": "unavailable",
    "529": "overloaded",
    "quota": "quota",
    "context": "context",
    "content-filter": "content_filter",
}
_REFUSAL_MESSAGES: dict[RefusalKind, str] = {
    "invalid_request": "Invalid request.",
    "payment": "Insufficient balance. Add credit to your account.",
    "permission": "Your API key has no permission to use this model.",
    "content_filter": "The prompt was held back by the content filter.",
    "authentication": "Incorrect API key provided.",
    "rate_limit": "Rate limit reached. Please try again in 1s.",
    "server_error": "The server had an error while processing your request.",
    "unavailable": "The service is temporarily unavailable. Please try again later.",
    "overloaded": "Overloaded",
    "quota": "You have reached your API usage limit. Please check your plan and billing details.",
}
_COUNTS = {
    "stall": "stall_after_chunks",
    "cut": "cut_after_chunks",
    "malformed": "malformed_after_chunks",
    "error": "error_after_chunks",
    "truncate": "truncate_tokens",
    "filter": "filter_after_chunks",
    "rate": "calls_per_second",
    "words": "words",
}
_THOUGHTS = {"think": "think_words", "reason": "reason_words"}
_FLAWS: dict[str, JsonFlaw] = {"broken-json": "broken", "wrong-json": "wrong"}
_DEFAULT_THOUGHT_WORDS = 30
_DEFAULT_RETRY_AFTER_SECONDS = 1
_ONCE = "-once"


class UnknownFaultError(ValueError):
    """The text names no fault that the simulator knows, or gives it a wrong argument."""


@dataclass(slots=True)
class Faults:
    """What shall go wrong with one call; `None` everywhere means that nothing does."""

    refusal: RefusalKind | None = None
    refuse_once: bool = False
    retry_after_seconds: int | None = None
    slow_first_seconds: float = 0.0
    stall_after_chunks: int | None = None
    cut_after_chunks: int | None = None
    malformed_after_chunks: int | None = None
    error_after_chunks: int | None = None
    filter_after_chunks: int | None = None
    truncate_tokens: int | None = None
    calls_per_second: int | None = None
    think_words: int | None = None
    reason_words: int | None = None
    json_flaw: JsonFlaw | None = None
    flaw_once: bool = False
    pace_seconds: float | None = None
    words: int | None = None

    def raised(self) -> Refusal | None:
        """The refusal asked for, ready to raise, or `None`."""
        if self.refusal is None:
            return None
        return _refused(self.refusal, self.retry_after_seconds)


@dataclass(slots=True)
class FaultMemory:
    """Remembers which `-once` faults were already spent, and when the calls of a rate came."""

    _spent: set[str] = field(default_factory=set)
    _moments: dict[str, list[float]] = field(default_factory=dict)

    def is_first(self, *identities: str) -> bool:
        """Whether a call was never seen under any of its identities; asking marks them all as seen."""
        is_first = self._spent.isdisjoint(identities)
        self._spent.update(identities)
        return is_first

    def has_room(self, identity: str, calls_per_second: int) -> bool:
        """Whether a call may come now without exceeding its rate; one that may is counted."""
        now = monotonic()
        recent = [moment for moment in self._moments.get(identity, []) if moment > now - 1]
        has_room = len(recent) < calls_per_second
        self._moments[identity] = [*recent, now] if has_room else recent
        return has_room

    def clear(self) -> None:
        """Forget everything: each `-once` fault strikes again and no rate is used up."""
        self._spent.clear()
        self._moments.clear()


def rate_exceeded() -> Refusal:
    """The refusal of a call that came too soon after others."""
    return _refused("rate_limit", _DEFAULT_RETRY_AFTER_SECONDS)


def _refused(kind: RefusalKind, retry_after_seconds: int | None) -> Refusal:
    if kind == "context":
        return context_exceeded(CONTEXT_TOKENS + 1)
    return Refusal(kind=kind, message=_REFUSAL_MESSAGES[kind], retry_after_seconds=retry_after_seconds)


def split_model(model: str) -> tuple[str, str]:
    """The model's own name and the list of faults behind its first plus sign."""
    name, _, spec = model.partition("+")
    return name, spec


def parse_faults(*specs: str) -> Faults:
    """Read lists such as `429` or `slow-first:2,pace:5`; later lists win.

    Raises UnknownFaultError for a name or an argument that makes no sense.
    """
    faults = Faults()
    for spec in specs:
        for item in re.split(r"[,+]", spec):
            if item.strip():
                _apply(faults, item.strip())
    return faults


def _apply(faults: Faults, item: str) -> None:
    name, _, argument = item.partition(":")
    if name.removesuffix(_ONCE) in _REFUSALS:
        _apply_refusal(faults, name, argument)
    elif name.removesuffix(_ONCE) in _FLAWS:
        faults.json_flaw, faults.flaw_once = _FLAWS[name.removesuffix(_ONCE)], name.endswith(_ONCE)
    elif name in _THOUGHTS:
        setattr(faults, _THOUGHTS[name], _count(item, argument) if argument else _DEFAULT_THOUGHT_WORDS)
    elif name == "slow-first":
        faults.slow_first_seconds = _number(item, argument)
    elif name == "pace":
        faults.pace_seconds = _number(item, argument) / 1000
    elif name in _COUNTS:
        setattr(faults, _COUNTS[name], _count(item, argument))
    else:
        msg = f"unknown fault {item!r}"
        raise UnknownFaultError(msg)


def _apply_refusal(faults: Faults, name: str, argument: str) -> None:
    faults.refusal = _REFUSALS[name.removesuffix(_ONCE)]
    faults.refuse_once = name.endswith(_ONCE)
    if argument:
        faults.retry_after_seconds = _count(f"{name}:{argument}", argument)
    elif faults.refusal == "rate_limit":
        faults.retry_after_seconds = _DEFAULT_RETRY_AFTER_SECONDS


def _number(item: str, argument: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", argument, re.ASCII):
        msg = f"fault {item!r} needs a number"
        raise UnknownFaultError(msg)
    return float(argument)


def _count(item: str, argument: str) -> int:
    if not re.fullmatch(r"\d+", argument, re.ASCII):
        msg = f"fault {item!r} needs a whole number"
        raise UnknownFaultError(msg)
    return int(argument)
