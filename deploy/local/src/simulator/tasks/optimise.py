"""The task `optimise_prompt`: a raw prompt comes back in order, its template marks untouched.

Each parameter, Liquid tag and snippet of the raw prompt appears in the answer exactly as often as before, and the
answer adds none. A prompt with Liquid tags, fences or headings of its own is kept whole, since moving its sentences
could change what it means.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.tasks.assignment import Assignment
from simulator.tasks.kinds import Kind, continues_order, recognise_kind, starts_with_order
from simulator.tasks.marks import parameter_names, split_units, unwrap_prompt, without_marks

_ROLE = re.compile(r"(?:you are|you're|act as|pretend|imagine you)\b", re.IGNORECASE)
_INPUT = re.compile(r"[^\W\d_][\w /-]{0,40}:\s")
_OUTPUT = re.compile(
    r"\b(?:format(?:ted)?|markdown|json|yaml|csv|tables?|bullets?|bulleted|numbered|headings?|sections?|return|output"
    r"|respond (?:with|in)|answer (?:with|in))\b",
    re.IGNORECASE,
)
_CONSTRAINT = re.compile(
    r"\b(?:must|should|never|always|do not|don't|avoid|only|at most|at least|no more than|no longer than|keep|maximum"
    r"|minimum|limit|tone|style|words|without|friendly|formal|short|concise|make sure|ensure)\b",
    re.IGNORECASE,
)
# What `split_units` may not take apart: Liquid tags, whitespace control, stray braces, fences and headings.
_IRREGULAR = re.compile(r"\{%|\{\{-|-\}\}|```|~~~|^\s{0,3}#{1,6}\s", re.MULTILINE)
_STRAY_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")
_ORDERED_ALREADY = re.compile(r"^# Role$.*^# Output format$", re.MULTILINE | re.DOTALL)
_FIRST_WORD = re.compile(r"[a-z]+(?=[ ,])")


@dataclass(slots=True)
class _Parts:
    role: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


def optimise_prompt(assignment: Assignment) -> str:
    """The better prompt alone: role, context, inputs, task, way of working, constraints, output format.

    A prompt that already has this order is returned as it is.
    """
    raw = unwrap_prompt(assignment.text)
    if _ORDERED_ALREADY.search(raw):
        return raw
    kind = recognise_kind(without_marks(raw))
    parts = _Parts(task=[raw]) if _is_irregular(raw) else _sort_units(raw)
    return "\n\n".join(_sections(parts, kind, parameter_names(raw), assignment))


def _is_irregular(raw: str) -> bool:
    return bool(_IRREGULAR.search(raw) or _STRAY_BRACES.search(without_marks(raw)))


def _sort_units(raw: str) -> _Parts:
    parts = _Parts()
    for unit in split_units(raw):
        _part_of(unit, parts).append(_capitalised(unit))
    if not parts.task:
        parts.task, parts.context = parts.context, []
    return parts


def _part_of(unit: str, parts: _Parts) -> list[str]:
    plain = without_marks(unit)
    if _ROLE.match(plain):
        return parts.role
    if _INPUT.match(plain) and plain != unit:
        return parts.inputs
    if not parts.task and starts_with_order(plain):
        return parts.task
    if _OUTPUT.search(plain):
        return parts.output
    if _CONSTRAINT.search(plain):
        return parts.constraints
    return parts.task if starts_with_order(plain) or continues_order(plain) else parts.context


def _capitalised(unit: str) -> str:
    return unit[:1].upper() + unit[1:] if _FIRST_WORD.match(unit) else unit


def _sections(parts: _Parts, kind: Kind, names: list[str], assignment: Assignment) -> Iterable[str]:
    yield _section("Role", [" ".join(parts.role) or kind.role])
    if parts.context:
        yield _section("Context", parts.context)
    if parts.inputs:
        yield _section("Inputs", _bullets(parts.inputs))
    yield _section("Task", parts.task or ["Do what the reader of this prompt is asked for, and say what is missing."])
    yield _section("How to work", [f"{number}. {step}" for number, step in enumerate(kind.steps, 1)])
    added = [*kind.constraints, *_about_parameters(names), assignment.prose.sentence("constraint")]
    yield _section("Constraints", _bullets([*parts.constraints, *added]))
    yield _section("Output format", _bullets(parts.output) or [kind.format])


def _section(heading: str, lines: list[str]) -> str:
    return f"# {heading}\n" + "\n".join(lines)


def _bullets(units: list[str]) -> list[str]:
    return [f"- {unit}" for unit in units]


def _about_parameters(names: list[str]) -> list[str]:
    if not names:
        return []
    quoted = [f"`{name}`" for name in names]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return [f"Take the given {listed} literally; do not translate, rename or explain away what was filled in."]
