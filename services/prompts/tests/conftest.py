"""Renderers that live for the whole test process, desks around fresh databases, and a gateway faked at its contract."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import JsonValue

from prompts.domain.versions import text_hash
from prompts.operations.desk import Desk
from prompts.templating.pool import AnyOutcome, TemplatePool, template_pool
from prompts.templating.tasks import Subject
from shared.bus import Bus
from shared.call import Call, Envelope, Event
from shared.contracts.ids import encode_id, new_id
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
    ReadSegments,
    Segment,
    WriteText,
    WrittenText,
)
from shared.contracts.web import GetMembership, IntrospectKey, KeyIdentity, Membership, Role
from shared.problems import NotFound, Unauthenticated, Unavailable
from shared.testing.fixtures import BusFor, DatabaseFor, make_call
from shared.testing.keys import signer_for, verifier_for


class SharedPool(TemplatePool):
    """Real renderers on a loop of their own: starting processes for each test would take most of its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pool: TemplatePool) -> None:
        super().__init__()
        self._loop, self._pool = loop, pool

    async def analyse(self, subject: Subject) -> AnyOutcome:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._pool.analyse(subject), self._loop))

    async def render(self, subject: Subject, values: Mapping[str, JsonValue]) -> AnyOutcome:
        future = asyncio.run_coroutine_threadsafe(self._pool.render(subject, values), self._loop)
        return await asyncio.wrap_future(future)


@pytest.fixture(scope="session")
def templates() -> Iterator[TemplatePool]:
    """Start two renderers for this test process."""
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    started: list[TemplatePool] = []

    async def live() -> None:
        async with template_pool(2) as pool:
            started.append(pool)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    assert ready.wait(30)
    yield SharedPool(loop, started[0])
    loop.call_soon_threadsafe(end.set)
    thread.join()
    loop.close()


@pytest.fixture
async def desk(database_for: DatabaseFor, templates: TemplatePool) -> Desk:
    """Make a desk whose bus is connected to nothing."""
    bus = Bus("prompts", "nats://127.0.0.1:1", signer_for("prompts"), verifier_for("prompts"))
    return Desk(await database_for("prompts"), templates, bus)


@dataclass
class FakeGateway:
    """Knows the generations that a test puts here; gives two segments a page, so that paging is seen."""

    generations: dict[UUID, GenerationText] = field(default_factory=dict)
    titles: list[WriteText] = field(default_factory=list)
    title: str = '"The Last Ferry."'
    is_away: bool = False

    async def read(self, _call: Call, command: ReadSegments) -> GenerationText:
        if self.is_away:
            message = "The gateway is away for a moment."
            raise Unavailable(message)
        if command.generation_id not in self.generations:
            raise NotFound
        whole = self.generations[command.generation_id]
        page = [segment for segment in whole.segments if segment.number > command.after][:2]
        return whole.model_copy(update={"segments": page})

    async def write(self, _call: Call, command: WriteText) -> WrittenText:
        self.titles.append(command)
        return WrittenText(
            generation_id=command.generation_id,
            text=self.title,
            model="simulator/quill",
            simulated=True,
            usage=GenerationUsage(),
        )

    def end(self, generation_id: UUID, text: str, status: GenerationStatus = "completed", **rest: Any) -> None:
        """Let a generation have written this text, in a few segments, and ended so."""
        size = max(7, len(text) // 10)
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        thought = Segment(number=1, text="They want a better prompt.", kind="think")
        segments = [thought, *(Segment(number=number, text=piece) for number, piece in enumerate(pieces, 2))]
        now = datetime.now(UTC)
        generation: dict[str, Any] = {
            "id": encode_id("ge", generation_id),
            "status": status,
            "model": "simulator/quill",
            "provider": "simulator",
            "simulated": True,
            "last_segment": len(segments),
            "characters": len(text),
            "finish_reason": "stop" if status == "completed" else None,
            "content_hash": text_hash(text),
            "problem_type": None,
            "detail": None,
            "usage": {},
            "created_at": now,
            "started_at": now,
            "finished_at": now,
        }
        made = Generation.model_validate(generation | rest)
        self.generations[generation_id] = GenerationText(generation=made, segments=segments)


_FACTS: dict[str, tuple[type[GenerationEnded], dict[str, str]]] = {
    "completed": (GenerationCompleted, {"finish_reason": "stop"}),
    "failed": (GenerationFailed, {"problem_type": "/problems/provider-unavailable", "detail": "Overloaded."}),
    "cancelled": (GenerationCancelled, {}),
    "interrupted": (GenerationInterrupted, {"detail": "Lost."}),
}


def ended(call: Call, generation_id: UUID, status: str = "completed", task: str = "optimise_prompt") -> Event[Any]:
    """Make the event of a generation's end, as the gateway would tell it."""
    type_, rest = _FACTS[status]
    fields = {
        "generation_id": encode_id("ge", generation_id),
        "task": task,
        "model": "simulator/quill",
        "simulated": True,
        "last_segment": 1,
        "content_hash": "0" * 64,
    }
    envelope = Envelope(
        new_id(), type_.subject, "/llm_gateway", datetime.now(UTC), call.project_id, call.actor_id, "rq_test", "ge_x"
    )
    return Event(envelope, type_.model_validate(fields | rest))


@dataclass
class Stage:
    """A desk on the real NATS, with the gateway and web's keys faked at their contracts."""

    desk: Desk
    gateway: FakeGateway
    gateway_bus: Bus
    keys: dict[str, KeyIdentity] = field(default_factory=dict)
    role: Role | None = "context_engineer"
    call: Call = field(default_factory=make_call)

    async def membership(self, _call: Call, _command: GetMembership) -> Membership:
        return Membership(role=self.role)

    async def introspect(self, _call: Call, command: IntrospectKey) -> KeyIdentity:
        if command.api_key not in self.keys:
            message = "This API key is not good."
            raise Unauthenticated(message)
        return self.keys[command.api_key]


@pytest.fixture
async def stage(database_for: DatabaseFor, bus_for: BusFor, templates: TemplatePool) -> Stage:
    """Set the stage; every bus answers already."""
    gateway, gateway_bus, web = FakeGateway(), await bus_for("llm_gateway"), await bus_for("web")
    made = Stage(Desk(await database_for("prompts"), templates, await bus_for("prompts")), gateway, gateway_bus)
    gateway_bus.answer(ReadSegments, gateway.read)
    gateway_bus.answer(WriteText, gateway.write)
    web.answer(IntrospectKey, made.introspect)
    web.answer(GetMembership, made.membership)
    await gateway_bus.start_answering()
    await web.start_answering()
    return made
