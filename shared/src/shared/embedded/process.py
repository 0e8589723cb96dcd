"""One server program as a child process that ends with us."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from shared.embedded import launch
from shared.embedded.errors import EmbeddedServerError

POLL_SECONDS = 0.01
# First start on a slow disk; a warm start takes 0.1 s.
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0
DISK_FULL = "No space left on device"
PORT_TAKEN = "address already in use"


def launcher(death_signal: signal.Signals) -> list[str]:
    """Words to put before an absolute command so that it gets `death_signal` when this process dies."""
    return [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(death_signal))]


@dataclass
class ServerProcess:
    """A named server: started once, watched, stopped with its own polite signal."""

    name: str
    command: Sequence[str]
    log_file: Path
    stop_signal: signal.Signals = signal.SIGTERM
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._child is None:
            message = f"{self.name} was not started"
            raise RuntimeError(message)
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Tell whether the process was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    async def start(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """Start and wait until `is_ready` answers true; raise when the process ends before."""
        self._spawn()
        await self._wait_until(is_ready)

    def _spawn(self) -> None:
        """Start without asyncio's help: its processes end with their event loop, ours outlive it in tests."""
        with self.log_file.open("ab", buffering=0) as log:
            log.truncate(0)
            self._child = subprocess.Popen(  # noqa: S603  our own command, no shell
                [*launcher(self.stop_signal), *self.command],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C of the terminal must reach the supervisor only: it stops the servers last.
                start_new_session=True,
            )

    async def _wait_until(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        deadline = monotonic() + START_TIMEOUT_SECONDS
        while not await is_ready():
            if not self.is_running:
                raise EmbeddedServerError(self._why_it_ended())
            if monotonic() > deadline:
                await self.stop()
                message = f"{self.name} was not ready after {START_TIMEOUT_SECONDS:.0f} s: see {self.log_file}."
                raise EmbeddedServerError(message)
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Ask politely, wait, then kill; stopping what does not run changes nothing."""
        if self._child is None:
            return
        self.signal(self.stop_signal)
        deadline = monotonic() + STOP_TIMEOUT_SECONDS
        while self.is_running and monotonic() < deadline:  # noqa: ASYNC110  the kernel sets no asyncio event
            await asyncio.sleep(POLL_SECONDS)
        self.signal(signal.SIGKILL)
        self._child.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process if it still runs."""
        if self._child is not None and self.is_running:
            self._child.send_signal(number)

    def _why_it_ended(self) -> str:
        log = self.log_file.read_text(errors="replace")
        if DISK_FULL in log:
            return f"{self.name} cannot start because the disk is full: free some space and start again."
        if PORT_TAKEN in log.lower():
            return f"{self.name} cannot start because its port was taken meanwhile: start again."
        last_lines = " | ".join(log.strip().splitlines()[-3:])
        return f"{self.name} ended while starting: {last_lines} (all of it in {self.log_file})."
