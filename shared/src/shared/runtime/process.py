"""The command line of every service: `serve`, `migrate` and `openapi`, and what SIGTERM does."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI

from shared.http import create_app
from shared.migrations import MigrationChangedError, migrate
from shared.runtime.garbage import spare_what_stays
from shared.runtime.house import House, connect_bus, ensure_transport
from shared.runtime.logs import configure_logs, logger
from shared.runtime.settings import ServiceSettings
from shared.runtime.slow_clients import BoundedProtocol
from shared.streams import StreamDiffersError

log = logger(__name__)


def run[S: ServiceSettings](
    service: str,
    settings_type: type[S],
    opened: Callable[[S], AbstractAsyncContextManager[FastAPI]],
    migrations: Path | None,
    routers: Sequence[APIRouter] = (),
) -> None:
    """Read the command line and do it. Exits with 2 and one sentence where the command is unknown."""
    command = sys.argv[1] if len(sys.argv) > 1 else "serve"
    if command == "serve":
        settings = settings_type()
        # Twice the messages a core of the standard loop.
        asyncio.run(serve(settings, opened(settings)), loop_factory=uvloop.new_event_loop)
    elif command == "migrate":
        asyncio.run(migrate_service(service, settings_type(), migrations))
    elif command == "openapi":
        sys.stdout.write(json.dumps(create_app(service, routers, _never_ready).openapi()))
    else:
        sys.stderr.write(f"python -m {service} knows serve, migrate and openapi, not {command}.\n")
        sys.exit(2)


async def _never_ready() -> dict[str, bool]:
    return {"serving": False}


async def migrate_service(service: str, settings: ServiceSettings, migrations: Path | None) -> None:
    """Bring the schema, the streams and the durables to what this version wants. Safe to repeat.

    Exits with one sentence where the operator must choose: an applied migration or a stream differs.
    """
    configure_logs(service, settings.log_level, settings.log_format)
    if settings.owner_database_url is None:
        sys.exit(f"{service} migrate needs the owner's database address ({service.upper()}_OWNER_DATABASE_URL).")
    try:
        await _migrate(service, settings, settings.owner_database_url.get_secret_value(), migrations)
    except (MigrationChangedError, StreamDiffersError) as error:
        sys.exit(str(error))


async def _migrate(service: str, settings: ServiceSettings, owner_dsn: str, migrations: Path | None) -> None:
    applied = await migrate(owner_dsn, migrations, service)
    log.info("migrated", applied=applied)
    bus = await connect_bus(service, settings)
    try:
        await ensure_transport(bus)
    finally:
        await bus.close()


async def serve(settings: ServiceSettings, opened: AbstractAsyncContextManager[FastAPI]) -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish what was begun."""
    async with opened as app:
        server = _Server(_config(settings, app))
        server.house = getattr(app.state, "house", None)
        spare_what_stays()
        await server.serve()


def _config(settings: ServiceSettings, app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.stop_seconds),
        http=BoundedProtocol,
    )


class _Server(uvicorn.Server):
    """Uvicorn, with our own order of stopping: not ready first, then streams are told, then connections close."""

    house: House | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear SIGTERM and SIGINT without raising them again after the stop: a clean stop exits with 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        log.info("stopping")
        if self.house is not None:
            self.house.stop()
        self.should_exit = True
