"""Start, follow, read and cancel generations; list models."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from llm_gateway.operations import generations, values
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.replay import find_recording, play_recording
from llm_gateway.operations.watching import watch_generation
from llm_gateway.schemas import NewGeneration
from shared.contracts.ids import GenerationId, new_id
from shared.contracts.llm_gateway import (
    CancelGeneration,
    GeneratedValue,
    Generation,
    GenerationText,
    GetGeneration,
    ReadSegments,
    ReplaySpeed,
    Segment,
    StartGeneration,
)
from shared.http import CallOf, HouseOf, ServiceRouter

router = ServiceRouter(prefix="/v1", tags=["generations"])
# The address by which a stream is stopped in the browser's API, here for callers without a browser.
streaming = ServiceRouter(prefix="/api/streaming", tags=["generations"])


def engine_of(request: Request) -> Engine:
    """Return this process's engine."""
    engine: Engine = request.app.state.engine
    return engine


EngineOf = Annotated[Any, Depends(engine_of)]


@router.post("/generations", action="generations.start", status_code=202)
async def start_generation(body: NewGeneration, call: CallOf, engine: EngineOf) -> Generation:
    """Have a model write. Answers at once; an Idempotency-Key makes repeats safe."""
    command = StartGeneration(
        generation_id=new_id(), origin=body.origin, request=body.request, continues=body.continues
    )
    return await generations.create_generation(engine, call, command)


@router.get("/generations/{generation_id}", action="generations.read")
async def get_generation(generation_id: GenerationId, call: CallOf, house: HouseOf) -> Generation:
    """Read the state of a generation."""
    return await generations.get_generation(house.database, call, GetGeneration(generation_id=generation_id))


@router.get("/generations/{generation_id}/segments", action="generations.read")
async def read_segments(
    generation_id: GenerationId, call: CallOf, house: HouseOf, after: Annotated[int, Query(ge=0)] = 0
) -> GenerationText:
    """Read the committed text after segment `after`."""
    command = ReadSegments(generation_id=generation_id, after=after)
    return await generations.read_segments(house.database, call, command)


async def _watched(
    generation_id: GenerationId,
    call: CallOf,
    house: HouseOf,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> AsyncGenerator[Segment | Generation]:
    """Read the generation once before the stream begins, so that a foreign id is a 404 and not a broken stream."""
    await generations.get_generation(house.database, call, GetGeneration(generation_id=generation_id))
    command = ReadSegments(generation_id=generation_id, after=last_event_id)
    return watch_generation(house.database, house.bus, call, command, house.stopping)


def _event(news: Segment | Generation) -> ServerSentEvent:
    if isinstance(news, Segment):
        return ServerSentEvent(data=news, event="segment", id=str(news.number))
    return ServerSentEvent(data=news, event="end")


@router.get("/generations/{generation_id}/events", action="generations.read", response_class=EventSourceResponse)
async def follow_generation(
    watched: Annotated[AsyncGenerator[Segment | Generation], Depends(_watched)],
) -> AsyncGenerator[ServerSentEvent]:
    """Follow the text: events `segment` with their number as id, then `end`. Last-Event-ID resumes after a number."""
    async for news in watched:
        yield _event(news)


async def _recorded(
    generation_id: GenerationId,
    call: CallOf,
    house: HouseOf,
    speed: ReplaySpeed = "original",
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> AsyncGenerator[Segment | Generation]:
    """Read the recording before the stream begins, so that what cannot be played is a problem and no broken stream."""
    command = ReadSegments(generation_id=generation_id, after=last_event_id)
    return play_recording(await find_recording(house.database, call, command), speed, house.stopping)


@router.get("/generations/{generation_id}/replay", action="generations.read", response_class=EventSourceResponse)
async def replay_generation(
    recorded: Annotated[AsyncGenerator[Segment | Generation], Depends(_recorded)],
) -> AsyncGenerator[ServerSentEvent]:
    """Play an ended generation again at `speed`: the same events as when it was followed, at most 10 s apart."""
    async for news in recorded:
        yield _event(news)


@router.get("/generations/{generation_id}/json", action="generations.read")
async def read_value(generation_id: GenerationId, call: CallOf, house: HouseOf) -> GeneratedValue:
    """Read the value of an answer in JSON as far as it is written."""
    return await values.read_value(house.database, call, GetGeneration(generation_id=generation_id))


async def _growing(generation_id: GenerationId, call: CallOf, house: HouseOf) -> AsyncGenerator[GeneratedValue]:
    command = GetGeneration(generation_id=generation_id)
    generation = await generations.get_generation(house.database, call, command)
    reading = ReadSegments(generation_id=generation_id)
    watched = watch_generation(house.database, house.bus, call, reading, house.stopping)
    return values.watch_value(generation, watched)


@router.get("/generations/{generation_id}/json/events", action="generations.read", response_class=EventSourceResponse)
async def follow_value(
    growing: Annotated[AsyncGenerator[GeneratedValue], Depends(_growing)],
) -> AsyncGenerator[ServerSentEvent]:
    """Follow the value: an event `value` whenever it has grown, each with all of it, and a last one at the end."""
    async for value in growing:
        yield ServerSentEvent(data=value, event="value")


@router.post("/generations/{generation_id}/cancel", action="generations.cancel")
async def cancel_generation(generation_id: GenerationId, call: CallOf, engine: EngineOf) -> Generation:
    """Stop a generation; what was written stays."""
    return await generations.cancel_generation(engine, call, CancelGeneration(generation_id=generation_id))


@streaming.post("/cancel/{generation_id}", action="generations.cancel")
async def cancel_stream(generation_id: GenerationId, call: CallOf, engine: EngineOf) -> Generation:
    """Stop a generation, as its own `cancel` does."""
    return await generations.cancel_generation(engine, call, CancelGeneration(generation_id=generation_id))
