"""The caller's end of a call, whatever carries it."""

from dataclasses import dataclass
from typing import Protocol

from llm_gateway.domain.calls import Route
from llm_gateway.operations.limiting import Admission
from shared.problems import Problem


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answered, after how many tries, and where the caller's limits stand: the headers tell it."""

    route: Route
    attempts: int
    admission: Admission
    answered_by: str | None = None

    @property
    def model(self) -> str:
        """Whose words these are; `answered_by` names it where they come from the cache."""
        return self.answered_by or self.route.model


class Reply(Protocol):
    """The caller's end: nothing was said before `begin` or `whole`."""

    async def whole(self, body: bytes, answered: Answered) -> None:
        """Answer in one piece."""
        ...

    async def begin(self, answered: Answered) -> None:
        """Begin a stream of events."""
        ...

    async def send(self, events: bytes) -> None:
        """Send whole events."""
        ...

    async def fail(self, problem: Problem) -> None:
        """Say in the middle of a stream that it ends here, in the words of its format."""
        ...

    async def end(self) -> None:
        """End the stream."""
        ...
