"""Consumers of facts and jobs: explicit acknowledgement, backoff, dead letters as rows.

A handler returns and the message is acknowledged; a part that is away is waited for; a problem or a bad
payload is buried at once, a bug after five deliveries. What is buried is a row in `dead_letters`.
"""

import asyncio
import contextlib
from uuid import UUID

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from opentelemetry import context, propagate, trace

from shared.bus import Bus, Consumed
from shared.call import Envelope, Event
from shared.contracts.message import durable_name
from shared.envelope import read_headers
from shared.postgres import Database
from shared.problems import DeadlineExceeded, Problem, RateLimited, RemoteProblem, Unavailable
from shared.streams import ACK_WAIT_SECONDS, ensure_consumer, ensure_streams, wanted_consumer

DELIVERIES = 5
LONGEST_BACKOFF_SECONDS = 30
FETCH_SECONDS = 5.0
_TRANSIENT = {Unavailable.type, DeadlineExceeded.type, RateLimited.type}

log = structlog.get_logger(__name__)
tracer = trace.get_tracer("scriptorium.consumers")


class Consumers:
    """The durable consumers of one service."""

    def __init__(self, bus: Bus, database: Database) -> None:
        """Take the connection to fetch from and the database to bury in."""
        self._bus = bus
        self._database = database

    async def run(self) -> None:
        """Consume until cancelled; what is being handled then is finished first."""
        async with asyncio.TaskGroup() as group:
            for consumed in self._bus.consumed:
                group.create_task(_Loop(self._bus, self._database, consumed).run())


class _Loop:
    """Fetches one message at a time for the free slots: nothing waits prefetched while its deadline runs."""

    def __init__(self, bus: Bus, database: Database, consumed: Consumed) -> None:
        self._bus = bus
        self._database = database
        self._consumed = consumed
        self._durable = durable_name(bus.service, consumed.message)
        self._slots = asyncio.Semaphore(consumed.concurrency)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                with contextlib.suppress(NatsError, JetStreamError, TimeoutError):
                    await self._fetch_until_lost()
                await asyncio.sleep(0.5)
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=ACK_WAIT_SECONDS)

    async def _fetch_until_lost(self) -> None:
        """Find the consumer, or make it again where the store was wiped, then fetch while it is there."""
        jetstream = self._bus.jetstream
        await ensure_streams(jetstream)
        await ensure_consumer(jetstream, self._bus.service, self._consumed.message)
        stream, _ = wanted_consumer(self._bus.service, self._consumed.message)
        subscription = await jetstream.pull_subscribe_bind(self._durable, stream)
        try:
            await self._fetch(subscription)
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    async def _fetch(self, subscription: JetStreamContext.PullSubscription) -> None:
        while True:
            await self._slots.acquire()
            try:
                (message,) = await subscription.fetch(1, timeout=FETCH_SECONDS, heartbeat=1)
            except TimeoutError:
                self._slots.release()
                # A fetch that ended in silence may be an empty queue or a consumer that is gone.
                await subscription.consumer_info()
                continue
            except BaseException:  # cancelled too: the slot must be free again
                self._slots.release()
                raise
            task = asyncio.create_task(self._handle(message))
            self._running.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._slots.release()

    async def _handle(self, message: Msg) -> None:
        token = context.attach(propagate.extract(message.headers or {}))
        heartbeat = asyncio.create_task(_keep_alive(message))
        try:
            with tracer.start_as_current_span(self._durable, kind=trace.SpanKind.CONSUMER):
                await self._settle(message)
        except (NatsError, Unavailable) as error:
            log.warning("message_left_for_redelivery", durable=self._durable, error=type(error).__name__)
        finally:
            heartbeat.cancel()
            context.detach(token)

    async def _settle(self, message: Msg) -> None:
        """Call the handler; acknowledge, ask for redelivery or bury."""
        try:
            event = Event(read_headers(message.headers or {}), self._consumed.message.model_validate_json(message.data))
        except (KeyError, ValueError) as error:
            await self._bury(message, f"not readable: {error}")
            return
        try:
            await self._consumed.handler(event)
        except Problem as problem:
            await self._after_problem(message, problem)
        except Exception as error:  # a bug in a handler must neither lose the message nor stop its neighbours
            log.exception("consumer_failed", durable=self._durable)
            await self._after_bug(message, error)
        else:
            await message.ack()

    async def _after_problem(self, message: Msg, problem: Problem) -> None:
        kind = problem.type if isinstance(problem, RemoteProblem) else type(problem).type
        if kind in _TRANSIENT:
            await message.nak(delay=_backoff(message))
        else:
            await self._bury(message, f"{problem.type}: {problem.detail}")

    async def _after_bug(self, message: Msg, error: Exception) -> None:
        if message.metadata.num_delivered < DELIVERIES:
            await message.nak(delay=_backoff(message))
        else:
            await self._bury(message, f"{type(error).__name__}: {error}")

    async def _bury(self, message: Msg, error: str) -> None:
        """Keep the message as a row, then end its deliveries."""
        headers = dict(message.headers or {})
        event_id, project_id = _names(message, headers)
        async with self._database.relay() as conn:
            await conn.execute(
                _BURY,
                project_id,
                self._durable,
                event_id,
                message.subject,
                message.data,
                headers,
                message.metadata.num_delivered,
                error[:2000],
            )
        log.error("message_buried", durable=self._durable, event_id=str(event_id))
        await message.term()


def _names(message: Msg, headers: dict[str, str]) -> tuple[UUID, UUID]:
    """Read which message this is and whose; its place in the stream and the nil id where the headers do not say."""
    try:
        envelope: Envelope = read_headers(headers)
    except (KeyError, ValueError):
        return UUID(int=message.metadata.sequence.stream), UUID(int=0)
    return envelope.id, envelope.project_id


def _backoff(message: Msg) -> float:
    return float(min(LONGEST_BACKOFF_SECONDS, 0.2 * 2 ** min(message.metadata.num_delivered, 10)))


async def _keep_alive(message: Msg) -> None:
    while True:
        await asyncio.sleep(ACK_WAIT_SECONDS / 3)
        await message.in_progress()


_BURY = """
INSERT INTO dead_letters (project_id, reader, event_id, subject, payload, headers, deliveries, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (project_id, reader, event_id) DO UPDATE SET deliveries = excluded.deliveries, error = excluded.error
"""
