"""Plays what was recorded: as slowly as it came, faster, or at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime

# Nobody waits longer for what comes next, whatever it was that held up the original.
LONGEST_PAUSE_SECONDS = 10.0


async def paced[T](
    items: Iterable[T], moment_of: Callable[[T], datetime | None], begun: datetime | None, speed: float | None
) -> AsyncIterator[T]:
    """Yield each item as long after the one before as it was recorded, divided by `speed`; at once where that is None.

    The first waits from `begun` on. An item without a moment, or with an earlier one, does not wait.
    """
    clock = asyncio.get_running_loop().time
    due, before = clock(), begun
    for item in items:
        moment = moment_of(item)
        if speed is not None and moment is not None and before is not None:
            pause = min(max((moment - before).total_seconds(), 0.0), LONGEST_PAUSE_SECONDS)
            # Counted from when it was due, so that late wake-ups do not add up.
            due += pause / speed
            await asyncio.sleep(max(0.0, due - clock()))
        before = moment or before
        yield item
