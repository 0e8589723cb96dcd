"""Problems in the words of the two wire formats, so that official SDKs raise the errors that their users know.

Sources: https://platform.openai.com/docs/guides/error-codes and https://docs.claude.com/en/api/errors.
"""

from typing import Any, Final

import orjson

from llm_gateway.domain.calls import Wire
from shared.problems import Problem

type Json = dict[str, Any]

# A value that is refused has status 400 in both formats, where we say 422.
_STATUSES: Final = {422: 400, 409: 400}
_OPENAI_TYPES: Final = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
# The words on which clients of OpenAI's format decide.
_OPENAI_CODES: Final = {
    "unauthenticated": "invalid_api_key",
    "unknown-model": "model_not_found",
    "context-exceeded": "context_length_exceeded",
    "content-refused": "content_filter",
    "budget-exceeded": "insufficient_quota",
    "provider-quota-exhausted": "insufficient_quota",
    "provider-rate-limited": "rate_limit_exceeded",
    "rate-limited": "rate_limit_exceeded",
}


def status_of(problem: Problem) -> int:
    """The status that both formats use for this problem."""
    return _STATUSES.get(problem.status, problem.status)


def error_body(wire: Wire, problem: Problem, request_id: str) -> bytes:
    """Write a problem as the error of a format."""
    written = _anthropic(problem, request_id) if wire == "messages" else _openai(problem)
    return orjson.dumps(written)


def error_events(wire: Wire, problem: Problem, request_id: str) -> bytes:
    """Write a problem as the event that ends a stream of a format."""
    if wire == "messages":
        return b"event: error\ndata: %b\n\n" % orjson.dumps(_anthropic(problem, request_id))
    if wire == "responses":
        told = {"type": "error", "code": _code(problem), "message": problem.detail, "param": None}
        return b"event: error\ndata: %b\n\n" % orjson.dumps(told)
    return b"data: %b\n\n" % orjson.dumps(_openai(problem))


def _openai(problem: Problem) -> Json:
    status = status_of(problem)
    kind = _OPENAI_TYPES.get(status, "server_error")
    return {"error": {"message": problem.detail, "type": kind, "param": _param(problem), "code": _code(problem)}}


def _anthropic(problem: Problem, request_id: str) -> Json:
    kind = _ANTHROPIC_TYPES.get(status_of(problem), "api_error")
    return {"type": "error", "error": {"type": kind, "message": problem.detail}, "request_id": request_id}


def _code(problem: Problem) -> str:
    name = problem.type.rpartition("/")[2]
    return _OPENAI_CODES.get(name, name.replace("-", "_"))


def _param(problem: Problem) -> str | None:
    errors = problem.extensions.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    name = first.get("name") if isinstance(first, dict) else None
    return name if isinstance(name, str) else None
