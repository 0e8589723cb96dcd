"""How many calls pass through this process, and how fast: its name, the limits, the gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from llm_gateway.operations.fairness import Gate
from llm_gateway.operations.limit_book import LimitBook
from llm_gateway.operations.limiting import Limiter
from llm_gateway.operations.presence import Presence
from llm_gateway.operations.seats import Seats
from llm_gateway.store.limit_script import LimitScript
from shared.bus import Bus
from shared.postgres import Database
from shared.runtime import House


class Traffic:
    """What every call passes before it is made; one for the process."""

    def __init__(self, database: Database, redis_url: str | None, max_calls: int) -> None:
        """Make the parts. Without Redis every process holds its own part of each limit."""
        self.presence = Presence(database)
        self.gate = Gate(max_calls)
        self._book = LimitBook(database)
        self._script = LimitScript(redis_url) if redis_url else None
        self.limiter = Limiter(self._book, self._script, self.presence)
        self.seats = Seats(self.limiter)

    def work_in(self, house: House) -> None:
        """Have the house keep this process known to the others, and its limits in touch with theirs."""
        house.background(self.presence.run, "presence")
        house.background(self.limiter.run, "limits")

    @asynccontextmanager
    async def open(self, bus: Bus) -> AsyncIterator[None]:
        """Be known to the other processes before the first call, and until after the last one."""
        await self.presence.beat()
        await self._book.listen(bus)
        await self.limiter.open()
        try:
            yield
        finally:
            await self.presence.leave()
            await self.limiter.close()
            if self._script is not None:
                await self._script.close()
