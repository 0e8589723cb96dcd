"""What a provider's failure means: words for a person, and whether asking again can help.

Both SDKs raise errors of the same shape (`status_code`, `body`, `response`), so that one table serves both.
"""

from collections.abc import Mapping
from typing import Any

from llm_gateway.domain import (
    CallFailed,
    ProviderAnswerBroken,
    ProviderKeyRefused,
    ProviderQuotaExhausted,
    ProviderRateLimited,
    ProviderRefusedRequest,
    ProviderUnavailable,
    Repeat,
    UnknownModel,
)

DISPLAY_NAMES = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "xai": "xAI",
    "groq": "Groq",
    "compatible": "The compatible server",
    "simulator": "The simulator",
}
_QUOTA_WORDS = ("insufficient_quota", "billing", "spend_limit", "credit_balance", "credit balance")
# Statuses of the moment: request timeout, conflict, and everything that is the server's own trouble.
_PASSING = frozenset({408, 409})
_LONGEST_QUOTE = 300


def refused_by_status(provider: str, key_variable: str, name: str, error: Any) -> CallFailed:
    """Read an error answer: `error` is an APIStatusError of either SDK."""
    status = int(error.status_code)
    display = DISPLAY_NAMES.get(provider, provider)
    if status == 402 or _is_quota(error.body):
        return CallFailed(ProviderQuotaExhausted(_quota_sentence(display), provider=provider), spent=False)
    if status in {401, 403}:
        sentence = f"{display} refused the key. Check {key_variable} and what the key may be used for."
        return CallFailed(ProviderKeyRefused(sentence, provider=provider), spent=False)
    if status == 404:
        sentence = f"{display} has no model named {name!r}. Choose another model."
        return CallFailed(UnknownModel(sentence, provider=provider, model=name), spent=False)
    if status == 429:
        return _limited(display, provider, error.response.headers)
    if status >= 500 or status in _PASSING:
        return outage(provider, f"{display} is overloaded or out of order (status {status}).", spent=False)
    sentence = f"{display} refused the request: {_quote(error.body)}"
    return CallFailed(ProviderRefusedRequest(sentence, provider=provider), spent=False)


def refused_in_stream(provider: str, body: Any) -> CallFailed:
    """Read an error that arrived as an event, after the provider had begun to answer."""
    display = DISPLAY_NAMES.get(provider, provider)
    if _is_quota(body):
        return CallFailed(ProviderQuotaExhausted(_quota_sentence(display), provider=provider))
    return outage(provider, f"{display} stopped in the middle of its answer with an error.")


def outage(provider: str, detail: str, *, spent: bool = True) -> CallFailed:
    """The provider is not to be had at the moment; asking again may help."""
    return CallFailed(ProviderUnavailable(detail, provider=provider), Repeat.AFTER_OUTAGE, spent=spent)


def not_reached(provider: str) -> CallFailed:
    """No connection came about: nothing was asked."""
    return outage(provider, f"{DISPLAY_NAMES.get(provider, provider)} could not be reached.", spent=False)


def went_silent(provider: str, seconds: float) -> CallFailed:
    """The provider kept the connection and sent nothing."""
    return outage(provider, f"{DISPLAY_NAMES.get(provider, provider)} sent nothing for {seconds:g} seconds.")


def connection_lost(provider: str) -> CallFailed:
    """The connection broke before the answer was complete."""
    return outage(provider, f"The connection to {DISPLAY_NAMES.get(provider, provider)} was lost.")


def unreadable(provider: str) -> CallFailed:
    """The provider sent something that is not its wire format."""
    sentence = f"{DISPLAY_NAMES.get(provider, provider)} sent an answer that could not be read."
    return CallFailed(ProviderAnswerBroken(sentence, provider=provider), Repeat.AFTER_OUTAGE)


def _limited(display: str, provider: str, headers: Mapping[str, str]) -> CallFailed:
    problem = ProviderRateLimited(f"{display} is limiting requests. Try again in a minute.", provider=provider)
    return CallFailed(
        problem, Repeat.AFTER_LIMIT, retry_after_seconds=_retry_after(headers.get("retry-after")), spent=False
    )


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait; the form with a date is rare enough to be treated as absent."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _is_quota(body: Any) -> bool:
    error = _error_of(body)
    details = error.get("details")
    named = [error.get("code"), error.get("type"), details.get("error_code") if isinstance(details, dict) else None]
    words = " ".join(str(word) for word in [*named, error.get("message")]).lower()
    return any(word in words for word in _QUOTA_WORDS)


def _quota_sentence(display: str) -> str:
    return f"The account at {display} has reached its quota or spend limit. Raise it there, or choose another model."


def _quote(body: Any) -> str:
    message = _error_of(body).get("message")
    return str(message)[:_LONGEST_QUOTE] if message else "no reason was given."


def _error_of(body: Any) -> Mapping[str, Any]:
    """The error object: OpenAI's SDK hands over the inner one, Anthropic's the whole body."""
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body
