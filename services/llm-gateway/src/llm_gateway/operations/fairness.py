"""The gate of a gateway process: how many calls are under way at once, and who is next when it is full."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self
from uuid import UUID

from llm_gateway.domain.limits import GateFull

# One project alone leaves this part of the gate to others, so that they need not wait for its calls to end.
SPARED_SHARE = 0.1
# Calls of one project that wait, as a multiple of the gate: more would only wait for their deadline.
WAITING_SHARE = 1.0
RETRY_SECONDS = 2


class Gate:
    """Lets at most `size` calls through at once.

    When calls wait, the next place goes to the project with the fewest calls under way (max-min fairness), and
    among equals to the one that was served longest ago.
    """

    def __init__(self, size: int) -> None:
        """Begin with everything free."""
        self._size = size
        self._spared = size - max(1, int(size * SPARED_SHARE)) if size > 1 else size
        self._under_way = 0
        self._calls: dict[UUID, int] = {}
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    def place(self, project_id: UUID, deadline_seconds: float) -> "Place":
        """Hold a place: `async with gate.place(...)`. Raises GateFull when none comes free within the deadline."""
        return Place(self, project_id, deadline_seconds)

    async def enter(self, project_id: UUID, deadline_seconds: float) -> None:
        """Take a place, at once where there is one; `leave` gives it back. Raises GateFull."""
        if not self._waiting.get(project_id) and self._has_place(project_id):
            self._take(project_id)
            return
        queue = self._waiting.setdefault(project_id, deque())
        if len(queue) >= self._size * WAITING_SHARE:
            raise _full()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(deadline_seconds):
                await turn
        except BaseException as error:  # cancelled too: the turn may have come already
            self._give_up(project_id, turn)
            if isinstance(error, TimeoutError):
                raise _full() from error
            raise

    def leave(self, project_id: UUID) -> None:
        """Give the place back; whoever is next has it."""
        self._under_way -= 1
        left = self._calls[project_id] - 1
        if left:
            self._calls[project_id] = left
        else:
            del self._calls[project_id]
        if self._waiting:
            self._let_in()

    def _has_place(self, project_id: UUID) -> bool:
        """Whether the project may have one more; the spared part is for those with less than an equal share."""
        if self._under_way < self._spared:
            return True
        share = self._size / (len(self._calls) + (project_id not in self._calls))
        return self._under_way < self._size and self._calls.get(project_id, 0) < min(share, self._spared)

    def _take(self, project_id: UUID) -> None:
        self._under_way += 1
        self._calls[project_id] = self._calls.get(project_id, 0) + 1

    def _let_in(self) -> None:
        while self._waiting:
            project_id = min(self._waiting, key=lambda waiting: self._calls.get(waiting, 0))
            if not self._has_place(project_id):
                return
            queue = self._waiting.pop(project_id)
            turn = queue.popleft()
            if queue:
                self._waiting[project_id] = queue
            # Who was cancelled a moment ago could not yet leave the queue.
            if not turn.done():
                self._take(project_id)
                turn.set_result(None)

    def _give_up(self, project_id: UUID, turn: "asyncio.Future[None]") -> None:
        if turn.done() and not turn.cancelled():
            self.leave(project_id)
            return
        queue = self._waiting.get(project_id)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[project_id]


class Place:
    """A call's place in the gate, held inside `async with`."""

    __slots__ = ("_deadline_seconds", "_gate", "_project_id")

    def __init__(self, gate: Gate, project_id: UUID, deadline_seconds: float) -> None:
        """Take nothing yet."""
        self._gate = gate
        self._project_id = project_id
        self._deadline_seconds = deadline_seconds

    async def __aenter__(self) -> Self:
        """Wait for the turn. Raises GateFull."""
        await self._gate.enter(self._project_id, self._deadline_seconds)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the place back."""
        self._gate.leave(self._project_id)


def _full() -> GateFull:
    return GateFull("The gateway is busy: more calls wait than it can make. Nothing was asked.", RETRY_SECONDS)
