"""What a task is given to work with."""

from dataclasses import dataclass

from simulator.tasks.prose import Prose


@dataclass(frozen=True, slots=True)
class Assignment:
    """The user's text, a seeded source of sentences and, for tests and benches, the wanted number of words."""

    text: str
    prose: Prose
    words: int | None = None
