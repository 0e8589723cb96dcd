"""The process in which untrusted templates run: one task at a time, with bounds that the kernel keeps.

Started by the pool as `python -m prompts.templating.worker`. Speaks frames on stdin and stdout: four bytes of
length, then JSON. Nothing of the service is reachable from here: no database, no bus, no keys.
"""

import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from prompts.domain.parameters import check_declarations, merge
from prompts.domain.values import complete_values
from prompts.templating.environment import SourcesLoader, make_environment
from prompts.templating.extraction import find_parameters
from prompts.templating.faults import failure_of, faults_of
from prompts.templating.tasks import (
    OUTCOME,
    TASK,
    Analysis,
    AnalyseTask,
    Exhausted,
    Failure,
    Fault,
    RefusedValues,
    Rendering,
    RenderTask,
)
from shared.problems import Invalid

type AnyTask = AnalyseTask | RenderTask
type AnyOutcome = Analysis | Rendering | RefusedValues | Failure | Exhausted

LENGTH = struct.Struct("!I")
# GUARANTEES N21. The first timer raises inside the template, so that the process can go on. The second is the
# kernel's: it ends the process where one long call of C code does not let the first one through.
CPU_SECONDS = 0.080
KILL_CPU_SECONDS = 0.095
MEMORY_BYTES = 64 * 1024 * 1024


class OutOfTime(BaseException):
    """The CPU time of a task ran out. No Exception: python-liquid wraps those of the parser into its own."""


def main() -> None:
    """Serve tasks until the pool closes the pipe."""
    tasks, outcomes = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints must not get between the frames.
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    env = make_environment()
    perform(env, RenderTask(text="{{ warm | upcase }}", sources={}, declared=[], values={"warm": "up"}))
    _limit_memory()
    _write(outcomes, Rendering(text="ready"))
    while (payload := _read(tasks)) is not None:
        _write(outcomes, _within_bounds(lambda payload=payload: perform(env, TASK.validate_json(payload))))


def perform(env: Environment, task: AnyTask) -> AnyOutcome:
    """Do one task. Everything that a template can cause is an outcome."""
    env.loader = SourcesLoader(task.sources, is_lenient=task.kind == "analyse")
    try:
        template = env.from_string(task.text)
        return _analyse(template, task) if task.kind == "analyse" else _render(template, task)
    except LiquidError as error:
        return failure_of(error, task.text, env, task.sources)
    except Invalid as problem:
        return RefusedValues(errors=problem.extensions["errors"])
    except RecursionError:
        return Exhausted(limit="depth", message="The template or its values are nested too deeply.")
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        # python-liquid lets some of a filter's own errors through, such as the rounding of infinity.
        return Failure(fault=Fault(code="template", message=f"cannot be rendered: {error}", offset=0))


def _analyse(template: BoundTemplate, task: AnalyseTask) -> Analysis:
    check_declarations(task.declared)
    analysis = template.analyze(include_partials=True)
    found = find_parameters(template, analysis)
    return Analysis(parameters=found, faults=list(faults_of(template, analysis, task.sources)))


def _render(template: BoundTemplate, task: RenderTask) -> Rendering:
    found = find_parameters(template, template.analyze(include_partials=True))
    values = complete_values(merge(task.declared, found), task.values)
    return Rendering(text=template.render(values))


def _within_bounds(work: Callable[[], AnyOutcome]) -> AnyOutcome:
    try:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_VIRTUAL, KILL_CPU_SECONDS)
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except OutOfTime:
        return Exhausted(limit="time", message="Rendering the template takes more than 100 ms of processor time.")
    except MemoryError:
        return Exhausted(limit="memory", message="Rendering the template takes more than 64 MB of memory.")


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime


def _limit_memory() -> None:
    """Allow what the process has now and 64 MB. Only Linux says how much that is; elsewhere sizes and time remain."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(header)[0]) if len(header) == LENGTH.size else None


def _write(stream: BinaryIO, outcome: AnyOutcome) -> None:
    payload = OUTCOME.dump_json(outcome)
    stream.write(LENGTH.pack(len(payload)) + payload)
    stream.flush()


if __name__ == "__main__":
    main()
