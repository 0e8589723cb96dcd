"""A stage for documents: its real database and bus, and the other services faked at the contract on the real NATS."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from documents.operations.models import KnownModels
from shared.bus import Bus
from shared.call import Call, Envelope, Event
from shared.contracts.documents import GenerateDocument
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    Generation,
    GenerationCancelled,
    GenerationCompleted,
    GenerationEnded,
    GenerationFailed,
    GenerationInterrupted,
    GenerationStatus,
    GenerationText,
    GenerationUsage,
    GetGeneration,
    ListModels,
    Model,
    ModelCatalogue,
    ReadSegments,
    Segment,
)
from shared.contracts.prompts import RenderedPrompt, RenderPrompt, UsedPrompt, UsedSnippet
from shared.contracts.web import GetMembership, IntrospectKey, KeyIdentity, Membership, Role
from shared.postgres import Database
from shared.problems import Invalid, NotFound, Unavailable
from shared.testing.fixtures import BusFor, DatabaseFor, make_call

PROMPT_ID = new_id()
INCLUDED_ID = new_id()
NO_KEY = "Set OPENAI_API_KEY to use this model."
TEXT = "# The last ferry\n\nIt leaves at six, without its captain."


@dataclass
class FakePrompts:
    """Renders every prompt; a value named `refused` is refused, as prompts does it."""

    rendered: int = 0
    included_version: int = 4
    default_model: str | None = "simulator/quill"

    async def render(self, _call: Call, command: RenderPrompt) -> RenderedPrompt:
        if "refused" in command.values:
            raise Invalid.of([{"name": "refused", "code": "extra", "message": "The template has no such parameter."}])
        self.rendered += 1
        return RenderedPrompt(
            prompt_id=command.prompt_id,
            prompt_version_id=new_id(),
            prompt_title="Episode outline",
            version=command.version or 3,
            content_hash="a" * 64,
            text=f"Outline {command.values.get('premise')}",
            snippets=[UsedSnippet(name="house-style", version=2, content_hash="b" * 64)],
            default_model=self.default_model,
            included=[
                UsedPrompt(
                    address="default/tone",
                    prompt_id=INCLUDED_ID,
                    prompt_version_id=INCLUDED_ID,
                    version=self.included_version,
                    content_hash="c" * 64,
                )
            ],
        )


def a_model(name: str, unavailable_reason: str | None = None) -> Model:
    """Describe a model as the gateway does."""
    provider = name.partition("/")[0]
    return Model(
        id=name,
        provider=provider,
        name=name.partition("/")[2],
        simulated=provider == "simulator",
        available=unavailable_reason is None,
        unavailable_reason=unavailable_reason,
        context_tokens=None,
        input_usd_per_million=None,
        output_usd_per_million=None,
    )


@dataclass
class FakeGateway:
    """Knows the generations that a test puts here, with the text that they wrote, and three models."""

    generations: dict[UUID, GenerationText] = field(default_factory=dict)
    is_away: bool = False
    asked_for_models: int = 0
    models: list[Model] = field(
        default_factory=lambda: [a_model("simulator/quill"), a_model("anthropic/claude"), a_model("openai/gpt", NO_KEY)]
    )

    async def catalogue(self, _call: Call, _command: ListModels) -> ModelCatalogue:
        self.asked_for_models += 1
        self._refuse_when_away()
        return ModelCatalogue(items=self.models, default_model="anthropic/claude")

    async def get(self, _call: Call, command: GetGeneration) -> Generation:
        return self._find(command.generation_id).generation

    async def read(self, _call: Call, command: ReadSegments) -> GenerationText:
        return self._find(command.generation_id)

    def _refuse_when_away(self) -> None:
        if self.is_away:
            message = "The gateway is away for a moment."
            raise Unavailable(message)

    def _find(self, generation_id: UUID) -> GenerationText:
        self._refuse_when_away()
        if generation_id not in self.generations:
            raise NotFound
        return self.generations[generation_id]

    def write(
        self,
        generation_id: UUID | None,
        text: str = TEXT,
        status: GenerationStatus = "completed",
        finish_reason: str = "stop",
        cost_usd: Decimal | None = Decimal("0.002"),
    ) -> GenerationEnded:
        """Have a generation end with this text; return the fact that tells it."""
        assert generation_id is not None
        digest = hashlib.sha256(text.encode()).hexdigest()
        thought = Segment(number=1, text="They want to read of a ferry.", kind="think")
        written = [Segment(number=number, text=part) for number, part in enumerate(text.partition(" "), start=2)]
        segments = [thought, *written]
        generation = Generation(
            id=generation_id,
            status=status,
            model="simulator/quill",
            provider="simulator",
            simulated=True,
            last_segment=len(segments),
            characters=len(text),
            finish_reason=finish_reason if status == "completed" else None,
            content_hash=digest,
            problem_type=None,
            detail=None if status == "completed" else "The connection to the model was lost.",
            usage=GenerationUsage(input_tokens=10, output_tokens=20, cost_usd=cost_usd, estimated=False),
            created_at=datetime.now(UTC),
            started_at=datetime.now(UTC),
            finished_at=datetime.now(UTC),
        )
        self.generations[generation_id] = GenerationText(generation=generation, segments=segments)
        return _fact(generation)


def _fact(generation: Generation) -> GenerationEnded:
    told: dict[str, Any] = {
        "generation_id": generation.id,
        "task": "generate_document",
        "model": generation.model,
        "simulated": True,
        "last_segment": generation.last_segment,
        "content_hash": generation.content_hash,
    }
    if generation.status == "failed":
        return GenerationFailed(**told, problem_type="/problems/provider-unavailable", detail="Overloaded.")
    if generation.status == "cancelled":
        return GenerationCancelled(**told)
    if generation.status == "interrupted":
        return GenerationInterrupted(**told, detail="Lost.")
    return GenerationCompleted(**told, finish_reason=generation.finish_reason or "stop")


@dataclass
class FakeWeb:
    """Knows one role for everybody, and API keys by their text."""

    role: Role | None = "context_engineer"
    keys: dict[str, KeyIdentity] = field(default_factory=dict)

    async def membership(self, _call: Call, _command: GetMembership) -> Membership:
        return Membership(role=self.role)

    async def introspect(self, _call: Call, command: IntrospectKey) -> KeyIdentity:
        return self.keys[command.api_key]


@dataclass
class Stage:
    """Documents in the middle and who it speaks to."""

    database: Database
    bus: Bus
    prompts: FakePrompts
    gateway: FakeGateway
    web: FakeWeb
    call: Call = field(default_factory=make_call)
    models: KnownModels = field(init=False)

    def __post_init__(self) -> None:
        self.models = KnownModels(self.bus)

    async def messages(self, call: Call | None = None) -> list[str]:
        """List the subjects that are in the outbox, in the order of writing."""
        async with self.database.transaction((call or self.call).project_id) as conn:
            return [row["subject"] for row in await conn.fetch("SELECT subject FROM outbox ORDER BY id")]

    async def payloads(self, subject: str) -> list[str]:
        """List what the outbox holds under a subject."""
        async with self.database.transaction(self.call.project_id) as conn:
            rows = await conn.fetch("SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", subject)
        return [row["payload"].decode() for row in rows]

    async def silence(self) -> None:
        """Let every order have been silent for too long."""
        async with self.database.relay() as conn:
            await conn.execute("UPDATE generation_orders SET check_after = now() - interval '1 second'")


def event_of(call: Call, fact: GenerationEnded) -> Event[GenerationEnded]:
    """Deliver a fact as the bus does."""
    told = Envelope(
        id=new_id(),
        subject=fact.subject,
        source="/llm_gateway",
        time=datetime.now(UTC),
        project_id=call.project_id,
        actor_id=call.actor_id,
        request_id=call.request_id,
        entity=fact.entity_id(),
    )
    return Event(told, fact)


def an_order(**changes: Any) -> GenerateDocument:
    """Order a document from a prompt."""
    return GenerateDocument(**{"prompt_id": PROMPT_ID, "values": {"premise": "A ferry"}, **changes})


@pytest.fixture
async def stage(database_for: DatabaseFor, bus_for: BusFor) -> Stage:
    """Open the stage; nothing of documents runs by itself."""
    prompts, gateway, web = FakePrompts(), FakeGateway(), FakeWeb()
    buses = [await bus_for(name) for name in ("prompts", "llm_gateway", "web")]
    buses[0].answer(RenderPrompt, prompts.render)
    buses[1].answer(GetGeneration, gateway.get)
    buses[1].answer(ReadSegments, gateway.read)
    buses[1].answer(ListModels, gateway.catalogue)
    buses[2].answer(GetMembership, web.membership)
    buses[2].answer(IntrospectKey, web.introspect)
    for bus in buses:
        await bus.start_answering()
    return Stage(await database_for("documents"), await bus_for("documents"), prompts, gateway, web)
