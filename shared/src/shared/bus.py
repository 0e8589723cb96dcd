"""The bus: requests with identity and deadline, live text, and the way of facts and jobs into JetStream.

Consumers of facts and jobs live in `shared.consumers`. Core NATS subscriptions survive a reconnect by
themselves; what was lost meanwhile is found by whoever reads the rows.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from opentelemetry import context, propagate, trace
from pydantic import BaseModel, ValidationError

from shared import policy
from shared.call import DEFAULT_DEADLINE_SECONDS, Call, Event, new_request_id
from shared.contracts.message import Fact, Job, Request
from shared.contracts.permissions import INBOXES, inbox_prefix
from shared.problems import DeadlineExceeded, Forbidden, Invalid, Problem, RemoteProblem, Unavailable, Unexpected
from shared.tokens import TokenSigner, TokenVerifier

A = TypeVar("A", bound=BaseModel)
R = TypeVar("R", bound=Request[Any])
M = TypeVar("M", bound=Fact | Job)
LiveHandler = Callable[[str, bytes, dict[str, str]], Awaitable[None]]

AUTHORIZATION = "authorization"
DEADLINE = "scriptorium-deadline-milliseconds"
REQUEST_ID = "scriptorium-request-id"
IDEMPOTENCY_KEY = "idempotency-key"
PROBLEM = "scriptorium-problem"

# Enough for every page of every member at once; what comes above waits in NATS' own buffer.
CONCURRENT_ANSWERS = 256
# A service that restarts is back within this time; nobody has heard the request, so asking again is safe.
WAIT_FOR_RESPONDER_SECONDS = 2.0
STREAM_ACK_SECONDS = 5.0
FLUSH_SECONDS = 1

log = structlog.get_logger(__name__)
tracer = trace.get_tracer("scriptorium.bus")


@dataclass(frozen=True)
class Answering:
    """One kind of request and who answers it."""

    request: type[Request[Any]]
    handler: Callable[[Call, Any], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Consumed:
    """One kind of fact or job, who handles it, and how many at once in this process."""

    message: type[Fact] | type[Job]
    handler: Callable[[Event[Any]], Awaitable[None]]
    concurrency: int


class Bus:
    """One service's connection to NATS, under its own user and inbox."""

    def __init__(self, service: str, url: str, signer: TokenSigner, verifier: TokenVerifier) -> None:
        """Keep what is needed; `connect` opens it."""
        self.service = service
        self._url = url
        self._signer = signer
        self._verifier = verifier
        self._client = Client()
        self._answering: dict[str, Answering] = {}
        self.consumed: list[Consumed] = []
        self._room = asyncio.Semaphore(CONCURRENT_ANSWERS)
        self._running: set[asyncio.Task[None]] = set()
        self._subscriptions: list[Subscription] = []
        self._on_reconnect: list[Callable[[], None]] = []
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def connected(self) -> bool:
        """Whether NATS is there now."""
        return self._client.is_connected

    @property
    def jetstream(self) -> JetStreamContext:
        """The context for streams and consumers, over this connection."""
        return self._client.jetstream(timeout=STREAM_ACK_SECONDS)

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each lost connection came back: what was live meanwhile was missed."""
        self._on_reconnect.append(callback)

    def answer(self, request: type[R], handler: Callable[[Call, R], Awaitable[BaseModel]]) -> None:
        """Answer this kind of request from `start_answering` on. The caller is authorised before `handler` runs."""
        policy.known_action(request.action)
        if request.owner() != self.service:
            message = f"{request.subject} belongs to {request.owner()}"
            raise ValueError(message)
        self._answering[request.subject] = Answering(request, handler)

    def consume(
        self, message: type[M], handler: Callable[[Event[M]], Awaitable[None]], *, concurrency: int = 16
    ) -> None:
        """Have `handler` called for every message of this kind, once `shared.consumers` runs. It may come twice."""
        reads = self.service in message.readers if issubclass(message, Fact) else message.owner() == self.service
        if not reads:
            text = f"{message.subject} is not read by {self.service}"
            raise ValueError(text)
        self.consumed.append(Consumed(message, handler, concurrency))  # type: ignore[arg-type]

    async def connect(self) -> None:
        """Connect once, then stay connected for ever. Raises Unavailable where NATS is not there."""
        try:
            await self._client.connect(
                self._url,
                name=self.service,
                inbox_prefix=inbox_prefix(self.service).encode(),
                error_cb=self._heard_error,
                disconnected_cb=self._disconnected,
                reconnected_cb=self._reconnected,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; the library sleeps for any number
                connect_timeout=2,
                ping_interval=2,
                max_outstanding_pings=3,
                allow_reconnect=True,
            )
        except (OSError, NatsError, TimeoutError) as error:
            message = "NATS is not there."
            raise Unavailable(message) from error

    async def start_answering(self) -> None:
        """Subscribe every answered request, shared with the other processes of this service; NATS knows at return."""
        for subject in self._answering:
            self._subscriptions.append(await self._client.subscribe(subject, queue=self.service, cb=self._receive))
        await self._flush()

    async def stop_answering(self) -> None:
        """Take no more requests and finish the ones begun."""
        with contextlib.suppress(NatsError):
            for subscription in self._subscriptions:
                await subscription.drain()  # type: ignore[no-untyped-call]
        if self._running:
            await asyncio.wait(self._running, timeout=DEFAULT_DEADLINE_SECONDS)

    async def close(self) -> None:
        """Send what is waiting, then disconnect."""
        await self._flush()
        await self._client.close()

    async def _flush(self) -> None:
        """Wait until NATS has what was sent. Where it is away, the client sends it again once it is back."""
        if self._client.is_connected:
            with contextlib.suppress(NatsError, TimeoutError):
                await self._client.flush(timeout=FLUSH_SECONDS)

    async def request(self, call: Call, message: Request[A]) -> A:
        """Ask the owner and return its answer. Raises the owner's problem, Unavailable or DeadlineExceeded."""
        with tracer.start_as_current_span(message.subject, kind=trace.SpanKind.CLIENT):
            reply = await self._send(call, message)
        if reply.headers and PROBLEM in reply.headers:
            raise RemoteProblem(orjson.loads(reply.data))
        return cast("A", type(message).answer.model_validate_json(reply.data))

    async def _send(self, call: Call, message: Request[Any]) -> Msg:
        payload, headers = message.model_dump_json().encode(), self._headers(call, message)
        waits_until = time.monotonic() + WAIT_FOR_RESPONDER_SECONDS
        while True:
            seconds = call.remaining_seconds()
            if seconds <= 0:
                raise _too_late(message)
            if not self.connected:
                raise _away(message)
            try:
                async with self._until_disconnected():
                    return await self._client.request(message.subject, payload, timeout=seconds, headers=headers)
            except NoRespondersError as error:
                if time.monotonic() > waits_until:
                    raise _away(message) from error
                await asyncio.sleep(0.1)
            except TimeoutError as error:
                raise (_away(message) if call.remaining_seconds() > 0 else _too_late(message)) from error
            except NatsError as error:
                raise _away(message) from error

    @contextlib.asynccontextmanager
    async def _until_disconnected(self) -> AsyncIterator[None]:
        """Raise TimeoutError at once where NATS goes: an answer that was on its way cannot come any more."""
        async with asyncio.timeout(None) as waiting:
            self._waiting.add(waiting)
            try:
                yield
            finally:
                self._waiting.discard(waiting)

    def _headers(self, call: Call, message: Request[Any]) -> dict[str, str]:
        headers = {
            AUTHORIZATION: f"Bearer {self._signer.token(call.identity, message.owner())}",
            DEADLINE: str(int(call.remaining_seconds() * 1000)),
            REQUEST_ID: call.request_id,
        }
        if call.idempotency_key is not None:
            headers[IDEMPOTENCY_KEY] = call.idempotency_key
        propagate.inject(headers)
        return headers

    async def publish_live(self, subject: str, payload: BaseModel | bytes) -> None:
        """Tell whoever watches now. Lossy: nobody may be there, and a lost connection drops it."""
        if self.connected:
            body = payload if isinstance(payload, bytes) else payload.model_dump_json().encode()
            await self._client.publish(subject, body)

    async def listen(self, subject: str, handler: LiveHandler) -> Subscription:
        """Hear every message on a core subject, in this process, from now until `unsubscribe` on what is returned."""

        async def hear(message: Msg) -> None:
            await handler(message.subject, message.data, message.headers or {})

        subscription = await self._client.subscribe(subject, cb=hear)
        await self._flush()
        return subscription

    async def publish_stored(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        """Store a message in its stream. Returns when the stream has it; raises Unavailable where that is not sure."""
        if not self.connected:
            message = "NATS is away for a moment."
            raise Unavailable(message)
        try:
            await self.jetstream.publish(subject, payload, headers={**headers, "Nats-Msg-Id": headers["ce-id"]})
        except (NatsError, JetStreamError, TimeoutError) as error:
            message = "The stream did not acknowledge the message."
            raise Unavailable(message) from error

    async def _receive(self, message: Msg) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._answer(message))
        self._running.add(task)
        task.add_done_callback(self._answered)

    def _answered(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._room.release()

    async def _answer(self, message: Msg) -> None:
        headers = message.headers or {}
        answering = self._answering[message.subject]
        token = context.attach(propagate.extract(headers))
        try:
            with tracer.start_as_current_span(message.subject, kind=trace.SpanKind.SERVER):
                await self._respond(message, await self._outcome(answering, headers, message.data))
        finally:
            context.detach(token)

    async def _outcome(self, answering: Answering, headers: dict[str, str], payload: bytes) -> BaseModel | Problem:
        try:
            call = self._authorised(answering.request, headers)
            command = answering.request.model_validate_json(payload)
            async with asyncio.timeout(call.remaining_seconds()):
                return await answering.handler(call, command)
        except Problem as problem:
            return problem
        except ValidationError as error:
            return Invalid.of(refused_values(error))
        except TimeoutError:
            return DeadlineExceeded("This took longer than the caller waits.")
        except Exception:  # the last place to answer: a bug becomes a problem for the caller and a record for us
            log.exception("request_failed", subject=answering.request.subject, request_id=headers.get(REQUEST_ID))
            return Unexpected()

    def _authorised(self, request: type[Request[Any]], headers: dict[str, str]) -> Call:
        issuer, identity = self._verifier.verify(headers.get(AUTHORIZATION, "").removeprefix("Bearer "))
        if issuer not in request.callers:
            message = f"{issuer} may not send {request.subject}."
            raise Forbidden(message)
        policy.allow(identity, request.action)
        return Call(
            identity,
            headers.get(REQUEST_ID) or new_request_id(),
            time.monotonic() + _seconds_left(headers),
            headers.get(IDEMPOTENCY_KEY),
        )

    async def _respond(self, message: Msg, outcome: BaseModel | Problem) -> None:
        # An answer goes to an inbox only: whoever asks must not have us publish under a subject that is ours alone.
        if not message.reply.startswith(INBOXES) or self._client.is_closed:
            return
        body, headers = _written(message.subject, outcome)
        await self._client.publish(message.reply, body, headers=headers)

    async def _heard_error(self, error: Exception) -> None:
        log.warning("nats_error", error=type(error).__name__, detail=str(error)[:200])

    async def _disconnected(self) -> None:
        for waiting in self._waiting:
            waiting.reschedule(asyncio.get_running_loop().time())

    async def _reconnected(self) -> None:
        log.info("nats_reconnected")
        for callback in self._on_reconnect:
            callback()


def _seconds_left(headers: dict[str, str]) -> float:
    """Read how long the caller waits; the usual time where it does not say so in milliseconds."""
    text = headers.get(DEADLINE, "")
    return int(text) / 1000 if text.isdecimal() and len(text) < 10 else DEFAULT_DEADLINE_SECONDS


def _written(subject: str, outcome: BaseModel | Problem) -> tuple[bytes, dict[str, str] | None]:
    """Write an answer; one that cannot be written is a bug, told at once instead of left to the deadline."""
    try:
        if isinstance(outcome, Problem):
            return orjson.dumps(outcome.document(), default=str), {PROBLEM: outcome.type}
        return outcome.model_dump_json().encode(), None
    except (TypeError, ValueError):
        log.exception("answer_not_writable", subject=subject)
        return orjson.dumps(Unexpected().document()), {PROBLEM: Unexpected.type}


def refused_values(error: ValidationError) -> list[dict[str, Any]]:
    """List what pydantic refused, by name, without repeating the values themselves."""
    return [
        {"name": ".".join(map(str, e["loc"])) or "body", "code": e["type"], "message": e["msg"]}
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _away(message: Request[Any]) -> Unavailable:
    return Unavailable(
        f"The service {message.owner().replace('_', '-')} is away for a moment. Nothing was lost; try again."
    )


def _too_late(message: Request[Any]) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"The service {message.owner().replace('_', '-')} did not answer in time. What was begun may still finish."
    )
