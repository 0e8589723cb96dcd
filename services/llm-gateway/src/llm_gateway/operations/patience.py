"""Transactions of work that is under way: they queue for a share of the pool, and outlast an absent database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.problems import Unavailable
from shared.runtime import logger

RETRY_SECONDS = 0.2
# Half of the pool: a burst of generations must not turn away people's requests, which wait a second at most.
MAX_TRANSACTIONS = 4

log = logger(__name__)


class Patience:
    """Does what must be done in the end, a few at a time."""

    def __init__(self) -> None:
        """Start with a free share of the pool."""
        self._share = asyncio.Semaphore(MAX_TRANSACTIONS)

    @asynccontextmanager
    async def turn(self, seconds: float) -> AsyncIterator[None]:
        """Do once, in its turn, what somebody waits for: a burst of it queues here and not for the whole pool.

        Raises Unavailable when the turn does not come within `seconds`.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._share.acquire()
        except TimeoutError as error:
            message = "The gateway has more to write down than it can at the moment. Try again in a few seconds."
            raise Unavailable(message) from error
        try:
            yield
        finally:
            self._share.release()

    async def do[T](self, work: Callable[[], Awaitable[T]], name: str) -> T:
        """Do `work`, again and again while the database is away. The work must be safe to repeat."""
        while True:
            try:
                async with self._share:
                    return await work()
            except (Unavailable, TimeoutError):
                log.warning("work_waits_for_database", work=name)
            await asyncio.sleep(RETRY_SECONDS)
