"""A small pool of worker processes: warm, bounded, replaced when one dies or outstays its time."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from pydantic import JsonValue

from prompts.domain.problems import RenderingBusy, TemplateTooHeavy
from prompts.templating.tasks import (
    LENGTH,
    OUTCOME,
    TASK,
    AnalyseTask,
    Analysis,
    Exhausted,
    Failure,
    RefusedValues,
    Rendering,
    RenderTask,
    Subject,
)

type AnyOutcome = Analysis | Rendering | RefusedValues | Failure | Exhausted

# The kernel ends a task after 100 ms of CPU; this is for a process that is stopped or starved, so that a busy
# machine does not make good templates fail.
WALL_SECONDS = 1.0
# A person waits this long for a free worker before being told that rendering is busy.
QUEUE_SECONDS = 2.0
START_SECONDS = 20.0
RESTART_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class _Worker:
    """One process and its pipe."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "prompts.templating.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # The service's settings hold secrets; a process for untrusted text gets none of them.
            env={},
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker._receive()
        except BaseException:  # cancelled too: the process must not outlive the wait
            await worker.kill()
            raise
        return worker

    async def perform(self, task: AnalyseTask | RenderTask) -> AnyOutcome:
        assert self._process.stdin is not None  # noqa: S101  asked for as a pipe
        payload = TASK.dump_json(task)
        async with asyncio.timeout(WALL_SECONDS):
            self._process.stdin.write(LENGTH.pack(len(payload)) + payload)
            await self._process.stdin.drain()
            return await self._receive()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _receive(self) -> AnyOutcome:
        assert self._process.stdout is not None  # noqa: S101  the same
        (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        return OUTCOME.validate_json(await self._process.stdout.readexactly(length))


class TemplatePool:
    """Runs template tasks in processes of their own. Made by `template_pool`."""

    def __init__(self) -> None:
        """Begin without workers."""
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._replacing: set[asyncio.Task[None]] = set()

    async def analyse(self, subject: Subject) -> AnyOutcome:
        """Find parameters and faults of an expanded text."""
        return await self._perform(AnalyseTask(subject=subject))

    async def render(self, subject: Subject, values: Mapping[str, JsonValue]) -> AnyOutcome:
        """Render an expanded text."""
        return await self._perform(RenderTask(subject=subject, values=dict(values)))

    async def add_worker(self) -> None:
        """Start one more worker and offer it."""
        self._idle.put_nowait(await _Worker.start())

    async def close(self) -> None:
        """End every worker; nobody may be using one any more."""
        for task in self._replacing:
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        while not self._idle.empty():
            await self._idle.get_nowait().kill()

    async def _perform(self, task: AnalyseTask | RenderTask) -> AnyOutcome:
        worker = await self._take()
        try:
            outcome = await worker.perform(task)
        except (TimeoutError, EOFError, ConnectionError) as error:
            self._replace(worker)
            message = "Rendering the template takes more than 100 ms of processor time."
            raise TemplateTooHeavy(message, limit="time") from error
        except BaseException:  # cancelled too
            # Cancelled with a task on its way: the next answer would be somebody else's.
            self._replace(worker)
            raise
        if isinstance(outcome, Exhausted) and outcome.limit == "memory":
            self._replace(worker)
        else:
            self._idle.put_nowait(worker)
        return outcome

    async def _take(self) -> _Worker:
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                return await self._idle.get()
        except TimeoutError as error:
            message = "Too many templates are being rendered. Try again in a moment."
            raise RenderingBusy(message) from error

    def _replace(self, worker: _Worker) -> None:
        task = asyncio.create_task(self._start_instead(worker))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _start_instead(self, worker: _Worker) -> None:
        await worker.kill()
        while True:
            try:
                return await self.add_worker()
            except (OSError, EOFError, TimeoutError):
                log.exception("template_worker_did_not_start")
            await asyncio.sleep(RESTART_PAUSE_SECONDS)


@asynccontextmanager
async def template_pool(workers: int) -> AsyncIterator[TemplatePool]:
    """Start `workers` processes, ready to render; end them afterwards."""
    pool = TemplatePool()
    try:
        await asyncio.gather(*(pool.add_worker() for _ in range(workers)))
        yield pool
    finally:
        await pool.close()
