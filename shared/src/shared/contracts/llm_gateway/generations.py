"""Generations, their segments, and the models that write them."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, JsonValue, field_validator

from shared.contracts.ids import DocumentId, GenerationId, OptimizationId, PromptVersionId, RunId
from shared.contracts.llm_gateway.connections import Capability
from shared.contracts.llm_gateway.samples import DOCUMENT, GENERATION, HASH
from shared.contracts.message import Command, Fact, Job, Request, View

GenerationStatus = Literal["queued", "running", "completed", "failed", "cancelled", "interrupted"]
FINAL_STATUSES = frozenset({"completed", "failed", "cancelled", "interrupted"})
SegmentKind = Literal["text", "think", "draft"]
ReplaySpeed = Literal["original", "2", "10", "instant"]
# How many times faster than it was written; None takes no time at all.
REPLAY_SPEEDS: dict[ReplaySpeed, float | None] = {"original": 1, "2": 2, "10": 10, "instant": None}

# Larger schemas cost every answer's check more than any answer is worth; deeper ones no provider accepts.
MAX_SCHEMA_CHARACTERS = 65_536
MAX_SCHEMA_DEPTH = 32


class ChatMessage(Command):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class GenerationRequest(Command):
    """What a model is asked.

    `model` is `provider/model`, or None for the installation's default. `max_output_tokens` None leaves the
    provider's own limit. `temperature` None leaves the provider's own value.

    `response_schema` is a JSON Schema that the answer must satisfy: it may refer to itself only. The text of such a
    generation appears whole, checked, at its end; until then it is written as segments of kind `draft`.
    `continue_up_to` is how often the model is asked to go on where its answer was cut at the output limit.
    """

    model: str | None = Field(default=None, max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, max_length=200)
    max_output_tokens: int | None = Field(default=None, ge=1, le=200_000)
    temperature: float | None = Field(default=None, ge=0, le=2)
    response_schema: dict[str, JsonValue] | None = None
    continue_up_to: int = Field(default=0, ge=0, le=20)

    @field_validator("response_schema")
    @classmethod
    def _refuse_oversized(cls, value: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if value is not None and (_depth(value) > MAX_SCHEMA_DEPTH or len(json.dumps(value)) > MAX_SCHEMA_CHARACTERS):
            message = f"A schema has at most {MAX_SCHEMA_CHARACTERS} characters in {MAX_SCHEMA_DEPTH} levels."
            raise ValueError(message)
        return value


def _depth(value: JsonValue) -> int:
    """Count the levels of a value, without recursion: a hostile one has thousands."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [child for parent in level for child in _children(parent)]
    return depth


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class GenerationOrigin(Command):
    """What a generation is for; usage is grouped by it."""

    task: Literal["generate_document", "optimise_prompt", "title_prompt", "other"]
    document_id: DocumentId | None = None
    optimization_id: OptimizationId | None = None
    prompt_version_id: PromptVersionId | None = None
    run_id: RunId | None = None


class Segment(View):
    """A committed piece of text; `number` counts from 1 without gaps within a generation.

    The answer is what has the kind `text`. `think` is what the model thought, kept apart. `draft` is JSON that is not
    checked yet; an empty one says that the model begins it anew. `at` is when it was committed; not told live.
    """

    number: int
    text: str
    kind: SegmentKind = "text"
    at: datetime | None = None


class GenerationUsage(View):
    """Tokens and money over all attempts of a generation. `cost_usd` is None where a price is unknown, never 0.

    `estimated` is true while the provider has not reported, or where it never will.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    estimated: bool = True


class Generation(View):
    """The state of a generation. `characters` counts the answer alone.

    `content_hash` (SHA-256 of the whole answer) is there once it ended.

    `model` is the one that answers. `asked_model` is what the caller named, an alias perhaps, or None for the default;
    where the model of its first choice failed before any text, another one answers.

    `problem_type` and `detail` say why it failed or was interrupted, in words for the person who waits.
    """

    id: GenerationId
    status: GenerationStatus
    model: str
    asked_model: str | None = None
    provider: str
    simulated: bool
    last_segment: int
    characters: int
    finish_reason: str | None
    content_hash: str | None
    problem_type: str | None
    detail: str | None
    usage: GenerationUsage
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class GenerationText(View):
    """A generation with the segments after the asked number."""

    generation: Generation
    segments: list[Segment]


class GeneratedValue(View):
    """The value of an answer in JSON; None where it has none yet, or never.

    While `is_partial`, a later value only has more: strings grow at their end, lists and objects gain members, and a
    number is there once it is whole. It begins anew only where the model was asked anew, as `draft` counts.
    """

    generation_id: GenerationId
    status: GenerationStatus
    value: JsonValue
    is_partial: bool
    draft: int


class Model(View):
    """One model, whose id is `connection/name`; `provider` is whose it is.

    `available` is false where it cannot be asked yet: `unavailable_reason` says what to do. `capabilities` are those
    that are known, `retires_on` is the last day that its provider promises, `aliases` the names that may lead to it.
    """

    id: str
    provider: str
    name: str
    simulated: bool
    available: bool
    unavailable_reason: str | None
    context_tokens: int | None
    input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    # Since 0.1, required from 0.2 on.
    capabilities: list[Capability] = Field(default_factory=list)
    max_output_tokens: int | None = None
    retires_on: date | None = None
    aliases: list[str] = Field(default_factory=list)


class ModelCatalogue(View):
    """The models of this installation and the one that is taken when none is named."""

    items: list[Model]
    default_model: str


class WrittenText(View):
    """The whole answer of a model."""

    generation_id: GenerationId
    text: str
    model: str
    simulated: bool
    usage: GenerationUsage


class GetGeneration(Request[Generation]):
    """Read the state of a generation."""

    subject: ClassVar[str] = "request.llm_gateway.get_generation.v1"
    action: ClassVar[str] = "generations.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = Generation
    sample: ClassVar[dict[str, Any]] = {"generation_id": GENERATION}
    generation_id: GenerationId


class ReadSegments(Request[GenerationText]):
    """Read a generation's committed text after segment number `after`."""

    subject: ClassVar[str] = "request.llm_gateway.read_segments.v1"
    action: ClassVar[str] = "generations.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = GenerationText
    sample: ClassVar[dict[str, Any]] = {"generation_id": GENERATION, "after": 0}
    generation_id: GenerationId
    after: int = Field(default=0, ge=0)


class CancelGeneration(Request[Generation]):
    """Stop a generation; what was written stays. Saying it of an ended generation changes nothing."""

    subject: ClassVar[str] = "request.llm_gateway.cancel_generation.v1"
    action: ClassVar[str] = "generations.cancel"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = Generation
    sample: ClassVar[dict[str, Any]] = {"generation_id": GENERATION}
    generation_id: GenerationId


class WriteText(Request[WrittenText]):
    """Ask a model and wait for its whole answer, within the request's deadline. For short answers only."""

    subject: ClassVar[str] = "request.llm_gateway.write_text.v1"
    action: ClassVar[str] = "generations.start"
    callers: ClassVar[tuple[str, ...]] = ("prompts", "documents", "workflows")
    answer: ClassVar[type[BaseModel]] = WrittenText
    sample: ClassVar[dict[str, Any]] = {
        "generation_id": GENERATION,
        "origin": {"task": "title_prompt"},
        "request": {"model": None, "messages": [{"role": "user", "content": "Name this prompt."}]},
    }
    generation_id: GenerationId
    origin: GenerationOrigin
    request: GenerationRequest


class ListModels(Request[ModelCatalogue]):
    """List the models of this installation, the ones without a key included."""

    subject: ClassVar[str] = "request.llm_gateway.list_models.v1"
    action: ClassVar[str] = "models.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = ModelCatalogue
    sample: ClassVar[dict[str, Any]] = {}


class StartGeneration(Job):
    """Have a model write. Sending it twice with one id changes nothing.

    `continues` names an ended generation of the same project whose text this one goes on with: its segments
    become the first segments of this one.
    """

    subject: ClassVar[str] = "job.llm_gateway.start_generation.v1"
    callers: ClassVar[tuple[str, ...]] = ("prompts", "documents", "workflows")
    sample: ClassVar[dict[str, Any]] = {
        "generation_id": GENERATION,
        "origin": {"task": "generate_document", "document_id": DOCUMENT},
        "request": {"model": "simulator/quill", "messages": [{"role": "user", "content": "Outline a ferry story."}]},
        "continues": None,
    }
    generation_id: GenerationId
    origin: GenerationOrigin
    request: GenerationRequest
    continues: GenerationId | None = None


class GenerationEnded(Fact):
    """What every fact about an ended generation tells.

    `model` is the one that answered, `asked_model` what the caller named: an alias perhaps, or None for the default.
    """

    readers: ClassVar[tuple[str, ...]] = ("documents", "prompts")
    generation_id: GenerationId
    task: str
    model: str
    # Since 0.3.0; facts of before have none.
    asked_model: str | None = None
    simulated: bool
    last_segment: int
    content_hash: str


_ENDED: dict[str, Any] = {
    "generation_id": GENERATION,
    "task": "generate_document",
    "model": "simulator/quill",
    "simulated": True,
    "last_segment": 31,
    "content_hash": HASH,
}


class GenerationCompleted(GenerationEnded):
    """A model finished its answer, or reached the limit that it was given (`finish_reason` is then `length`)."""

    subject: ClassVar[str] = "fact.llm_gateway.generation.completed.v1"
    sample: ClassVar[dict[str, Any]] = _ENDED | {"finish_reason": "stop"}
    finish_reason: str


class GenerationFailed(GenerationEnded):
    """A generation ended in a problem."""

    subject: ClassVar[str] = "fact.llm_gateway.generation.failed.v1"
    sample: ClassVar[dict[str, Any]] = _ENDED | {
        "problem_type": "/problems/provider-unavailable",
        "detail": "The provider is overloaded.",
    }
    problem_type: str
    detail: str


class GenerationCancelled(GenerationEnded):
    """A person stopped a generation."""

    subject: ClassVar[str] = "fact.llm_gateway.generation.cancelled.v1"
    sample: ClassVar[dict[str, Any]] = _ENDED


class GenerationInterrupted(GenerationEnded):
    """A generation lost its provider or its worker after text was shown; it can be continued."""

    subject: ClassVar[str] = "fact.llm_gateway.generation.interrupted.v1"
    sample: ClassVar[dict[str, Any]] = _ENDED | {"detail": "The connection to the model was lost."}
    detail: str


class LiveSegment(View):
    """Published on core NATS at `live_generation_subject` after its segment is committed; lossy by design.

    `status` is final in the last message; `usage` is what is known so far.
    """

    generation_id: GenerationId
    status: GenerationStatus
    segments: list[Segment]
    usage: GenerationUsage


def live_generation_subject(generation_id: str) -> str:
    """Name the subject of a generation's live text; the id is in wire form."""
    return f"live.generation.{generation_id}"


def live_cancel_subject(generation_id: str) -> str:
    """Name the subject on which every gateway process hears that a generation shall stop."""
    return f"live.cancel.{generation_id}"
