"""Which generations may begin: those over a limit of speed wait in the queue, and nobody overtakes them there."""

import asyncio
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import TooFast
from llm_gateway.operations.limiting import UNLIMITED, Admission, Limiter
from shared.problems import Unavailable

# A limit that was raised meanwhile is noticed after this time at the latest.
MAX_REST_SECONDS = 10.0


@dataclass(slots=True)
class Seat:
    """Room for one generation under its limits: `take` it to drive the generation, else it is given back at the end.

    Without an admission there is none, and the generation waits.
    """

    _limiter: Limiter
    _admission: Admission | None

    @property
    def is_free(self) -> bool:
        """Whether the generation may begin."""
        return self._admission is not None

    def take(self) -> Admission:
        """Begin: whoever takes the admission finishes it."""
        admission, self._admission = self._admission, None
        return admission or UNLIMITED

    def __enter__(self) -> Self:
        """Keep the seat for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give back what was not taken."""
        if self._admission is not None:
            self._limiter.withdraw(self._admission)


class Seats:
    """The limits as generations see them."""

    def __init__(self, limiter: Limiter) -> None:
        """Take what admits calls."""
        self._limiter = limiter
        self._resting: dict[tuple[UUID, UUID], float] = {}

    async def find(self, account: Account, tokens: int) -> Seat:
        """Find room for a generation that expects to use so many tokens; for those behind others there is none."""
        if any((account.project_id, scope_id) in self._resting for _, scope_id in account.scopes()):
            return Seat(self._limiter, None)
        return await self.admit(account, tokens)

    async def admit(self, account: Account, tokens: int) -> Seat:
        """Find room for the first one in the queue."""
        try:
            return Seat(self._limiter, await self._limiter.admit(account, tokens))
        except TooFast as problem:
            rest = 0.0 if problem.measure == "parallel" else min(problem.seconds, MAX_REST_SECONDS)
            scope_id = dict(account.scopes())[problem.scope]
            self._resting[account.project_id, scope_id] = asyncio.get_running_loop().time() + rest
        except Unavailable:
            # Its limits cannot be read: in the queue it is as safe as anywhere.
            pass
        return Seat(self._limiter, None)

    def look_again(self) -> list[tuple[UUID, UUID]]:
        """Forget who has waited long enough. Returns the others: project, and project, person or key."""
        now = asyncio.get_running_loop().time()
        self._resting = {scope: until for scope, until in self._resting.items() if until > now}
        return list(self._resting)
