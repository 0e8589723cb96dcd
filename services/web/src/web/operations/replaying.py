"""Playing a stored generation again in the browser: the events of its stream, at the pace that is asked for."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from shared.bus import Bus
from shared.call import Call
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    REPLAY_SPEEDS,
    GenerationText,
    ReadSegments,
    ReplaySpeed,
)
from shared.pacing import paced
from shared.problems import Conflict
from web.operations.following import RECONNECT, end_event
from web.operations.live_text import segment_event
from web.operations.viewers import Viewer


async def find_recording(bus: Bus, call: Call, generation_id: UUID, after: int) -> GenerationText:
    """Read what there is to play after a segment. Raises the gateway's problem, or Conflict while it is written."""
    recording = await bus.request(call, ReadSegments(generation_id=generation_id, after=after))
    if recording.generation.status not in FINAL_STATUSES:
        message = "This is still being written. Play it when it has ended."
        raise Conflict(message)
    return recording


async def play_recording(recording: GenerationText, speed: ReplaySpeed, viewer: Viewer[Any]) -> AsyncIterator[bytes]:
    """Yield the segments, then the end; a viewer that is let go comes again with its last number."""
    segments, generation = recording.segments, recording.generation
    # Going on in the middle begins at once.
    begun = generation.started_at if segments and segments[0].number == 1 else None
    async for segment in paced(segments, lambda each: each.at, begun, REPLAY_SPEEDS[speed]):
        if viewer.ended:
            yield RECONNECT
            return
        yield segment_event(segment.number, segment.text, segment.kind)
    yield end_event(generation)
