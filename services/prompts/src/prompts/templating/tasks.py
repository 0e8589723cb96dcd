"""What goes over the pipe to a worker process and what comes back."""

import struct
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from shared.contracts.message import View
from shared.contracts.prompts import Parameter

# How long a frame is, before its JSON.
LENGTH = struct.Struct("!I")


class Fault(View):
    """Something wrong at a character offset of the expanded text."""

    severity: Literal["error", "warning"] = "error"
    code: str
    message: str
    offset: int
    length: int = 0


class Subject(View):
    """A template and what is said about its parameters.

    `sources` holds the texts of rendered prompts by address. `declared` parameters count whether the template
    uses them or not; `known` ones say what a parameter is like where the template uses it.
    """

    text: str
    sources: dict[str, str] = Field(default_factory=dict)
    declared: list[Parameter] = Field(default_factory=list)
    known: list[Parameter] = Field(default_factory=list)


class AnalyseTask(View):
    """Find parameters and faults."""

    kind: Literal["analyse"] = "analyse"
    subject: Subject


class RenderTask(View):
    """Render with values."""

    kind: Literal["render"] = "render"
    subject: Subject
    values: dict[str, JsonValue]


class Analysis(View):
    """What a template holds: all its parameters, and what is wrong with it."""

    kind: Literal["analysis"] = "analysis"
    parameters: list[Parameter]
    faults: list[Fault]


class Rendering(View):
    """The finished text."""

    kind: Literal["rendering"] = "rendering"
    text: str


class RefusedValues(View):
    """Values or declarations were refused by name."""

    kind: Literal["refused_values"] = "refused_values"
    errors: list[dict[str, JsonValue]]


class Failure(View):
    """The template cannot be rendered; the fault says where."""

    kind: Literal["failure"] = "failure"
    fault: Fault


class Exhausted(View):
    """A bound was reached. After `memory` the process is not used again."""

    kind: Literal["exhausted"] = "exhausted"
    limit: Literal["time", "memory", "output", "depth"]
    message: str


Task = Annotated[AnalyseTask | RenderTask, Field(discriminator="kind")]
Outcome = Annotated[Analysis | Rendering | RefusedValues | Failure | Exhausted, Field(discriminator="kind")]
TASK: TypeAdapter[AnalyseTask | RenderTask] = TypeAdapter(Task)
OUTCOME: TypeAdapter[Analysis | Rendering | RefusedValues | Failure | Exhausted] = TypeAdapter(Outcome)
