"""What was recorded is played at the pace that is asked for."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.pacing import LONGEST_PAUSE_SECONDS, paced

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
type Recorded = tuple[str, datetime | None]


def recorded(*seconds: float | None) -> list[Recorded]:
    return [(f"item {n}", None if s is None else BEGUN + timedelta(seconds=s)) for n, s in enumerate(seconds)]


async def play(items: list[Recorded], speed: float | None) -> list[float]:
    """When each item came, in seconds from the beginning."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    return [clock() - begun async for _ in paced(items, lambda item: item[1], BEGUN, speed)]


async def test_items_come_as_far_apart_as_they_once_did() -> None:
    assert await play(recorded(0.1, 0.1, 0.4), 1) == pytest.approx([0.1, 0.1, 0.4], abs=0.08)


async def test_they_come_faster_where_that_is_asked() -> None:
    assert await play(recorded(1, 1, 4), 10) == pytest.approx([0.1, 0.1, 0.4], abs=0.08)


async def test_they_come_at_once_where_that_is_asked() -> None:
    assert max(await play(recorded(1, 60, 3600), None)) < 0.1


async def test_nobody_waits_for_a_break_that_the_recording_has() -> None:
    assert await play(recorded(86_400), 100) == pytest.approx([LONGEST_PAUSE_SECONDS / 100], abs=0.08)


async def test_what_has_no_moment_or_an_earlier_one_does_not_wait() -> None:
    assert max(await play(recorded(None, -5, None), 1)) < 0.1
