"""The local stack: everything that `make run` starts, and that tests of the whole house start too."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from local_stack.environment import ProcessEnvironments, process_url
from local_stack.output import Silence, Terminal, readable
from local_stack.process import ManagedProcess
from local_stack.schema import SchemaMemory
from local_stack.settings import ServerPrograms, inherited_environment
from local_stack.state import PROCESSES, StackPorts, StackSecrets
from shared.embedded.errors import EmbeddedServerError
from shared.embedded.folder import locked_folder, unusable_folder
from shared.embedded.passwords import SERVICES
from shared.embedded.ports import LOOPBACK, is_free
from shared.embedded.process import DISK_FULL, launcher
from shared.embedded.servers import EmbeddedServers

SERVER_WATCH_SECONDS = 0.2
SERVER_RESTART_SECONDS = 1.0


@dataclass
class LocalStack:
    """Servers, five services and the simulator, with all data under `folder`.

    Entering returns when every process is ready; leaving stops all in reverse order. What dies in
    between is started again on its own port. `variables` are added to every process's environment,
    `service_settings` (such as LOG_LEVEL) to every service's under its own prefix.
    Keys of model providers in `.env` or in our environment are left out unless `uses_provider_keys`
    says otherwise, so that no test can spend money.
    Raises EmbeddedServerError with a sentence for the user.
    """

    folder: Path
    web_port: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    service_settings: Mapping[str, str] = field(default_factory=dict)
    terminal: Terminal = field(default_factory=Silence)
    is_durable: bool = True
    uses_provider_keys: bool = False
    processes: dict[str, ManagedProcess] = field(default_factory=dict, init=False)
    servers: EmbeddedServers = field(init=False)
    ports: StackPorts = field(init=False)
    environments: ProcessEnvironments = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    @property
    def web_url(self) -> str:
        """Address of the web application."""
        return process_url(self.ports, "web")

    @property
    def simulator_url(self) -> str:
        """Address of the provider simulator, whose ledger judges accounting."""
        return process_url(self.ports, "simulator")

    def service_url(self, name: str) -> str:
        """Address of the HTTP API of a service."""
        return process_url(self.ports, name)

    def kill(self, name: str) -> None:
        """Kill a service, the simulator, or `postgres`, `nats`, `redis` with SIGKILL; it comes back by itself."""
        if name in self.processes:
            self.processes[name].signal(signal.SIGKILL)
        else:
            self.servers.processes[name].signal(signal.SIGKILL)

    async def restart(self, name: str, extra_environment: Mapping[str, str]) -> None:
        """Kill a service or the simulator and wait until it is back with more variables.

        They last for that one life: the supervisor's next restart is without them.
        """
        await self.processes[name].restart(extra_environment)

    async def wait_until_ready(self, name: str) -> None:
        """Wait until a service or the simulator answers again."""
        await self.processes[name].wait_until_ready()

    async def sign_in_link(self) -> str:
        """Make a new single-use link into the web application."""
        return (await self._run("web", "sign-in-link")).strip().splitlines()[-1]

    async def sign_in_link_of_running(self) -> str:
        """Make a link into the stack that another process runs on this folder."""
        ports = StackPorts.remembered(self._ports_file)
        if ports is None or is_free(ports.processes["web"]):
            message = (
                f"No Scriptorium runs on the data folder {self.folder}: start it with make run, which prints a link."
            )
            raise EmbeddedServerError(message)
        self._describe(self.folder.absolute(), ports)
        return await self.sign_in_link()

    async def start(self) -> None:
        """Start all; on a failure stop what was started and raise."""
        try:
            await self._start()
        except OSError as error:
            await self.stop()
            raise unusable_folder(self.folder, error) from error
        except BaseException:  # a cancelled start must leave nothing running either
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all, the last started first; stopping twice changes nothing."""
        await self._stack.aclose()

    async def _start(self) -> None:
        self._prepare(self._stack.enter_context(locked_folder(self.folder)))
        await self._timed("servers are up", self._start_servers())
        await self._timed("databases are migrated", self._migrate())
        await self._timed("services are ready", self._start_processes())

    def _prepare(self, folder: Path) -> None:
        self._refuse_taken_port()
        self._logs.mkdir(exist_ok=True)
        self._describe(folder, StackPorts.choose(self._ports_file, self.web_port))

    def _describe(self, folder: Path, ports: StackPorts) -> None:
        secrets = StackSecrets.load_or_generate(folder / "secrets.json")
        self.ports = ports
        self.servers = EmbeddedServers(
            folder / "servers", self.ports.servers, secrets.servers, self.is_durable, ServerPrograms()
        )
        inherited = inherited_environment(with_provider_keys=self.uses_provider_keys) | dict(self.variables)
        self.environments = ProcessEnvironments(self.servers, self.ports, secrets, inherited, self.service_settings)

    @property
    def _ports_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def _logs(self) -> Path:
        return self.folder / "logs"

    def _refuse_taken_port(self) -> None:
        if self.web_port is not None and not is_free(self.web_port):
            message = (
                f"Port {self.web_port} is taken by another program: stop it, "
                f"or choose another port with SCRIPTORIUM_PORT={self.web_port + 1}."
            )
            raise EmbeddedServerError(message)

    async def _start_servers(self) -> None:
        await self._stack.enter_async_context(self.servers)
        keeper = asyncio.create_task(self._keep_servers_alive(), name="keep servers")
        self._stack.push_async_callback(_cancelled, keeper)

    async def _keep_servers_alive(self) -> None:
        while True:
            await asyncio.sleep(SERVER_WATCH_SECONDS)
            for name, process in list(self.servers.processes.items()):
                if not process.is_running:
                    self.terminal.problem(f"{process.name} ended; it starts again")
                    await self._restart_server(name)

    async def _restart_server(self, name: str) -> None:
        try:
            await self.servers.restart(name)
        except (EmbeddedServerError, OSError) as error:
            self.terminal.problem(str(error))
            await asyncio.sleep(SERVER_RESTART_SECONDS)

    async def _migrate(self) -> None:
        schema = SchemaMemory(self.folder / "servers" / "postgres")
        if not schema.is_current():
            await _all(self._run(service, "migrate") for service in SERVICES)
            schema.remember()

    async def _start_processes(self) -> None:
        self.processes = {name: self._process(name) for name in PROCESSES}
        for process in self.processes.values():
            await process.start()
        self._stack.push_async_callback(self._stop_processes)
        await asyncio.gather(*(self._first_ready(process) for process in self.processes.values()))

    async def _first_ready(self, process: ManagedProcess) -> None:
        await process.wait_until_ready(may_restart=False)
        self.terminal.progress(f"{process.name} is ready")

    async def _stop_processes(self) -> None:
        """Close the door first, let the services finish their work together, take the model away last."""
        await self.processes["web"].stop()
        await asyncio.gather(*(self.processes[name].stop() for name in SERVICES if name != "web"))
        await self.processes["simulator"].stop()

    def _process(self, name: str) -> ManagedProcess:
        url = process_url(self.ports, name)
        if name == "simulator":
            arguments = [name, "--host", LOOPBACK, "--port", str(self.ports.processes[name])]
            ready_url = f"{url}/healthz"
        else:
            arguments, ready_url = [name, "serve"], f"{url}/readyz"
        environment = self.environments.of(name)
        return ManagedProcess(name, arguments, environment, ready_url, self._logs / f"{name}.log", self.terminal)

    async def _run(self, service: str, command: str) -> str:
        """Run a short command of a service and return what it printed to its standard output."""
        child = await asyncio.create_subprocess_exec(
            *launcher(signal.SIGKILL),
            sys.executable,
            "-m",
            service,
            command,
            env=self.environments.of(service),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            output, errors = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0:
            raise EmbeddedServerError(_why_it_failed(service, command, (output + errors).decode(errors="replace")))
        return output.decode()

    async def _timed(self, what: str, step: Awaitable[None]) -> None:
        started = monotonic()
        await step
        self.terminal.progress(f"{what} ({monotonic() - started:.1f} s)")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def _all(steps: Iterable[Coroutine[None, None, object]]) -> None:
    """Do all steps at once; after the first failure the others are ended before it is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            await _cancelled(task)


async def _cancelled(task: asyncio.Task[object] | asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _why_it_failed(service: str, command: str, output: str) -> str:
    if DISK_FULL in output:
        return f"`python -m {service} {command}` failed because the disk is full: free some space and start again."
    last_lines = " | ".join(map(readable, output.strip().splitlines()[-3:]))
    return f"`python -m {service} {command}` failed: {last_lines}"
