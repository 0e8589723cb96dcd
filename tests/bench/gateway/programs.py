"""Programs that the bench starts and ends: the provider, the load generator, the peers."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import httpx2
import orjson

from local_stack.settings import REPOSITORY, without_provider_keys
from shared.embedded.ports import LOOPBACK, free_ports
from shared.embedded.process import launcher
from tests.bench.gateway.load import Measured, Plan

START_SECONDS = 90.0
STOP_SECONDS = 10.0


class UnavailableError(Exception):
    """A target cannot be measured; the text says why."""


@asynccontextmanager
async def program(
    command: Sequence[str], ready_url: str, log_file: Path, variables: Mapping[str, str] | None = None
) -> AsyncIterator[int]:
    """Run a program until the context ends and yield its process id once `ready_url` answers. It cannot outlive us."""
    environment = without_provider_keys(os.environ) | dict(variables or {})
    with log_file.open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *launcher(signal.SIGKILL), *command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log
        )
    try:
        await _until_ready(child, ready_url, log_file)
        yield child.pid
    finally:
        await _end(child)


async def _until_ready(child: asyncio.subprocess.Process, ready_url: str, log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx2.AsyncClient(trust_env=False, timeout=2) as client:
        while not await _answers(client, ready_url):
            if child.returncode is not None:
                raise _not_started(log_file)
            if time.monotonic() > deadline:
                message = f"it was not ready after {START_SECONDS:.0f} s"
                raise UnavailableError(message)
            await asyncio.sleep(0.1)


def _not_started(log_file: Path) -> UnavailableError:
    return UnavailableError(f"it did not start: {log_file.read_text(errors='replace').strip()[-300:]}")


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx2.TransportError:
        return False


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


@asynccontextmanager
async def provider(folder: Path) -> AsyncIterator[str]:
    """Run the provider that costs nothing and yield its address."""
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    command = [sys.executable, "-m", "tests.bench.gateway.provider", str(port)]
    async with program(command, f"{url}/calls", folder / "provider.log"):
        yield url


async def carried_out(plan: Plan) -> Measured:
    """Have the load generator carry out a plan in a process of its own. Raises UnavailableError with its sentence."""
    child = await asyncio.create_subprocess_exec(
        *launcher(signal.SIGKILL),
        *(sys.executable, "-m", "tests.bench.gateway.load", orjson.dumps(asdict(plan)).decode()),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    if child.returncode:
        raise UnavailableError(errors.decode(errors="replace").strip()[-500:])
    return Measured(**orjson.loads(output))


def resident_megabytes(process: int) -> float | None:
    """Return the resident memory of a process and its children; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(resident_megabytes(int(child)) or 0 for child in children)
