"""The built-in tasks: what the simulator does with the first line of a system prompt that it knows."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from simulator.tasks.assignment import Assignment
from simulator.tasks.generate import generate_document
from simulator.tasks.optimise import optimise_prompt
from simulator.tasks.reply import reply
from simulator.tasks.title import title_prompt

type Task = Callable[[Assignment], str]

TASK_MARKER = "Scriptorium task:"
GENERAL_TASK = "reply"
TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "optimise_prompt": optimise_prompt,
        "title_prompt": title_prompt,
        "generate_document": generate_document,
        GENERAL_TASK: reply,
    }
)


def recognise_task(system_prompt: str) -> str:
    """The task named by the first line of a system prompt; anything else is the general reply."""
    first_line = system_prompt.lstrip().partition("\n")[0].strip()
    name = first_line.removeprefix(TASK_MARKER).strip()
    return name if first_line.startswith(TASK_MARKER) and name in TASKS else GENERAL_TASK
