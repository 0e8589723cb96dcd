"""Waiting for the database inside work that is under way: a minute without it must not end a generation."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.problems import Unavailable
from shared.runtime import logger

RETRY_SECONDS = 0.2

log = logger(__name__)


async def patiently[T](work: Callable[[], Awaitable[T]], name: str) -> T:
    """Do `work`, again and again while the database is away. The work must be safe to repeat."""
    while True:
        try:
            return await work()
        except (Unavailable, TimeoutError):
            log.warning("work_waits_for_database", work=name)
        await asyncio.sleep(RETRY_SECONDS)
