"""PostgreSQL: the first start, the command line, readiness."""

import asyncio
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from shared.embedded.binaries import ServerBinaries
from shared.embedded.errors import EmbeddedServerError
from shared.embedded.passwords import SUPERUSER
from shared.embedded.ports import LOOPBACK
from shared.embedded.process import DISK_FULL, POLL_SECONDS, STOP_TIMEOUT_SECONDS, ServerProcess
from shared.embedded.superuser import UNPRIVILEGED_ID, as_unprivileged_user, is_superuser

# Five services with two pools each, migrations, and test workers beside them.
MAX_CONNECTIONS = 200
READY_LINE = 7
# Survives a killed process, which fault tests need, and loses data only with the machine.
UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL cluster in `folder`, reachable over TCP with SCRAM passwords only."""

    binaries: ServerBinaries
    folder: Path
    log_file: Path
    port: int
    password: str
    is_durable: bool

    def process(self) -> ServerProcess:
        """Describe the server process; SIGINT is PostgreSQL's fast stop, SIGTERM would wait for its clients."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
        } | ({} if self.is_durable else UNSAFE_BUT_FAST)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.binaries.postgres), "-D", str(self.folder), *options]
        return ServerProcess(
            "PostgreSQL", as_unprivileged_user(command, signal.SIGINT), self.log_file, stop_signal=signal.SIGINT
        )

    async def prepare(self) -> None:
        """Create the cluster unless it exists; remove what a killed server left."""
        if (self.folder / "PG_VERSION").exists():
            await self._clear_stale_lock()
            return
        staging = self._empty_staging_folder()
        await self._create_cluster(staging)
        staging.rename(self.folder)

    async def is_ready(self) -> bool:
        """Read the state that the server itself writes into its lock file."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready"

    def _empty_staging_folder(self) -> Path:
        """Return a folder beside the real one: renamed when complete, it survives a crash half-way."""
        staging = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        return staging

    async def _create_cluster(self, folder: Path) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="scriptorium-") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if is_superuser():
                os.chown(folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
                os.chown(password_file.name, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
            command = [str(self.binaries.initdb), "-D", str(folder), "-U", SUPERUSER, "--encoding=UTF8"]
            command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file.name}", "--no-sync"]
            await self._run_initdb(as_unprivileged_user(command, signal.SIGKILL))

    async def _run_initdb(self, command: list[str]) -> None:
        initdb = await asyncio.create_subprocess_exec(
            *command, cwd="/", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await initdb.communicate()
        if initdb.returncode == 0:
            return
        text = output.decode(errors="replace")
        if DISK_FULL in text:
            message = f"The disk of {self.folder.parent} is full: free some space and start again."
            raise EmbeddedServerError(message)
        last_lines = " | ".join(text.strip().splitlines()[-3:])
        message = f"The PostgreSQL cluster could not be created in {self.folder}: {last_lines}"
        raise EmbeddedServerError(message)

    async def _clear_stale_lock(self) -> None:
        """Wait for an orphan of our last life, and forget lock files of the dead.

        After kill -9 a zombie that nobody reaped still answers signals, and a recycled process id
        belongs to a stranger: PostgreSQL would refuse to start in both cases. The caller holds the
        lock of the data folder, so nobody else is starting a server here.
        """
        lock = self.folder / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().splitlines()[0])
        deadline = asyncio.get_running_loop().time() + STOP_TIMEOUT_SECONDS
        while _is_living_postgres(pid) and asyncio.get_running_loop().time() < deadline:
            os.kill(pid, signal.SIGINT)
            await asyncio.sleep(POLL_SECONDS * 10)
        if _is_living_postgres(pid):
            message = f"An earlier PostgreSQL (process {pid}) still uses {self.folder} and does not stop: end it first."
            raise EmbeddedServerError(message)
        lock.unlink(missing_ok=True)


def _is_living_postgres(pid: int) -> bool:
    """Read the process table of Linux; elsewhere the server's own check has to do."""
    try:
        name, state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)
    except OSError:
        return False
    return "postgres" in name and state.split()[0] != "Z"
