"""The providers' own endpoints for other teams: an official SDK needs another address and key, and nothing else.

Plain ASGI: a framework's request and response would take longer than everything that is done here.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import context, propagate
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_gateway.api.errors import error_body, error_events, status_of
from llm_gateway.api.standing import Headers, answer_headers
from llm_gateway.domain.calls import Account, Wire
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.endpoints.asking import Asking, read_asking
from llm_gateway.operations.endpoints.prompting import take_prompt
from llm_gateway.operations.endpoints.reply import Answered
from llm_gateway.operations.endpoints.serving import serve
from llm_gateway.providers.upstream import PASSED_HEADERS
from llm_gateway.providers.wires import FORMATS
from shared import policy
from shared.call import DEFAULT_DEADLINE_SECONDS, Call, new_request_id
from shared.http import KeyAuthenticator, key_in
from shared.problems import Problem, TooLarge, Unexpected
from shared.runtime import logger

ACTION: Final = policy.known_action("models.call")
ENDPOINTS: Final[Mapping[str, Wire]] = {
    "/v1/chat/completions": "chat_completions",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
    "/v1/messages": "messages",
}
# Pictures travel inside of the body.
BODY_LIMIT_BYTES: Final = 32 * 1024 * 1024

_ASKED_ENOUGH: Final = ("/problems/provider-", "/problems/generation-timed-out")
_KEY_HEADERS: Final = (b"authorization", b"x-api-key")
_STREAM_HEADERS: Final = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))

log = logger(__name__)


class Endpoints:
    """Answers the providers' paths, and hands everything else to the application behind it."""

    def __init__(self, app: ASGIApp, desk: Desk, authenticator: KeyAuthenticator) -> None:
        """Take what answers everything else, what serves the calls, and who knows the keys."""
        self._app = app
        self._desk = desk
        self._authenticator = authenticator
        self._call_seconds = desk.limits.generation_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        wire = ENDPOINTS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if wire is None:
            await self._app(scope, receive, send)
            return
        reply = HttpReply(wire, send, new_request_id())
        try:
            headers = dict(scope["headers"])
            with _trace_of_caller(headers):
                await self._answer(wire, headers, receive, reply)
        except Problem as problem:
            await reply.refuse(problem)
        except asyncio.CancelledError:
            # The caller is gone. Where the server itself ends the request, nobody reads an answer either.
            return
        except Exception:  # a bug is one request's: recorded under the id that the caller can quote
            log.exception("endpoint_failed", request_id=reply.request_id)
            await reply.refuse(Unexpected())

    async def _answer(self, wire: Wire, headers: Mapping[bytes, bytes], receive: Receive, reply: "HttpReply") -> None:
        call = await self._call(headers, reply.request_id)
        account = Account(call.project_id, call.actor_id, call.identity.api_key_id)
        asking = read_asking(account, reply.request_id, FORMATS[wire], await _body(headers, receive), call.deadline)
        asking.headers = {
            name.decode("latin-1"): headers[name].decode("latin-1") for name in PASSED_HEADERS if name in headers
        }
        asking.wants_fresh = b"no-cache" in headers.get(b"cache-control", b"")
        await _while_connected(receive, reply, self._serve(call, asking, reply))

    async def _serve(self, call: Call, asking: Asking, reply: "HttpReply") -> None:
        await take_prompt(self._desk.bus, call.with_deadline(DEFAULT_DEADLINE_SECONDS), asking)
        await serve(self._desk, asking, reply)

    async def _call(self, headers: Mapping[bytes, bytes], request_id: str) -> Call:
        """Make the call of this request, allowed to call models, with the longest time that one may take."""
        authorization, x_api_key = (headers.get(name, b"").decode("latin-1") for name in _KEY_HEADERS)
        identity = await self._authenticator.identity(key_in(authorization, x_api_key), request_id)
        policy.allow(identity, ACTION)
        return Call(identity, request_id, time.monotonic() + self._call_seconds)


class HttpReply:
    """The caller's end of one request."""

    def __init__(self, wire: Wire, send: Send, request_id: str) -> None:
        """Take the format in which errors are said, and the id to quote."""
        self._wire = wire
        self._send = send
        self._has_begun = False
        self.is_complete = False
        self.request_id = request_id

    async def whole(self, body: bytes, answered: Answered) -> None:
        """Answer in one piece."""
        await self._finish(200, body, answer_headers(self._wire, answered))

    async def begin(self, answered: Answered) -> None:
        """Begin a stream of events."""
        self._has_begun = True
        headers = [*_STREAM_HEADERS, self._name(), *answer_headers(self._wire, answered)]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(self, events: bytes) -> None:
        """Send whole events."""
        await self._send({"type": "http.response.body", "body": events, "more_body": True})

    async def fail(self, problem: Problem) -> None:
        """Say in the middle of a stream that it ends here."""
        await self.send(error_events(self._wire, problem, self.request_id))
        await self.end()

    async def end(self) -> None:
        """End the stream."""
        self.is_complete = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, problem: Problem) -> None:
        """Answer with an error, or end the stream with one."""
        if self._has_begun:
            await self.fail(problem)
            return
        retry = problem.extensions.get("retry_after_seconds")
        headers = [] if retry is None else [(b"retry-after", str(retry).encode())]
        if retry is None and problem.type.startswith(_ASKED_ENOUGH):
            # The gateway has asked as often as may help; the SDKs would do all of that again.
            headers.append((b"x-should-retry", b"false"))
        await self._finish(status_of(problem), error_body(self._wire, problem, self.request_id), headers)

    async def _finish(self, status: int, body: bytes, headers: Headers) -> None:
        self._has_begun = True
        told = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            self._name(),
            *headers,
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": told})
        self.is_complete = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _name(self) -> tuple[bytes, bytes]:
        """The id to quote, under the name that the format's SDK reads."""
        return (b"request-id" if self._wire == "messages" else b"x-request-id", self.request_id.encode())


@contextmanager
def _trace_of_caller(headers: Mapping[bytes, bytes]) -> Iterator[None]:
    """Put what happens inside into the caller's trace, where it sent one."""
    traceparent = headers.get(b"traceparent")
    if traceparent is None:
        yield
        return
    token = context.attach(propagate.extract({"traceparent": traceparent.decode("latin-1")}))
    try:
        yield
    finally:
        context.detach(token)


async def _while_connected(receive: Receive, reply: HttpReply, work: Awaitable[None]) -> None:
    """Do the work as long as the caller is there: a closed connection ends it, and with it the provider's.

    What follows the complete answer is done in any case: the server says `disconnect` then too.
    """
    task = asyncio.current_task()
    watch = asyncio.ensure_future(receive())

    def gone(watched: "asyncio.Future[Message]") -> None:
        if not watched.cancelled() and not reply.is_complete and task is not None:
            task.cancel()

    watch.add_done_callback(gone)
    try:
        await work
    finally:
        watch.remove_done_callback(gone)
        watch.cancel()


async def _body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > BODY_LIMIT_BYTES:
        raise _too_large()
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        piece = message.get("body", b"")
        size += len(piece)
        if size > BODY_LIMIT_BYTES:
            raise _too_large()
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large() -> TooLarge:
    return TooLarge(f"The body is larger than {BODY_LIMIT_BYTES // 1024 // 1024} MB.")
