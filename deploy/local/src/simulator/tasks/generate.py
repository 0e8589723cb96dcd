"""The task `generate_document`: a Markdown document that visibly follows the prompt it was made from."""

import re
from collections.abc import Iterator
from itertools import count, islice

from simulator.tasks.assignment import Assignment
from simulator.tasks.reading import Reading, clip, read_prompt

CLOSING = "*This document was written by a simulated model; read it as an example of form, not as a source of facts.*"
_FEWEST_SECTIONS = 3
_PARAGRAPHS = (["open", "detail", "consequence"], ["detail", "contrast", "close"])


def generate_document(assignment: Assignment) -> str:
    """A title, an opening, a section for each requirement, a list, next steps and the closing line.

    About 300 to 900 words, or exactly `words` if given: the text is cut or continued to fit, the closing line kept.
    """
    reading = read_prompt(assignment.text)
    blocks = _document(reading, assignment)
    if assignment.words is None:
        return "\n\n".join([*blocks, CLOSING])
    endless = _chain(blocks, _more_sections(reading, assignment))
    body = fit_words(endless, assignment.words - len(CLOSING.split()))
    return "\n\n".join(filter(None, [body, " ".join(CLOSING.split()[: assignment.words])]))


def fit_words(blocks: Iterator[str], words: int) -> str:
    """The first so many words of the blocks, their line breaks kept."""
    taken: list[str] = []
    missing = max(words, 0)
    while missing:
        block = next(blocks)
        ends = [found.end() for found in islice(re.finditer(r"\S+", block), missing)]
        taken.append(block[: ends[-1]] if ends else "")
        missing -= len(ends)
    return "\n\n".join(taken)


def _chain(*parts: Iterator[str]) -> Iterator[str]:
    for part in parts:
        yield from part


def _document(reading: Reading, assignment: Assignment) -> Iterator[str]:
    prose = assignment.prose
    yield f"# {reading.title}"
    yield from _opening(reading, assignment)
    if reading.values:
        yield "## What was given"
        yield _values(reading.values)
    for index, heading in enumerate(_headings(reading, assignment)):
        yield from _section(heading, index, reading, assignment)
    if prose.is_heads():
        yield "## At a glance"
        yield _table(reading, assignment)
    yield "## Next steps"
    steps = [prose.sentence("step", topic=_topic(reading)) for _ in range(3)]
    yield "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _opening(reading: Reading, assignment: Assignment) -> Iterator[str]:
    if reading.order:
        yield f"> {reading.order}"
    yield assignment.prose.paragraph(["opening", "purpose"], topic=_topic(reading))
    if reading.names:
        named = ", ".join(f"**{name}**" for name in reading.names[:4])
        yield assignment.prose.sentence("naming", names=named)
    if reading.rules:
        yield assignment.prose.sentence("rule", rule=reading.rules[0].rstrip("."))


def _topic(reading: Reading) -> str:
    # Lower case inside a sentence, unless the word is a name or an abbreviation; italics make any phrase fit one.
    words = reading.title.split()
    return "*" + " ".join(word if _is_name(word, reading) else word.lower() for word in words) + "*"


def _is_name(word: str, reading: Reading) -> bool:
    given = [*reading.names, *(value for _, value in reading.values)]
    return not word[1:].islower() or any(word in name.split() for name in given)


def _headings(reading: Reading, assignment: Assignment) -> list[str]:
    missing = max(_FEWEST_SECTIONS - len(reading.requirements), 0)
    added = [assignment.prose.sentence("heading", topic=_topic(reading)) for _ in range(missing)]
    return [*reading.requirements, *added]


def _section(heading: str, index: int, reading: Reading, assignment: Assignment) -> Iterator[str]:
    prose, requirement = assignment.prose, f"*{heading[:1].lower()}{heading[1:]}*"
    slots = {"topic": _topic(reading), "requirement": requirement, "value": _value_for(index, reading)}
    yield f"## {heading}"
    yield prose.paragraph(_PARAGRAPHS[index % 2], **slots)
    if index % 2:
        points = [prose.sentence("point", **slots) for _ in range(3)]
        yield "\n".join(f"- {point}" for point in points)
    else:
        yield prose.paragraph(["evidence", "close"], **slots)


def _value_for(index: int, reading: Reading) -> str:
    given = [f"“{value}”" for _, value in reading.values] + [f"“{name}”" for name in reading.names]
    return clip(given[index % len(given)], 12) if given else "the brief"


def _values(values: list[tuple[str, str]]) -> str:
    return "\n".join(f"- **{label}:** “{value}”" for label, value in values)


def _table(reading: Reading, assignment: Assignment) -> str:
    rows = reading.requirements[:4] or ["Scope", "Audience", "Timing"]
    lines = [f"| {_cell(row)} | {assignment.prose.sentence('cell')} |" for row in rows]
    return "\n".join(["| Part | What to take away |", "| --- | --- |", *lines])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _more_sections(reading: Reading, assignment: Assignment) -> Iterator[str]:
    for index in count():
        heading = assignment.prose.sentence("heading", topic=_topic(reading))
        yield from _section(heading, index, reading, assignment)
