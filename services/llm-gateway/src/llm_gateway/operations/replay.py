"""Playing a stored generation again: the same segments in the same order, at the pace that is asked for."""

import asyncio
from collections.abc import AsyncGenerator

from llm_gateway.operations.generations import read_segments
from shared.call import Call
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    REPLAY_SPEEDS,
    Generation,
    GenerationText,
    ReadSegments,
    ReplaySpeed,
    Segment,
)
from shared.pacing import paced
from shared.postgres import Database
from shared.problems import Conflict


async def find_recording(database: Database, call: Call, command: ReadSegments) -> GenerationText:
    """Read what there is to play after a segment. Raises NotFound, or Conflict while the generation is written."""
    recording = await read_segments(database, call, command)
    if recording.generation.status not in FINAL_STATUSES:
        message = "This generation has not ended. Follow its events, and play it when it has."
        raise Conflict(message)
    return recording


async def play_recording(
    recording: GenerationText, speed: ReplaySpeed, stopping: asyncio.Event
) -> AsyncGenerator[Segment | Generation]:
    """Yield the segments, then the generation; end early when the process stops."""
    segments, generation = recording.segments, recording.generation
    # Going on in the middle begins at once.
    begun = generation.started_at if segments and segments[0].number == 1 else None
    async for segment in paced(segments, lambda each: each.at, begun, REPLAY_SPEEDS[speed]):
        if stopping.is_set():
            return
        yield segment
    yield generation
