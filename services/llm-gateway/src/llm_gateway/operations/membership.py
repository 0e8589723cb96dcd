"""Long work checks its grant: is the person who began it still a member of the project?"""

import asyncio
import time
from uuid import UUID

from llm_gateway.domain import ClaimedGeneration, MembershipEnded
from shared.bus import Bus
from shared.call import service_call
from shared.contracts.web import GetMembership, Role
from shared.problems import DeadlineExceeded, Problem, RemoteProblem, Unavailable
from shared.runtime import logger

# A removed member may go on for this long at most; the house promises 30 s (GUARANTEES, N20).
CACHE_SECONDS = 10.0
# How often it is asked while a model writes; with the age of the answer that is 20 s.
WATCH_SECONDS = 10.0
RETRY_SECONDS = 0.5
_CACHE_SIZE = 10_000

log = logger(__name__)


class Members:
    """Asks web, and remembers each answer for ten seconds."""

    def __init__(self, bus: Bus) -> None:
        """Take the bus to ask on."""
        self._bus = bus
        self._known: dict[tuple[UUID, UUID], tuple[float, Role | None]] = {}

    async def require(self, generation: ClaimedGeneration) -> None:
        """Raise MembershipEnded for somebody who has no role any more. While web is away this waits."""
        while True:
            try:
                role = await self._role(generation)
                break
            except Problem as problem:
                if not _is_passing(problem):
                    raise
                log.warning("membership_unknown", generation_id=str(generation.id), problem=problem.type)
            await asyncio.sleep(RETRY_SECONDS)
        if role is None:
            raise MembershipEnded

    async def until_ended(self, generation: ClaimedGeneration) -> None:
        """Return once the person has no role any more. What web cannot say is asked again."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.require(generation)
            except MembershipEnded:
                return
            except Problem as problem:
                log.warning("membership_unknown", generation_id=str(generation.id), problem=problem.type)

    def knows(self, generation: ClaimedGeneration) -> bool:
        """Whether the person was found to be a member within the last ten seconds."""
        known = self._known.get((generation.project_id, generation.actor_id))
        return known is not None and known[0] > time.monotonic() and known[1] is not None

    async def _role(self, generation: ClaimedGeneration) -> Role | None:
        key = (generation.project_id, generation.actor_id)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        call = service_call(generation.project_id, generation.actor_id, generation.request_id)
        role = (await self._bus.request(call, GetMembership(user_id=generation.actor_id))).role
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[key] = (time.monotonic() + CACHE_SECONDS, role)
        return role


def _is_passing(problem: Problem) -> bool:
    kinds = (Unavailable, DeadlineExceeded)
    return isinstance(problem, kinds) or (isinstance(problem, RemoteProblem) and any(map(problem.is_a, kinds)))
