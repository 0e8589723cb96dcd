"""The general answer, for a conversation that names no built-in task."""

from collections.abc import Iterator
from itertools import count

from simulator.tasks.assignment import Assignment
from simulator.tasks.generate import fit_words
from simulator.tasks.reading import Reading, read_prompt


def reply(assignment: Assignment) -> str:
    """A few helpful paragraphs about the last user message, or exactly `words` words of them."""
    reading = read_prompt(assignment.text)
    if assignment.words is not None:
        return fit_words(_paragraphs(reading, assignment), assignment.words)
    return "\n\n".join(paragraph for paragraph, _ in zip(_paragraphs(reading, assignment), range(4), strict=False))


def _paragraphs(reading: Reading, assignment: Assignment) -> Iterator[str]:
    prose = assignment.prose
    topic = f"*{reading.title.lower()}*"
    slots = {"topic": topic, "requirement": topic, "value": "what you wrote"}
    yield prose.sentence("greeting", order=reading.order or "an empty message")
    for _ in count():
        yield prose.paragraph(["open", "detail", "consequence"], **slots)
        yield "\n".join(f"- {prose.sentence('point', **slots)}" for _ in range(3))
        yield prose.sentence("offer", **slots)
