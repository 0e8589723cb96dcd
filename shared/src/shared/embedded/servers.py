"""The three servers together: `async with EmbeddedServers(folder, ports, passwords) as servers`."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.embedded.binaries import ServerBinaries
from shared.embedded.folder import locked_folder
from shared.embedded.nats import Nats
from shared.embedded.passwords import SUPERUSER, ServerPasswords
from shared.embedded.ports import LOOPBACK, ServerPorts
from shared.embedded.postgres import Postgres
from shared.embedded.process import ServerProcess
from shared.embedded.provision import PostgresAdministration
from shared.embedded.settings import EmbeddedSettings
from shared.embedded.valkey import Valkey


@dataclass
class EmbeddedServers:
    """PostgreSQL, NATS and Valkey on loopback ports, with all data under `folder`.

    Entering starts all three (0.7 s the first time, 0.1 s later) and creates the services' databases
    and roles; leaving stops them. They die with this process, however it dies. With `is_durable`
    switched off a power failure may damage the databases: for tests only.
    Raises EmbeddedServerError with a sentence for the user.
    """

    folder: Path
    ports: ServerPorts
    passwords: ServerPasswords
    is_durable: bool = True
    settings: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    processes: dict[str, ServerProcess] = field(default_factory=dict, init=False)
    _servers: dict[str, Postgres | Nats | Valkey] = field(default_factory=dict, init=False)
    _held: ExitStack = field(default_factory=ExitStack, init=False)

    @property
    def redis_url(self) -> str:
        """Address of Valkey with its password."""
        return f"redis://:{self.passwords.redis}@{LOOPBACK}:{self.ports.redis}/0"

    @property
    def admin_dsn(self) -> str:
        """Address of PostgreSQL for its superuser."""
        return self.postgres_dsn(SUPERUSER, "postgres")

    def postgres_dsn(self, role: str, database: str) -> str:
        """Address of `database` for `role`, for instance `prompts_app` and `scriptorium_prompts`."""
        return f"postgresql://{role}:{self.passwords.postgres[role]}@{LOOPBACK}:{self.ports.postgres}/{database}"

    def nats_url(self, user: str) -> str:
        """Address of NATS for a service, or for `operator`, who may do all."""
        return f"nats://{user}:{self.passwords.nats[user]}@{LOOPBACK}:{self.ports.nats}"

    async def start(self) -> None:
        """Start all three at once; on a failure stop what was started and raise."""
        folder = self._held.enter_context(locked_folder(self.folder))
        try:
            await self._start_in(folder)
        except BaseExceptionGroup as failures:
            await self.stop()
            raise failures.exceptions[0] from failures
        except BaseException:  # a cancelled start must leave nothing running either
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all three and release the folder; stopping twice changes nothing."""
        await asyncio.gather(*(process.stop() for process in self.processes.values()))
        self.processes.clear()
        self._held.close()

    async def restart(self, name: str) -> None:
        """Start `postgres`, `nats` or `redis` again on its port and data, whether or not it still runs."""
        await self.processes[name].stop()
        await self._start_server(name)

    async def _start_in(self, folder: Path) -> None:
        self._servers = self._plan(folder)
        async with asyncio.TaskGroup() as group:
            for name in self._servers:
                group.create_task(self._start_server(name))
        await PostgresAdministration(self.admin_dsn, self.passwords).provision()

    def _plan(self, folder: Path) -> dict[str, Postgres | Nats | Valkey]:
        binaries = ServerBinaries.find(self.settings)
        logs = folder / "logs"
        logs.mkdir(exist_ok=True)
        ports, passwords = self.ports, self.passwords
        return {
            "postgres": Postgres(
                binaries,
                folder / "postgres",
                logs / "postgres.log",
                ports.postgres,
                passwords.postgres[SUPERUSER],
                self.is_durable,
            ),
            "nats": Nats(binaries, folder / "nats", logs / "nats.log", ports.nats, passwords),
            "redis": Valkey(binaries, folder / "valkey", logs / "valkey.log", ports.redis, passwords.redis),
        }

    async def _start_server(self, name: str) -> None:
        server = self._servers[name]
        await server.prepare()
        self.processes[name] = server.process()
        await self.processes[name].start(server.is_ready)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
