"""The process in which untrusted templates run: one task at a time, with bounds that the kernel keeps.

Started by the pool as `python -m prompts.templating.worker`. Speaks frames on stdin and stdout: four bytes of
length, then JSON. Nothing of the service is reachable from here: no database, no bus, no keys.
"""

import resource
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.static_analysis import TemplateAnalysis
from liquid.template import BoundTemplate
from pydantic import JsonValue

from prompts.domain.parameters import carry_over, check_declarations, merge
from prompts.domain.values import complete_values
from prompts.templating.environment import SourcesLoader, make_environment
from prompts.templating.extraction import find_parameters
from prompts.templating.faults import failure_of, faults_of
from prompts.templating.tasks import (
    LENGTH,
    OUTCOME,
    TASK,
    AnalyseTask,
    Analysis,
    Exhausted,
    Failure,
    Fault,
    RefusedValues,
    Rendering,
    RenderTask,
    Subject,
)
from shared.contracts.prompts import Parameter
from shared.problems import Invalid

type AnyTask = AnalyseTask | RenderTask
type AnyOutcome = Analysis | Rendering | RefusedValues | Failure | Exhausted

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
    perform(env, RenderTask(subject=Subject(text="{{ warm | upcase }}"), values={"warm": "up"}))
    _limit_memory()
    _write(outcomes, Rendering(text="ready"))
    while (payload := _read(tasks)) is not None:
        task = TASK.validate_json(payload)
        _write(outcomes, _within_bounds(partial(perform, env, task)))


def perform(env: Environment, task: AnyTask) -> AnyOutcome:
    """Do one task. Everything that a template can cause is an outcome."""
    subject = task.subject
    env.loader = SourcesLoader(subject.sources, is_lenient=task.kind == "analyse")
    try:
        template = env.from_string(subject.text)
        return _analyse(template, subject) if task.kind == "analyse" else _render(template, subject, task.values)
    except LiquidError as error:
        return failure_of(error, subject.text, env, subject.sources)
    except Invalid as problem:
        return RefusedValues.model_validate(problem.extensions)
    except RecursionError:
        return Exhausted(limit="depth", message="The template or its values are nested too deeply.")
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        # python-liquid lets some of a filter's own errors through, such as the rounding of infinity.
        return Failure(fault=Fault(code="template", message=f"cannot be rendered: {error}", offset=0))


def _analyse(template: BoundTemplate, subject: Subject) -> Analysis:
    check_declarations(subject.declared)
    analysis = template.analyze(include_partials=True)
    faults = list(faults_of(template, analysis, subject.sources))
    return Analysis(parameters=_parameters(template, analysis, subject), faults=faults)


def _render(template: BoundTemplate, subject: Subject, values: Mapping[str, JsonValue]) -> Rendering:
    parameters = _parameters(template, template.analyze(include_partials=True), subject)
    return Rendering(text=template.render(complete_values(parameters, values)))


def _parameters(template: BoundTemplate, analysis: TemplateAnalysis, subject: Subject) -> list[Parameter]:
    return merge(subject.declared, carry_over(subject.known, find_parameters(template, analysis)))


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
