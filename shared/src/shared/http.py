"""HTTP for other teams: problems, limits, health, and routes that cannot be without an action.

Callers come with an API key (`Authorization: Bearer sk_...`). Web, which knows sessions, has its own edge and
uses only `create_app`.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import policy
from shared.call import DEFAULT_DEADLINE_SECONDS, SERVICE_ROLE, Call, Identity, new_request_id
from shared.contracts.ids import new_id
from shared.contracts.web import ApiKeyRevoked, IntrospectKey, KeyIdentity
from shared.problems import Conflict, Invalid, NotFound, Problem, TooLarge, Unauthenticated, Unexpected

if TYPE_CHECKING:
    from shared.runtime.house import House

type Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

BODY_LIMIT_BYTES = 1024 * 1024
DOCUMENT_BODY_LIMIT_BYTES = 5 * 1024 * 1024
# A revoked key is told to every process at once; this is how long one could live on without that message.
KEY_CACHE_SECONDS = 10.0
# Twice the length of a key: what is longer is none, and is not worth asking about.
_LONGEST_KEY = 200

log = structlog.get_logger(__name__)


class ProblemResponse(JSONResponse):
    """A problem document, RFC 9457."""

    media_type = "application/problem+json"


def problem_response(problem: Problem, request_id: str) -> ProblemResponse:
    """Write a problem, with the id to quote and, where it is known, when to try again."""
    headers = {"Scriptorium-Request-Id": request_id}
    retry = problem.extensions.get("retry_after_seconds")
    if retry is not None:
        headers["Retry-After"] = str(retry)
    if problem.status == Unauthenticated.status:
        headers["WWW-Authenticate"] = "Bearer"
    return ProblemResponse({**problem.document(), "request_id": request_id}, problem.status, headers)


def create_app(
    service: str,
    routers: Sequence[APIRouter],
    readiness: Callable[[], Awaitable[dict[str, bool]]],
    *,
    body_limit: int = BODY_LIMIT_BYTES,
    outermost: Callable[[ASGIApp], ASGIApp] | None = None,
    title: str | None = None,
) -> FastAPI:
    """Make an application with these routes, `/healthz`, `/readyz`, problems and a body limit in bytes.

    `outermost` sees every answer, also those to a bug and to an oversized body, which middleware does not.
    """
    app = _ProblemApp(
        title=title or f"Scriptorium {service.replace('_', '-')}",
        version="1",
        docs_url=None,
        redoc_url=None,
        max_body_size=body_limit,
        telemetry={"operation_spans": False},
        generate_unique_id_function=lambda route: route.name,
        responses={
            "default": {
                "description": "A problem, RFC 9457",
                "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
            }
        },
    )
    app.outermost = outermost
    for router in routers:
        app.include_router(router)
    _add_health(app, readiness)
    _add_problem_handlers(app)
    return app


def answer_before(app: FastAPI, first: Callable[[ASGIApp], ASGIApp]) -> None:
    """Have `first` see every request before the framework does: it may answer, and then traces by itself."""
    assert isinstance(app, _ProblemApp)  # noqa: S101  `create_app` makes no other
    app.first = first


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
    },
}


def _add_health(app: FastAPI, readiness: Callable[[], Awaitable[dict[str, bool]]]) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, bool]:
        return {"alive": True}

    @app.get("/readyz", include_in_schema=False)
    async def readyz(response: Response) -> dict[str, bool]:
        parts = await readiness()
        response.status_code = 200 if all(parts.values()) else 503
        return parts


def _add_problem_handlers(app: FastAPI) -> None:
    async def on_problem(request: Request, problem: Exception) -> Response:
        return problem_response(problem if isinstance(problem, Problem) else Unexpected(), request_id_of(request))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  the handler is registered for this class only
        refused = [{"name": _place(e), "code": e["type"], "message": e["msg"]} for e in error.errors()]
        return problem_response(Invalid.of(refused), request_id_of(request))

    async def on_status(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)  # noqa: S101  the handler is registered for this class only
        return problem_response(_status_problem(error.status_code), request_id_of(request))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(StarletteHTTPException, on_status)
    app.add_exception_handler(Exception, on_problem)


def _place(error: dict[str, Any]) -> str:
    """Name what was refused. JSON that cannot be read has a position and no name."""
    source, *path = error["loc"]
    return str(source) if error["type"] == "json_invalid" or not path else ".".join(map(str, path))


class _ProblemApp(FastAPI):
    """An application whose outermost layers speak problems too."""

    outermost: Callable[[ASGIApp], ASGIApp] | None = None
    first: Callable[[ASGIApp], ASGIApp] | None = None
    _entrance: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or leave it to what comes first."""
        if self._entrance is None:
            framework = super().__call__
            self._entrance = self.first(framework) if self.first else framework
        await self._entrance(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        layered = _RecordedBug(_OversizedBodyAsProblem(super().build_middleware_stack()))
        return self.outermost(layered) if self.outermost else layered


class _RecordedBug:
    """Records a bug that was answered under the id that the caller can quote.

    The framework raises it on: the server would record it without that id and break the connection, on which the
    browser may have sent its next request already.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_answered = False

        async def watch(message: Message) -> None:
            nonlocal is_answered
            is_answered = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:  # the last place to record it
            if not is_answered:
                raise
            log.exception("request_failed", method=scope["method"], request_id=request_id_of(Request(scope)))


class _OversizedBodyAsProblem:
    """The framework refuses a body by its declared length in plain text, before any handler: say it in our form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = False

        async def watch(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == TooLarge.status:
                refused = b"text/plain" in dict(message["headers"]).get(b"content-type", b"")
            if not refused:
                await send(message)

        await self._app(scope, receive, watch)
        if refused:
            await problem_response(_status_problem(TooLarge.status), request_id_of(Request(scope)))(
                scope, receive, send
            )


def _status_problem(status: int) -> Problem:
    """Give the framework's own refusals our form."""
    if status == TooLarge.status:
        return TooLarge("The body is larger than this place takes.")
    if status == NotFound.status:
        return NotFound("There is no such address.")
    problem = Problem("This request cannot be answered in this form.")
    problem.status, problem.type, problem.title = status, f"/problems/http-{status}", "Refused"
    return problem


def request_id_of(request: Request) -> str:
    """Return this request's id, one for all that it causes."""
    if not hasattr(request.state, "request_id"):
        request.state.request_id = new_request_id()
    return str(request.state.request_id)


def house_of(request: Request) -> "House":
    """Return the running service's parts."""
    house: House = request.app.state.house
    return house


HouseOf = Annotated[Any, Depends(house_of)]


class KeyAuthenticator:
    """Turns API keys into identities by asking web; remembers each for ten seconds, forgets at once on revocation."""

    def __init__(self, house: "House") -> None:
        """Take the service that asks."""
        self._house = house
        self._known: dict[str, tuple[float, KeyIdentity]] = {}

    async def start(self) -> None:
        """Hear revocations from now on."""
        await self._house.bus.listen(ApiKeyRevoked.subject, self._forget)

    async def _forget(self, _subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        self._known.clear()

    async def identity(self, api_key: str, request_id: str) -> Identity:
        """Say who the key acts as. Raises Unauthenticated for a key that is not good."""
        if len(api_key) > _LONGEST_KEY or not api_key.isascii():
            message = "This API key is unknown, expired or revoked."
            raise Unauthenticated(message)
        found = self._known.get(api_key)
        if found is None or found[0] < time.monotonic():
            asker = Call(Identity(new_id(), None, SERVICE_ROLE), request_id)
            found = (
                time.monotonic() + KEY_CACHE_SECONDS,
                await self._house.bus.request(asker, IntrospectKey(api_key=api_key)),
            )
            self._known[api_key] = found
        key = found[1]
        return Identity(key.owner_id, key.project_id, None, frozenset(key.scopes), key.api_key_id)


async def _authorised(request: Request) -> Call:
    """Make the call of this request, allowed to do its route's action."""
    request_id = request_id_of(request)
    bearer, other = request.headers.get("authorization", ""), request.headers.get("x-api-key", "")
    identity = await request.app.state.authenticator.identity(key_in(bearer, other), request_id)
    policy.allow(identity, request.scope["route"].openapi_extra["x-action"])
    return Call(identity, request_id, time.monotonic() + DEFAULT_DEADLINE_SECONDS, idempotency_key_of(request))


def key_in(authorization: str, x_api_key: str) -> str:
    """Find the API key in whichever header the caller's client uses. Raises Unauthenticated where there is none."""
    scheme, _, bearer = authorization.partition(" ")
    key = x_api_key or (bearer if scheme.lower() == "bearer" else "")
    if not key:
        message = "Send an API key: Authorization: Bearer sk_..., or x-api-key: sk_..."
        raise Unauthenticated(message)
    return key.strip()


def idempotency_key_of(request: Request) -> str | None:
    """Read the Idempotency-Key header, up to 200 characters."""
    key = request.headers.get("idempotency-key")
    return key[:200] if key else None


CallOf = Annotated[Call, Depends(_authorised)]


class ServiceRouter(APIRouter):
    """A router whose routes each name the action that a caller must be allowed; one without fails at import."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Register a route. Raises KeyError where it names no action of the policy table."""
        policy.known_action((options.get("openapi_extra") or {})["x-action"])
        super().add_api_route(path, endpoint, **options)

    def get(self, path: str, *, action: str, **options: Any) -> Decorator:  # type: ignore[override]
        """Read something."""
        return super().get(path, openapi_extra={"x-action": action}, **options)

    def post(self, path: str, *, action: str, **options: Any) -> Decorator:  # type: ignore[override]
        """Make or start something."""
        return super().post(path, openapi_extra={"x-action": action}, **options)

    def put(self, path: str, *, action: str, **options: Any) -> Decorator:  # type: ignore[override]
        """Set something."""
        return super().put(path, openapi_extra={"x-action": action}, **options)

    def patch(self, path: str, *, action: str, **options: Any) -> Decorator:  # type: ignore[override]
        """Change something."""
        return super().patch(path, openapi_extra={"x-action": action}, **options)

    def delete(self, path: str, *, action: str, **options: Any) -> Decorator:  # type: ignore[override]
        """Take something away."""
        return super().delete(path, openapi_extra={"x-action": action}, **options)


def revision_of(request: Request) -> int:
    """Read the If-Match header as a revision. Raises Conflict where it is missing or not a number."""
    text = request.headers.get("if-match", "").strip('"')
    # isdecimal, and 9 digits: int() refuses superscripts, and no row counts to more than 2**31 - 1.
    if not text.isdecimal() or len(text) > 9:
        message = 'Send the revision that you saw: If-Match: "3".'
        raise Conflict(message)
    return int(text)
