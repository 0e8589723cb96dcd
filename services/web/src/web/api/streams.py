"""The streams of the browser: a generation's text, the same played again, and what changed in the project."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from shared.contracts.ids import GenerationId
from shared.contracts.llm_gateway import GenerationText, ReplaySpeed
from shared.problems import Unavailable
from shared.runtime import logger
from web import schemas
from web.api.edge import BrowserRouter, Edge, EdgeOf, MemberCall, SessionOf
from web.operations.changes import change_events
from web.operations.following import Following
from web.operations.replaying import find_recording, play_recording
from web.operations.viewers import Viewer

router = BrowserRouter(prefix="/api", tags=["streams"])
# A session that ended, or a member who was removed, stops reading within twice this time: what is asked may itself
# be ten seconds old.
CHECK_SECONDS = 10.0
# A browser that takes nothing for this long is asleep or gone; when it wakes it connects again.
SEND_SECONDS = 30.0
type IsAllowed = Callable[[], Awaitable[bool]]
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

log = logger(__name__)


class ReaderStoppedError(Exception):
    """The browser is there and takes nothing."""


class EventStream(StreamingResponse):
    """Server-sent events, closed as soon as the browser is gone or has stopped reading."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """Send the events; end the response in the middle where nobody takes them."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await send(message)
            except TimeoutError as error:
                raise ReaderStoppedError from error

        events: Any = self.body_iterator
        async with aclosing(events):
            try:
                await super().stream_response(send_in_time)
            except ReaderStoppedError:
                log.info("stream_reader_stopped")


def start_of(after: Annotated[int, Query(ge=0, lt=10**9)] = 0, last_event_id: Annotated[str, Header()] = "") -> int:
    """Say after which segment to begin: a browser that comes back says it in Last-Event-ID."""
    return int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 10 else after


StartOf = Annotated[int, Depends(start_of)]


async def session_check(edge: EdgeOf, session: SessionOf, call: MemberCall) -> IsAllowed:
    """Make the question whether the session still reaches the project that the stream was opened for."""

    async def is_allowed() -> bool:
        try:
            visitor = await edge.accounts.visitor(session)
        except Unavailable:
            # While PostgreSQL is away nobody knows: open streams go on.
            return True
        return visitor is not None and visitor.is_member_of(call.project_id)

    return is_allowed


CheckOf = Annotated[IsAllowed, Depends(session_check)]


@router.get(
    "/generations/{generation_id}/events",
    action="generations.read",
    response_class=EventStream,
    responses={200: {"model": schemas.GenerationEvents}},
)
async def stream_generation(
    generation_id: GenerationId, edge: EdgeOf, call: MemberCall, start: StartOf, is_allowed: CheckOf
) -> EventStream:
    """Follow a generation from a segment on: `segment` and `progress` events, then `end`."""
    following = Following(edge.bus, call, generation_id, start)
    # Asked before the answer begins, so that a foreign id is a 404 and not a broken stream.
    await following.find()
    return EventStream(_generation_events(edge, following, is_allowed), headers=_HEADERS)


async def _generation_events(edge: Edge, following: Following, is_allowed: IsAllowed) -> AsyncIterator[bytes]:
    async with edge.live.viewing(following.generation_id) as viewer, _let_go_when_refused(viewer, is_allowed):
        async for event in following.events(viewer):
            yield event


@router.get(
    "/generations/{generation_id}/replay",
    action="generations.read",
    response_class=EventStream,
    responses={200: {"model": schemas.ReplayEvents}},
)
async def replay_generation(
    generation_id: GenerationId,
    edge: EdgeOf,
    call: MemberCall,
    start: StartOf,
    is_allowed: CheckOf,
    speed: ReplaySpeed = "original",
) -> EventStream:
    """Play an ended generation again at `speed`: its `segment` events at most 10 s apart, then `end`."""
    recording = await find_recording(edge.bus, call, generation_id, start)
    return EventStream(_replay_events(edge, recording, speed, is_allowed), headers=_HEADERS)


async def _replay_events(
    edge: Edge, recording: GenerationText, speed: ReplaySpeed, is_allowed: IsAllowed
) -> AsyncIterator[bytes]:
    async with edge.live.viewing(recording.generation.id) as viewer, _let_go_when_refused(viewer, is_allowed):
        async for event in play_recording(recording, speed, viewer):
            yield event


@router.get(
    "/stream",
    action="prompts.read",
    response_class=EventStream,
    responses={200: {"model": schemas.ProjectEvents}},
)
async def stream_project(edge: EdgeOf, call: MemberCall, is_allowed: CheckOf) -> EventStream:
    """Hear what changes in the project: `hello` first, then a `change` for each fact."""

    async def events() -> AsyncIterator[bytes]:
        with edge.changes.viewers.viewing(call.project_id) as viewer:
            async with _let_go_when_refused(viewer, is_allowed):
                async for event in change_events(viewer):
                    yield event

    return EventStream(events(), headers=_HEADERS)


@asynccontextmanager
async def _let_go_when_refused(viewer: Viewer[Any], is_allowed: IsAllowed) -> AsyncIterator[None]:
    """Look at the session again every ten seconds, whatever the stream and its reader do."""
    watch = asyncio.create_task(_end_when_refused(viewer, is_allowed))
    try:
        yield
    finally:
        watch.cancel()


async def _end_when_refused(viewer: Viewer[Any], is_allowed: IsAllowed) -> None:
    try:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not await is_allowed():
                return
    finally:
        # Whatever ended the watch: nobody reads on unwatched.
        viewer.end()
