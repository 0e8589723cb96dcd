"""The edge: from a cookie to a member's call, and from a call to another service."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from shared import policy
from shared.bus import Bus
from shared.call import DEFAULT_DEADLINE_SECONDS, Call
from shared.contracts import message
from shared.http import ServiceRouter, idempotency_key_of, request_id_of
from shared.problems import Unauthenticated
from web.domain import Visitor
from web.operations.accounts import Accounts
from web.operations.changes import Changes
from web.operations.keys import Keys
from web.operations.live_text import LiveText

# The longest that browsers keep a cookie; the session itself ends earlier, in the database.
COOKIE_SECONDS = 400 * 86400
PROJECT_HEADER = "scriptorium-project"


@dataclass(frozen=True)
class Edge:
    """What the routes work with. `is_secure`: browsers come over TLS. `gateway_url`: where programs ask models."""

    bus: Bus
    accounts: Accounts
    keys: Keys
    live: LiveText
    changes: Changes
    is_secure: bool
    gateway_url: str | None

    @property
    def cookie(self) -> str:
        """The session cookie's name; over TLS the prefix binds it to this host (RFC 6265bis, section 4.1.3)."""
        return "__Host-scriptorium" if self.is_secure else "scriptorium"

    def give_session(self, response: Response, session: str) -> None:
        """Hand the browser its session."""
        response.set_cookie(
            self.cookie, session, max_age=COOKIE_SECONDS, secure=self.is_secure, httponly=True, samesite="lax"
        )

    def take_session(self, response: Response) -> None:
        """Have the browser forget its session."""
        response.delete_cookie(self.cookie, path="/", secure=self.is_secure, httponly=True, samesite="lax")


def edge_of(request: Request) -> Edge:
    """Return what the running service's routes work with."""
    edge: Edge = request.app.state.edge
    return edge


EdgeOf = Annotated[Edge, Depends(edge_of)]


def session_of(request: Request, edge: EdgeOf) -> str | None:
    """Read the session cookie."""
    return request.cookies.get(edge.cookie)


SessionOf = Annotated[str | None, Depends(session_of)]


async def possible_visitor(edge: EdgeOf, session: SessionOf) -> Visitor | None:
    """Say who is here, or that nobody signed in."""
    return await edge.accounts.visitor(session)


PossibleVisitor = Annotated[Visitor | None, Depends(possible_visitor)]


async def member_call(request: Request, visitor: PossibleVisitor) -> Call:
    """Make the call of a signed-in member, allowed to do the route's action."""
    if visitor is None:
        text = "Sign in to go on. What you typed is kept on this device."
        raise Unauthenticated(text)
    identity = visitor.identity_in(request.headers.get(PROJECT_HEADER))
    policy.allow(identity, request.scope["route"].openapi_extra["x-action"])
    deadline = time.monotonic() + DEFAULT_DEADLINE_SECONDS
    return Call(identity, request_id_of(request), deadline, idempotency_key_of(request))


MemberCall = Annotated[Call, Depends(member_call)]


@dataclass(frozen=True)
class Asker:
    """A member's way to the other services."""

    bus: Bus
    call: Call

    async def __call__[A: BaseModel](self, request: "message.Request[A]") -> A:
        """Ask the owner; its problem is the browser's problem."""
        return await self.bus.request(self.call, request)

    def within(self, seconds: float) -> "Asker":
        """Wait longer, where a model answers in the meantime."""
        return Asker(self.bus, self.call.with_deadline(seconds))


def asker(edge: EdgeOf, call: MemberCall) -> Asker:
    """Make the member's way to the other services."""
    return Asker(edge.bus, call)


Ask = Annotated[Asker, Depends(asker)]


class BrowserRouter(ServiceRouter):
    """Routes of the browser: each names its action; operation ids are camel case, as the client's code is."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Register a route under its function's name."""
        first, *others = (options.get("name") or endpoint.__name__).split("_")
        options["operation_id"] = first + "".join(word.capitalize() for word in others)
        super().add_api_route(path, endpoint, **options)
