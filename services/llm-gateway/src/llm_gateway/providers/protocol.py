"""What the gateway needs of a provider, and the events in which an answer arrives."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from shared.contracts.llm_gateway import GenerationRequest

FinishReason = Literal["stop", "length", "content_filter", "refusal", "other"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The provider has begun to answer, under its own id and with the model that it says it is."""

    response_id: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of text; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """The next piece of what the model thinks, where the provider tells it apart; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ReportedUsage:
    """Tokens as the provider counts them. Input includes cached input, output includes reasoning.

    `is_final` is false for counts that are still growing.
    """

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete, or was cut by a limit or a filter."""

    reason: FinishReason


ProviderEvent = Opened | Delta | Thought | ReportedUsage | Finished


class Provider(Protocol):
    """One connection to a provider, used by all generations at once."""

    async def warm(self) -> None:
        """Load the SDK ahead of the first call, off the event loop: it takes seconds."""
        ...

    def stream(self, name: str, request: GenerationRequest, attempt_id: UUID) -> AsyncGenerator[list[ProviderEvent]]:
        """Ask model `name` once, never twice; yield together what arrived together.

        Raises CallFailed; closing the generator closes the connection.
        An answer that ends without `Finished` was cut off.
        """
        ...

    async def close(self) -> None:
        """Close idle connections."""
        ...
