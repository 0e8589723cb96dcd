"""Following a generation as it is written: every segment once, in order, until the end."""

import asyncio
from collections.abc import AsyncGenerator

from llm_gateway.operations.generations import read_segments
from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    Generation,
    LiveSegment,
    ReadSegments,
    Segment,
    live_generation_subject,
)
from shared.postgres import Database

# Live text may be lost; whoever heard nothing for this long looks at what is stored.
LOOK_AGAIN_SECONDS = 2.0
# A reader who falls further behind is served from the segments again.
MAX_HEARD = 1_000


async def watch_generation(
    database: Database, bus: Bus, call: Call, command: ReadSegments, stopping: asyncio.Event
) -> AsyncGenerator[Segment | Generation]:
    """Yield the segments after a number as they are committed, then the ended generation. Raises NotFound at first.

    Ends early, without the generation, when the process stops: the reader comes again with its last number.
    """
    heard: asyncio.Queue[LiveSegment] = asyncio.Queue(MAX_HEARD)

    async def hear(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
        if not heard.full():
            heard.put_nowait(LiveSegment.model_validate_json(payload))

    subscription = await bus.listen(live_generation_subject(encode_id("ge", command.generation_id)), hear)
    after = command.after
    try:
        while not stopping.is_set():
            stored = await read_segments(database, call, command.model_copy(update={"after": after}))
            for segment in stored.segments:
                yield segment
                after = segment.number
            if stored.generation.status in FINAL_STATUSES:
                yield stored.generation
                return
            async for segment in _live(heard, after):
                yield segment
                after = segment.number
    finally:
        await subscription.unsubscribe()


async def _live(heard: "asyncio.Queue[LiveSegment]", after: int) -> AsyncGenerator[Segment]:
    """Yield live segments while they follow on; return on a gap, at the end, or after a silence."""
    while True:
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                live = await heard.get()
        except TimeoutError:
            return
        for segment in live.segments:
            if segment.number > after + 1:
                return
            if segment.number == after + 1:
                yield segment
                after = segment.number
        if live.status in FINAL_STATUSES:
            return
