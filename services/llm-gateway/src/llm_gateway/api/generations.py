"""Start, follow, read and cancel generations; list models."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from llm_gateway.operations import generations
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.watching import watch_generation
from llm_gateway.schemas import NewGeneration
from shared.contracts.ids import GenerationId, new_id
from shared.contracts.llm_gateway import (
    CancelGeneration,
    Generation,
    GenerationText,
    GetGeneration,
    ReadSegments,
    Segment,
    StartGeneration,
)
from shared.http import CallOf, HouseOf, ServiceRouter

router = ServiceRouter(prefix="/v1", tags=["generations"])


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


@router.get("/generations/{generation_id}/events", action="generations.read", response_class=EventSourceResponse)
async def follow_generation(
    watched: Annotated[AsyncGenerator[Segment | Generation], Depends(_watched)],
) -> AsyncGenerator[ServerSentEvent]:
    """Follow the text: events `segment` with their number as id, then `end`. Last-Event-ID resumes after a number."""
    async for news in watched:
        if isinstance(news, Segment):
            yield ServerSentEvent(data=news, event="segment", id=str(news.number))
        else:
            yield ServerSentEvent(data=news, event="end")


@router.post("/generations/{generation_id}/cancel", action="generations.cancel")
async def cancel_generation(generation_id: GenerationId, call: CallOf, engine: EngineOf) -> Generation:
    """Stop a generation; what was written stays."""
    return await generations.cancel_generation(engine, call, CancelGeneration(generation_id=generation_id))
