"""What a provider's failure means: words for a person, and its class for the decision about the next step.

Both SDKs raise errors of the same shape (`status_code`, `body`, `response`), and the bytes of an error answer hold
the same object, so that one table serves all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from llm_gateway.domain import (
    CallFailed,
    ContentRefused,
    ContextExceeded,
    FailureClass,
    ProviderAnswerBroken,
    ProviderKeyRefused,
    ProviderQuotaExhausted,
    ProviderRateLimited,
    ProviderRefusedRequest,
    ProviderUnavailable,
    UnknownModel,
)
from llm_gateway.domain.calls import Route

DISPLAY_NAMES = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "xai": "xAI",
    "groq": "Groq",
    "azure": "Azure OpenAI",
    "compatible": "The compatible server",
    "simulator": "The simulator",
}
# Codes and types are matched in part: providers share their stems and not their spelling.
_QUOTA_CODES = ("insufficient_quota", "billing", "spend_limit", "credit_balance")
# Phrases, because not every provider has a code for it. A mere "billing" would catch Groq's advice to upgrade, which
# stands in its answers to ordinary limits.
_QUOTA_PHRASES = (
    "credit balance",
    "billing details",
    "api usage limit",
    "available credits",
    "spending limit",
)
_CONTEXT_CODES = ("context_length_exceeded", "string_above_max_length", "request_too_large")
_CONTEXT_PHRASES = (
    "maximum context length",
    "maximum prompt length",
    "prompt is too long",
    "exceed context limit",
    "context window",
    "too large for model",
    "reduce the length",
)
_CONTENT_CODES = ("content_filter", "content_policy", "moderation", "invalid_prompt", "responsibleai")
_CONTENT_PHRASES = ("content filtering policy", "content management policy", "usage guidelines", "safety check")
# Statuses of the moment: request timeout, conflict, and everything that is the server's own trouble.
_PASSING = frozenset({408, 409})
# Before these are read for their words: a request of this kind is refused for what it is.
_OF_THE_REQUEST = frozenset({400, 403, 413, 422})
_LONGEST_QUOTE = 300
_LONGEST_WAIT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An error answer, whoever received it. `key_source` is what a person checks when the key is refused."""

    provider: str
    key_source: str
    name: str
    status: int
    headers: Mapping[str, str]
    error: Mapping[str, Any]

    @property
    def display(self) -> str:
        return DISPLAY_NAMES.get(self.provider, self.provider)


def refused_by_status(provider: str, key_source: str, name: str, error: Any) -> CallFailed:
    """Read an error answer: `error` is an APIStatusError of either SDK."""
    refusal = _Refusal(
        provider, key_source, name, int(error.status_code), error.response.headers, _error_of(error.body)
    )
    return _read(refusal)


def read_refusal(route: Route, status: int, headers: Mapping[str, str], body: bytes) -> CallFailed:
    """Read an error answer as it came over the wire; `headers` finds names in any case. Any bytes make sense."""
    return _read(_Refusal(route.provider, route.key_source, route.name, status, headers, _error_of(_parsed(body))))


def refused_in_stream(provider: str, body: Any) -> CallFailed:
    """Read an error that arrived as an event, after the provider had begun to answer."""
    display = DISPLAY_NAMES.get(provider, provider)
    if _says(_error_of(body), _QUOTA_CODES, _QUOTA_PHRASES):
        problem = ProviderQuotaExhausted(_quota_sentence(display), provider=provider)
        return CallFailed(problem, FailureClass.ACCESS, of_account=True)
    return outage(provider, f"{display} stopped in the middle of its answer with an error.")


def outage(provider: str, detail: str, *, spent: bool = True) -> CallFailed:
    """The provider is not to be had at the moment; asking again may help."""
    return CallFailed(ProviderUnavailable(detail, provider=provider), FailureClass.AVAILABILITY, spent=spent)


def not_reached(provider: str) -> CallFailed:
    """No connection came about: nothing was asked."""
    return outage(provider, f"{DISPLAY_NAMES.get(provider, provider)} could not be reached.", spent=False)


def went_silent(provider: str, seconds: float) -> CallFailed:
    """The provider kept the connection and sent nothing."""
    sentence = f"{DISPLAY_NAMES.get(provider, provider)} sent nothing for {seconds:g} seconds."
    problem = ProviderUnavailable(sentence, provider=provider)
    return CallFailed(problem, FailureClass.AVAILABILITY, was_silent=True)


def connection_lost(provider: str) -> CallFailed:
    """The connection broke before the answer was complete."""
    return outage(provider, f"The connection to {DISPLAY_NAMES.get(provider, provider)} was lost.")


def unreadable(provider: str) -> CallFailed:
    """The provider sent something that is not its wire format: it is as broken as one that sends nothing."""
    sentence = f"{DISPLAY_NAMES.get(provider, provider)} sent an answer that could not be read."
    return CallFailed(ProviderAnswerBroken(sentence, provider=provider), FailureClass.AVAILABILITY)


def _read(refusal: _Refusal) -> CallFailed:
    """What the error says of itself comes before its status: providers agree on the first more than on the second."""
    status, provider = refusal.status, refusal.provider
    if status == 402 or (status < 500 and _says(refusal.error, _QUOTA_CODES, _QUOTA_PHRASES)):
        problem = ProviderQuotaExhausted(_quota_sentence(refusal.display), provider=provider)
        return CallFailed(problem, FailureClass.ACCESS, spent=False, of_account=True)
    if status == 429:
        return _limited(refusal)
    if status >= 500 or status in _PASSING:
        return outage(provider, f"{refusal.display} is overloaded or out of order (status {status}).", spent=False)
    return _of_the_request(refusal) or _of_the_access(refusal) or _malformed(refusal)


def _of_the_request(refusal: _Refusal) -> CallFailed | None:
    if refusal.status not in _OF_THE_REQUEST:
        return None
    if refusal.status == 413 or _says(refusal.error, _CONTEXT_CODES, _CONTEXT_PHRASES):
        sentence = f"The request is longer than {refusal.name!r} reads. {refusal.display} says: {_quote(refusal.error)}"
        problem = ContextExceeded(sentence, provider=refusal.provider, model=refusal.name)
        return CallFailed(problem, FailureClass.CONTEXT, spent=False)
    if _says(refusal.error, _CONTENT_CODES, _CONTENT_PHRASES):
        sentence = f"{refusal.display} refused the request for its content: {_quote(refusal.error)}"
        return CallFailed(ContentRefused(sentence, provider=refusal.provider), FailureClass.CONTENT, spent=False)
    return None


def _of_the_access(refusal: _Refusal) -> CallFailed | None:
    provider, display = refusal.provider, refusal.display
    if refusal.status in {401, 403}:
        sentence = f"{display} refused the key. Check {refusal.key_source} and what the key may be used for."
        # 403 is often about one model or region: the other models of the account may still be fine.
        return CallFailed(
            ProviderKeyRefused(sentence, provider=provider),
            FailureClass.ACCESS,
            spent=False,
            of_account=refusal.status == 401,
        )
    if refusal.status == 404:
        sentence = f"{display} has no model named {refusal.name!r}. Choose another model."
        problem = UnknownModel(sentence, provider=provider, model=refusal.name)
        return CallFailed(problem, FailureClass.ACCESS, spent=False)
    return None


def _malformed(refusal: _Refusal) -> CallFailed:
    sentence = f"{refusal.display} refused the request: {_quote(refusal.error)}"
    return CallFailed(ProviderRefusedRequest(sentence, provider=refusal.provider), FailureClass.MALFORMED, spent=False)


def _limited(refusal: _Refusal) -> CallFailed:
    after = _retry_after(refusal.headers)
    when = "in a minute" if after is None else f"in {max(1, round(after))} seconds"
    told = {} if after is None else {"retry_after_seconds": max(1, round(after))}
    problem = ProviderRateLimited(
        f"{refusal.display} is limiting requests. Try again {when}.", provider=refusal.provider, **told
    )
    return CallFailed(problem, FailureClass.CAPACITY, retry_after_seconds=after, spent=False)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; the form with a date is rare enough to be treated as absent."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(_LONGEST_WAIT_SECONDS, max(0.0, float(headers[name]) * scale))
        except (KeyError, ValueError):
            continue
    return None


def _says(error: Mapping[str, Any], codes: tuple[str, ...], phrases: tuple[str, ...]) -> bool:
    """Whether the error is of a kind, by its codes or else by its words."""
    details = error.get("details")
    named = [error.get("code"), error.get("type"), details.get("error_code") if isinstance(details, dict) else None]
    spelled = " ".join(str(word) for word in named).lower()
    message = str(error.get("message")).lower()
    return any(code in spelled for code in codes) or any(phrase in message for phrase in phrases)


def _quota_sentence(display: str) -> str:
    return f"The account at {display} has reached its quota or spend limit. Raise it there, or choose another model."


def _quote(error: Mapping[str, Any]) -> str:
    message = error.get("message")
    return str(message)[:_LONGEST_QUOTE] if message else "no reason was given."


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _error_of(body: Any) -> Mapping[str, Any]:
    """The error object: OpenAI's SDK hands over the inner one, Anthropic's the whole body, some servers a sentence."""
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    if isinstance(inner, str):
        return {"code": body.get("code"), "message": inner}
    return inner if isinstance(inner, dict) else body
