"""What one service process holds: database, bus, background work; opened in order, closed in reverse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from shared import faults, idempotency
from shared.bus import Bus
from shared.consumers import Consumers
from shared.http import BODY_LIMIT_BYTES, KeyAuthenticator, create_app
from shared.outbox import OutboxRelay
from shared.postgres import Database, connect_database
from shared.problems import Unavailable
from shared.runtime.logs import configure_logs, logger
from shared.runtime.settings import ServiceSettings
from shared.runtime.telemetry import configure_telemetry
from shared.streams import consumed_by, ensure_consumer, ensure_streams
from shared.tokens import TokenSigner, TokenVerifier

# A server that starts beside us may need this long; after it the supervisor's restart is the better answer.
START_PATIENCE_SECONDS = 30
RESTART_SECONDS = 1.0
SWEEP_SECONDS = 600

log = logger(__name__)


@dataclass
class House:
    """The parts of one running service. `stopping` is set when the process was told to end."""

    service: str
    settings: ServiceSettings
    database: Database
    bus: Bus
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _background: list[tuple[str, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    _on_stopping: list[Callable[[], None]] = field(default_factory=list)
    _at_stop: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make what asks web about API keys (`authenticator`), and what fetches facts and jobs."""
        self.authenticator = KeyAuthenticator(self)
        self._consumers = Consumers(self.bus, self.database)

    def background(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Have `work` run for as long as the service does; after an error it is started again."""
        self._background.append((name, work))

    def on_stopping(self, callback: Callable[[], None]) -> None:
        """Have `callback` called when the process is told to end, while its connections are still open."""
        self._on_stopping.append(callback)

    def stop(self) -> None:
        """Say that the process ends: not ready any more, and long streams are let go."""
        self.stopping.set()
        for callback in self._on_stopping:
            callback()

    def at_stop(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have `work` awaited when the service stops, before its bus and database close."""
        self._at_stop.append(work)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start consumers, answers and background work; stop them in reverse."""
        relay = OutboxRelay(self.database, self.bus, self.settings.relay_database_url.get_secret_value())
        self._background = [("outbox", relay.run), ("sweep", self._sweep), *self._background]
        tasks = [asyncio.create_task(_again(name, work), name=name) for name, work in self._background]
        consumers = asyncio.create_task(_again("consumers", self._consumers.run), name="consumers")
        await self.bus.start_answering()
        await self.authenticator.start()
        try:
            yield
        finally:
            await _end([consumers])
            for work in self._at_stop:
                await work()
            await self.bus.stop_answering()
            await _end(tasks)

    def app(
        self,
        routers: Sequence[APIRouter],
        *,
        body_limit: int = BODY_LIMIT_BYTES,
        outermost: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> FastAPI:
        """Make the HTTP application: these routes, health, readiness, problems, limits, `outermost` around all."""
        app = create_app(self.service, routers, self.is_ready, body_limit=body_limit, outermost=outermost)
        app.state.house = self
        app.state.authenticator = self.authenticator
        return app

    async def is_ready(self) -> dict[str, bool]:
        """Say of each part whether it answers; a process that is stopping is not ready."""
        return {
            "database": await self.database.is_ready(),
            "nats": self.bus.connected,
            "serving": not self.stopping.is_set(),
        }

    async def _sweep(self) -> None:
        while True:
            async with self.database.relay() as conn:
                await idempotency.forget_old(conn)
            await asyncio.sleep(SWEEP_SECONDS)


@asynccontextmanager
async def open_house(service: str, settings: ServiceSettings) -> AsyncIterator[House]:
    """Connect everything that a service needs.

    Raises Unavailable where a server stays away, StreamDiffersError where NATS holds another configuration.
    """
    configure_logs(service, settings.log_level, settings.log_format)
    faults.arm(settings.fault_points)
    telemetry = configure_telemetry(service, settings.otlp_endpoint)
    async with AsyncExitStack() as stack:
        if telemetry is not None:
            stack.callback(telemetry.shutdown)
        database = await _patiently(lambda: _connect_database(service, settings))
        stack.push_async_callback(database.close)
        bus = await connect_bus(service, settings)
        stack.push_async_callback(bus.close)
        await ensure_transport(bus)
        yield House(service, settings, database, bus)


async def ensure_transport(bus: Bus) -> None:
    """Make missing streams and durables; refuse where one exists with another configuration."""
    await ensure_streams(bus.jetstream)
    for message in consumed_by(bus.service):
        await ensure_consumer(bus.jetstream, bus.service, message)


async def _connect_database(service: str, settings: ServiceSettings) -> Database:
    return await connect_database(
        settings.database_url.get_secret_value(),
        settings.relay_database_url.get_secret_value(),
        application_name=service,
    )


async def connect_bus(service: str, settings: ServiceSettings) -> Bus:
    """Connect to NATS as this service, waiting for a server that is still starting."""
    signer = TokenSigner(service, settings.signing_key.get_secret_value())
    bus = Bus(service, settings.nats_url.get_secret_value(), signer, TokenVerifier(service, settings.public_keys))
    await _patiently(bus.connect)
    return bus


async def _patiently[T](connect: Callable[[], Awaitable[T]]) -> T:
    deadline = asyncio.get_running_loop().time() + START_PATIENCE_SECONDS
    while True:
        try:
            return await connect()
        except (OSError, Unavailable):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.25)


async def _again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Unavailable:
            log.warning("background_waits", work=name)
        except Exception:  # background work outlives its bugs: recorded, and tried again
            log.exception("background_failed", work=name)
        await asyncio.sleep(RESTART_SECONDS)


async def _end(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
