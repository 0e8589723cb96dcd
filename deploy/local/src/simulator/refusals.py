"""Why a call is turned away, in terms that each wire format spells in its own way."""

from typing import Literal

CONTEXT_TOKENS = 200_000

type RefusalKind = Literal[
    "invalid_request",
    "unknown_field",
    "context",
    "content_filter",
    "payment",
    "permission",
    "authentication",
    "model_not_found",
    "rate_limit",
    "quota",
    "server_error",
    "unavailable",
    "overloaded",
]


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer of the provider, not an error of the simulator
    """The call gets an error body instead of an answer.

    `retry_after_seconds` becomes the `retry-after` header; without it no such header is sent.
    """

    def __init__(
        self,
        *,
        kind: RefusalKind,
        message: str,
        param: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.param = param
        self.retry_after_seconds = retry_after_seconds


def model_not_found(model: str) -> Refusal:
    """The refusal of a model name that this wire format does not serve."""
    return Refusal(kind="model_not_found", message=model, param="model")


def unknown_fields(names: list[str]) -> Refusal:
    """The refusal of top-level fields that the endpoint does not have; the message is their names."""
    return Refusal(kind="unknown_field", message=", ".join(names), param=names[0])


def context_exceeded(tokens: int) -> Refusal:
    """The refusal of a conversation that is longer than the model's context; the message is its length."""
    return Refusal(kind="context", message=str(tokens), param="messages")
