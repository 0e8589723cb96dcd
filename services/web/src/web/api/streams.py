"""The two streams of the browser: a generation's text, and what changed in the project."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from shared.contracts.ids import GenerationId
from web import schemas
from web.api.edge import PROJECT_HEADER, BrowserRouter, Edge, EdgeOf, MemberCall
from web.operations.changes import change_events
from web.operations.live_text import Following

router = BrowserRouter(prefix="/api", tags=["streams"])
# A session that was ended, or a member who was removed, stops reading within this time.
CHECK_SECONDS = 10.0
type IsAllowed = Callable[[], Awaitable[bool]]
_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def start_of(after: Annotated[int, Query(ge=0)] = 0, last_event_id: Annotated[str, Header()] = "") -> int:
    """Say after which segment to begin: a browser that comes back says it in Last-Event-ID."""
    return int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 10 else after


StartOf = Annotated[int, Depends(start_of)]


@router.get(
    "/generations/{generation_id}/events",
    action="generations.read",
    response_class=EventStream,
    responses={200: {"model": schemas.GenerationEvents}},
)
async def stream_generation(
    generation_id: GenerationId,
    request: Request,
    edge: EdgeOf,
    call: MemberCall,
    start: StartOf,
) -> EventStream:
    """Follow a generation from a segment on: `segment` and `progress` events, then `end`."""
    following = Following(edge.live, call, generation_id, start)
    # Asked before the answer begins, so that a foreign id is a 404 and not a broken stream.
    await following.read()

    async def events() -> AsyncIterator[bytes]:
        async with edge.live.viewing(generation_id) as viewer:
            first = await following.read()
            async for event in _while_allowed(following.events(viewer, first), _checker(request, edge)):
                yield event

    return EventStream(events(), headers=_HEADERS)


@router.get(
    "/stream",
    action="prompts.read",
    response_class=EventStream,
    responses={200: {"model": schemas.ProjectEvents}},
)
async def stream_project(request: Request, edge: EdgeOf, call: MemberCall) -> EventStream:
    """Hear what changes in the project: `hello` first, then a `change` for each fact."""
    project_id = call.project_id

    async def events() -> AsyncIterator[bytes]:
        with edge.changes.viewers.viewing(project_id) as viewer:
            async for event in _while_allowed(change_events(viewer), _checker(request, edge)):
                yield event

    return EventStream(events(), headers=_HEADERS)


def _checker(request: Request, edge: Edge) -> IsAllowed:
    """Say whether the session still reaches the project that the stream was opened for."""
    project, session = request.headers.get(PROJECT_HEADER), request.cookies.get(edge.cookie)

    async def is_allowed() -> bool:
        visitor = await edge.accounts.visitor(session)
        return visitor is not None and visitor.is_member_of(project)

    return is_allowed


async def _while_allowed(
    events: AsyncIterator[bytes], is_allowed: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """Pass events on, looking at the session again every ten seconds."""
    check_at = time.monotonic() + CHECK_SECONDS
    async for event in events:
        if time.monotonic() > check_at:
            if not await is_allowed():
                return
            check_at = time.monotonic() + CHECK_SECONDS
        yield event
