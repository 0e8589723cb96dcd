"""The plans that every target goes through, in the same order."""

import asyncio
import sys
from dataclasses import dataclass, field, replace

from tests.bench.gateway.load import Measured, Plan
from tests.bench.gateway.programs import UnavailableError, carried_out, resident_megabytes
from tests.bench.gateway.targets import Target

ONE, SOME, MANY = "1 at a time", "64 at a time", "256 at a time"
PACED, FIRST, STREAMS = "64 connections below saturation", "first token", "200 streams"
SOME_CONNECTIONS, STREAM_COUNT, OFFERED_CHUNKS = 64, 200, 20_000
# Half of what a target can do is below saturation; above this rate all faster ones are compared at the same one.
HIGHEST_PACE = 1_000.0
MEMORY_SECONDS = 0.5
# Late imports, pools and compilers of a program that has just started are over by then.
SETTLING_SECONDS = 6.0


@dataclass
class Figures:
    """What was measured of one target. A plan that failed has no entry in `measured` but a reason in `failed`."""

    target: Target
    measured: dict[str, Measured] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    pace: float = HIGHEST_PACE
    megabytes: float | None = None


async def measure(target: Target) -> Figures:
    """Take all figures of a target that runs."""
    figures = Figures(target)
    plan = Plan("closed", target.url, target.headers, target.model)
    await carried_out(replace(plan, connections=8, seconds=SETTLING_SECONDS))
    await _take(figures, ONE, plan)
    await _take(figures, SOME, replace(plan, connections=SOME_CONNECTIONS))
    await _take(figures, MANY, replace(plan, connections=256))
    if SOME in figures.measured:
        figures.pace = min(HIGHEST_PACE, figures.measured[SOME].per_second / 2)
    await _take(figures, PACED, replace(plan, kind="paced", connections=SOME_CONNECTIONS, per_second=figures.pace))
    await _take(figures, FIRST, replace(plan, kind="first_token"))
    await _take_streams(figures, replace(plan, kind="streams", connections=STREAM_COUNT, per_second=OFFERED_CHUNKS))
    return figures


async def _take_streams(figures: Figures, plan: Plan) -> None:
    """Take the figures of many streams, and the most memory that the gateway needed meanwhile."""
    watching = asyncio.create_task(_watch_memory(figures))
    try:
        await _take(figures, STREAMS, plan)
    finally:
        watching.cancel()


async def _watch_memory(figures: Figures) -> None:
    while figures.target.process is not None:
        now = resident_megabytes(figures.target.process)
        if now is not None:
            figures.megabytes = max(now, figures.megabytes or 0)
        await asyncio.sleep(MEMORY_SECONDS)


async def _take(figures: Figures, name: str, plan: Plan) -> None:
    try:
        taken = await carried_out(plan)
    except UnavailableError as error:
        figures.failed[name] = str(error)
        said = f"not measured: {error}"
    else:
        figures.measured[name] = taken
        said = f"{taken.per_second:,.0f}/s, p50 {taken.p50 * 1000:.2f} ms, p99 {taken.p99 * 1000:.2f} ms"
        said += f", {taken.errors} errors, the first: {taken.error}" if taken.errors else ""
    sys.stderr.write(f"{figures.target.name}, {name}: {said}\n")
