"""Why a call is turned away, in terms that each wire format spells in its own way."""

from typing import Literal

type RefusalKind = Literal[
    "invalid_request",
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
