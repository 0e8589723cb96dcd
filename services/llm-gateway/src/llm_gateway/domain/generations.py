"""What a generation is, and what may go wrong with one. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from llm_gateway.domain.calls import Account
from shared.contracts.llm_gateway import ChatMessage, GenerationOrigin, GenerationRequest, GenerationStatus
from shared.problems import Problem

CONTINUE_INSTRUCTION = "Continue exactly where the text stops. Do not repeat anything."

# English prose has about four characters a token in every current tokenizer; good enough until the provider reports.
CHARACTERS_PER_TOKEN = 4


class MembershipEnded(Problem):
    """The person who began the work is no longer a member of the project."""

    type = "/problems/membership-ended"
    title = "No longer a member"
    status = 403

    def __init__(self) -> None:
        """Keep one sentence for the beginning and for the middle of the work."""
        super().__init__("The person who started this is no longer a member of the project.")


class UnknownModel(Problem):
    """No model has this name here, or the provider does not know it."""

    type = "/problems/unknown-model"
    title = "Unknown model"
    status = 404


class ProviderKeyMissing(Problem):
    """The model's provider has no key in this installation."""

    type = "/problems/provider-key-missing"
    title = "No key for this provider"
    status = 409


class ProviderKeyRefused(Problem):
    """The provider does not accept the installation's key."""

    type = "/problems/provider-key-refused"
    title = "The provider refused the key"
    status = 502


class ProviderQuotaExhausted(Problem):
    """The account at the provider has no money or quota left; trying again does not help."""

    type = "/problems/provider-quota-exhausted"
    title = "The provider's spend limit is reached"
    status = 402


class ProviderRateLimited(Problem):
    """The provider asks to slow down, and waiting did not help within the time given."""

    type = "/problems/provider-rate-limited"
    title = "The provider is limiting requests"
    status = 429


class ProviderRefusedRequest(Problem):
    """The provider will not answer this request as it is."""

    type = "/problems/provider-refused-request"
    title = "The provider refused the request"
    status = 422


class ContextExceeded(Problem):
    """The request is longer than the model reads."""

    type = "/problems/context-exceeded"
    title = "Too long for the model"
    status = 422


class ContentRefused(Problem):
    """The provider's filter does not let the request or its answer pass."""

    type = "/problems/content-refused"
    title = "Refused for its content"
    status = 422


class ProviderUnavailable(Problem):
    """The provider is overloaded, broken or not to be reached."""

    type = "/problems/provider-unavailable"
    title = "The provider is unavailable"
    status = 503


class ProviderAnswerBroken(Problem):
    """The provider's answer could not be read."""

    type = "/problems/provider-answer-broken"
    title = "The provider's answer was broken"
    status = 502


class GenerationTimedOut(Problem):
    """The model did not finish within the longest time that a generation may take."""

    type = "/problems/generation-timed-out"
    title = "The model took too long"
    status = 504


class GenerationFaulty(Problem):
    """A bug in the gateway ended the generation; its inner words are in the log."""

    type = "/problems/generation-faulty"
    title = "Something went wrong while writing"
    status = 500


class NotContinuable(Problem):
    """The named generation is missing, or has not ended."""

    type = "/problems/generation-not-continuable"
    title = "This generation cannot be continued"
    status = 409


class GenerationStopped(Problem):
    """The answer that a caller waits for was cancelled or interrupted."""

    type = "/problems/generation-stopped"
    title = "The generation was stopped"
    status = 409


class LeaseLost(Exception):  # noqa: N818  losing a lease is expected after a stall
    """Another process owns the generation now: nothing more may be written here."""


class StopReason(Enum):
    """Why this process stops a running generation before its model has finished."""

    CANCELLED = "cancelled"
    LEASE_LOST = "lease_lost"
    HANDED_BACK = "handed_back"
    MEMBERSHIP_ENDED = "membership_ended"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to a generation; every write names the epoch."""

    project_id: UUID
    generation_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class ClaimedGeneration:
    """A generation that this process leases, with all that is needed to ask the model."""

    project_id: UUID
    id: UUID
    actor_id: UUID
    request_id: str
    origin: GenerationOrigin
    request: GenerationRequest
    model: str
    provider: str
    simulated: bool
    epoch: int
    cancel_requested: bool
    last_segment: int
    inherited_segments: int
    characters: int
    inherited_characters: int
    aside_characters: int
    input_characters: int
    traceparent: str | None
    api_key_id: UUID | None
    run_id: UUID | None

    @property
    def account(self) -> Account:
        """For whom the model writes."""
        return Account(self.project_id, self.actor_id, self.api_key_id, self.run_id)

    @property
    def lease(self) -> Lease:
        """The lease under which it was claimed."""
        return Lease(self.project_id, self.id, self.epoch)

    @property
    def has_own_text(self) -> bool:
        """Whether an answer beyond the inherited one was committed, so that another attempt would splice.

        Thoughts and drafts are no hindrance: the next attempt has its own.
        """
        return self.characters > self.inherited_characters

    @property
    def written_characters(self) -> int:
        """What models wrote for this generation, thoughts and drafts included."""
        return self.characters - self.inherited_characters + self.aside_characters


@dataclass(frozen=True, slots=True)
class GenerationState:
    """A generation as readers see it."""

    project_id: UUID
    id: UUID
    actor_id: UUID
    request_id: str
    task: str
    model: str
    asked_model: str | None
    provider: str
    simulated: bool
    status: GenerationStatus
    epoch: int
    last_segment: int
    inherited_segments: int
    characters: int
    inherited_characters: int
    aside_characters: int
    input_characters: int
    finish_reason: str | None
    content_hash: str | None
    problem: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def written_characters(self) -> int:
        """What models wrote for this generation, thoughts and drafts included."""
        return self.characters - self.inherited_characters + self.aside_characters


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and money of one attempt, or of several. Input includes what the provider read from its cache."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a generation ends: its final status and why."""

    status: GenerationStatus
    finish_reason: str | None = None
    problem: dict[str, JsonValue] | None = None

    @property
    def detail(self) -> str:
        """Words for the person who waits."""
        return "" if self.problem is None else str(self.problem["detail"])


def failed(problem: Problem) -> Ending:
    """End without an answer."""
    return Ending("failed", problem=problem.document())


def interrupted(problem: Problem) -> Ending:
    """End with the text that was shown, ready to be continued."""
    return Ending("interrupted", problem=problem.document())


def estimate_tokens(characters: int) -> int:
    """Guess tokens from characters, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def continued(messages: list[ChatMessage], partial: str) -> list[ChatMessage]:
    """The conversation that makes a model go on after `partial`."""
    if not partial:
        return messages
    return [
        *messages,
        ChatMessage(role="assistant", content=partial),
        ChatMessage(role="user", content=CONTINUE_INSTRUCTION),
    ]


def count_characters(messages: list[ChatMessage]) -> int:
    """Characters that a model is given to read."""
    return sum(len(message.content) for message in messages)
