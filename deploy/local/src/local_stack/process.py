"""One of our programs as a child process: output pumped, restarted when it dies, stopped politely."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from local_stack.output import Terminal
from local_stack.readiness import answers_ok
from shared.embedded.errors import EmbeddedServerError
from shared.embedded.process import launcher

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 10.0
# A process that lived this long was healthy: its next death is a new story.
HEALTHY_SECONDS = 5.0
# Slow machines import for ten seconds when five processes start at once.
READY_TIMEOUT_SECONDS = 90.0
# Services finish or release their leases within 20 s.
STOP_TIMEOUT_SECONDS = 22.0
POLL_SECONDS = 0.05


@dataclass
class ManagedProcess:
    """`python -m <module> ...`, kept alive between start and stop.

    A process that dies is started again after 0.2 s, then twice as late each time, up to 10 s.
    """

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    ready_url: str
    log_file: Path
    terminal: Terminal
    restarts: int = field(default=0, init=False)
    _once: Mapping[str, str] = field(default_factory=dict, init=False)
    _child: asyncio.subprocess.Process | None = field(default=None, init=False)
    _keeper: asyncio.Task[None] | None = field(default=None, init=False)
    _pump: asyncio.Task[None] | None = field(default=None, init=False)
    _last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=5), init=False)

    @property
    def pid(self) -> int:
        """Process id of the present incarnation."""
        if self._child is None:
            message = f"{self.name} was not started"
            raise RuntimeError(message)
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Tell whether it runs at this moment; it may be about to be restarted."""
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """Start and keep alive; returns at once, see `wait_until_ready`."""
        self.log_file.write_bytes(b"")
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"keep {self.name}")

    async def wait_until_ready(self, *, may_restart: bool = True) -> None:
        """Wait for its readiness answer; with `may_restart` off, a first death is reported instead of mended."""
        deadline = monotonic() + READY_TIMEOUT_SECONDS
        while not (self.is_running and await answers_ok(self.ready_url)):
            if self.restarts and not may_restart:
                raise EmbeddedServerError(self._report("ended while it was starting"))
            if monotonic() > deadline:
                raise EmbeddedServerError(self._report(f"was not ready after {READY_TIMEOUT_SECONDS:.0f} s"))
            await asyncio.sleep(POLL_SECONDS)

    async def restart(self, variables: Mapping[str, str]) -> None:
        """Kill it and wait until it is back, with `variables` for one life: when it dies again it has them no more."""
        killed = self.pid
        self._once = variables
        self.signal(signal.SIGKILL)
        while self.pid == killed:  # noqa: ASYNC110  the keeper sets no event
            await asyncio.sleep(POLL_SECONDS)
        await self.wait_until_ready()

    async def stop(self) -> None:
        """Ask with SIGTERM, wait, then kill; no restart follows."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        if self._child is None:
            return
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), STOP_TIMEOUT_SECONDS)
        except TimeoutError:
            self.terminal.problem(f"{self.name} did not stop within {STOP_TIMEOUT_SECONDS:.0f} s and was killed")
            self.signal(signal.SIGKILL)
            await self._child.wait()
        if self._pump is not None:
            await self._pump

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it runs."""
        if self.is_running:
            os.kill(self.pid, number)

    async def _keep_alive(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            started = monotonic()
            await self._child_ended()
            if monotonic() - started > HEALTHY_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            self.terminal.problem(f"{self.name} ended; it starts again in {backoff:.1f} s")
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
            self.restarts += 1
            await self._spawn()

    async def _child_ended(self) -> None:
        if self._child is not None:
            await self._child.wait()

    async def _spawn(self) -> None:
        once, self._once = self._once, {}
        self._child = await asyncio.create_subprocess_exec(
            *launcher(signal.SIGKILL),
            sys.executable,
            "-m",
            *self.arguments,
            env={**self.environment, **once, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C is for the supervisor alone, which stops the others in order.
            start_new_session=True,
        )
        self._pump = asyncio.create_task(self._copy_output(self._child), name=f"output of {self.name}")

    async def _copy_output(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None  # noqa: S101  we asked for the pipe above
        with self.log_file.open("ab", buffering=0) as log:
            async for line in _lines(child.stdout):
                log.write(line + b"\n")
                text = line.decode(errors="replace")
                self._last_lines.append(text)
                self.terminal.process_line(self.name, text)

    def _report(self, what: str) -> str:
        return f"{self.name} {what}: {' | '.join(self._last_lines)} (all of it in {self.log_file})."


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Split by hand: the reader's own lines have a limit, and a long traceback must not end the copying."""
    rest = b""
    while chunk := await stream.read(65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
    if rest:
        yield rest
