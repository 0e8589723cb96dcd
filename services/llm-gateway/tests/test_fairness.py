"""The gate: a bound for everybody, and nobody's flood is another's wait."""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import GateFull
from llm_gateway.operations import limits
from llm_gateway.operations.fairness import Gate
from llm_gateway.store import leases
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import SaveLimit
from shared.testing.fixtures import make_call


@dataclass
class Queue:
    """Who waits, by project."""

    flooding: Any
    flood: list[UUID]
    patient: Any
    late: list[UUID]


async def hold(gate: Gate, project_id: UUID, until: asyncio.Event) -> None:
    async with gate.place(project_id, 10):
        await until.wait()


async def fill(gate: Gate, project_id: UUID, calls: int, until: asyncio.Event) -> list["asyncio.Task[None]"]:
    """Begin so many calls that hold their places, or wait for one, until told."""
    tasks = [asyncio.create_task(hold(gate, project_id, until)) for _ in range(calls)]
    await asyncio.sleep(0.01)
    return tasks


async def test_never_more_calls_are_under_way_than_the_gate_lets_through() -> None:
    gate, under_way, most = Gate(20), 0, 0

    async def call(project_id: UUID) -> None:
        nonlocal under_way, most
        async with gate.place(project_id, 5):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1

    projects = [new_id() for _ in range(4)]
    await asyncio.gather(*(call(projects[number % 4]) for number in range(80)))
    assert (most, under_way) == (20, 0)


async def test_a_flood_leaves_places_for_others() -> None:
    gate, over = Gate(100), asyncio.Event()
    flood = await fill(gate, new_id(), 150, over)
    async with asyncio.timeout(0.1):
        async with gate.place(new_id(), 1):
            pass
    over.set()
    await asyncio.gather(*flood)


async def test_the_next_place_goes_to_the_project_with_the_fewest_calls() -> None:
    gate, over = Gate(4), asyncio.Event()
    flooding, patient = new_id(), new_id()
    first = asyncio.Event()
    begun = await fill(gate, flooding, 3, first)
    waiting = await fill(gate, flooding, 4, over)
    late = await fill(gate, patient, 3, over)
    first.set()
    await asyncio.gather(*begun)
    assert gate._calls == {flooding: 2, patient: 2}
    over.set()
    await asyncio.gather(*waiting, *late)
    assert gate._calls == {}


async def test_whoever_waits_too_long_is_told_when_to_come_again() -> None:
    gate, over, project_id = Gate(1), asyncio.Event(), new_id()
    held = await fill(gate, project_id, 1, over)
    with pytest.raises(GateFull) as refused:
        async with gate.place(project_id, 0.01):
            pass
    assert (refused.value.status, refused.value.extensions["retry_after_seconds"]) == (503, 2)
    over.set()
    await asyncio.gather(*held)
    assert (gate._under_way, gate._waiting) == (0, {})


async def test_more_of_one_project_than_could_ever_come_in_time_are_refused_at_once() -> None:
    gate, over, project_id = Gate(2), asyncio.Event(), new_id()
    held = await fill(gate, project_id, 3, over)
    with pytest.raises(GateFull):
        async with gate.place(project_id, 60):
            pass
    over.set()
    await asyncio.gather(*held)


@pytest.mark.parametrize("turns", range(6))
async def test_a_call_that_is_cancelled_while_it_waits_keeps_no_place(turns: int) -> None:
    gate, over, project_id = Gate(1), asyncio.Event(), new_id()
    held = await fill(gate, project_id, 1, over)
    waiting = await fill(gate, project_id, 1, over)
    over.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(*held, *waiting, return_exceptions=True)
    assert (gate._under_way, gate._calls, gate._waiting) == (0, {}, {})


async def test_ten_times_too_many_calls_of_one_project_do_not_slow_another() -> None:
    gate, steady, flooding = Gate(50), new_id(), new_id()

    async def first_token(project_id: UUID) -> float:
        began = time.perf_counter()
        async with gate.place(project_id, 10):
            await asyncio.sleep(0.05)
            return time.perf_counter() - began

    async def p95_of_steady() -> float:
        calls: list[asyncio.Task[float]] = []
        for _ in range(80):
            calls.append(asyncio.create_task(first_token(steady)))
            await asyncio.sleep(0.01)
        return statistics.quantiles(await asyncio.gather(*calls), n=20)[18]

    async def flood() -> None:
        while True:
            async with gate.place(flooding, 10):
                await asyncio.sleep(0.05)

    alone = await p95_of_steady()
    # Each of the gate's places is wanted ten times over.
    floods = [asyncio.create_task(flood()) for _ in range(50)]
    await asyncio.sleep(0.1)
    beside = await p95_of_steady()
    for task in floods:
        task.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
    assert beside < alone * 1.2


@pytest.fixture
async def queue(open_gateway: Any) -> AsyncIterator[Queue]:
    """One generation of a project runs; three more of it wait, then two of another project."""
    flooding = await open_gateway(max_running=1)
    patient = replace(flooding, call=make_call(seconds=60))
    running = await flooding.start("simulator/quill+stall:8")
    flood = [await flooding.start("simulator/quill+words:5") for _ in range(3)]
    late = [await patient.start("simulator/quill+words:5") for _ in range(2)]
    yield Queue(flooding, flood, patient, late)
    for gateway, ids in ((patient, late), (flooding, [*flood, running])):
        for each in ids:
            await gateway.cancel(each)


async def next_in(queue: Queue, *resting: tuple[UUID, UUID]) -> list[UUID]:
    async with queue.flooding.database.relay() as conn:
        return [one.id for one in await leases.find_queued(conn, resting, 4)]


async def test_the_queue_serves_the_project_with_the_fewest_running_generations(queue: Queue) -> None:
    first_late, second_late = queue.late
    assert await next_in(queue) == [first_late, queue.flood[0], second_late, queue.flood[1]]


async def test_who_rests_is_passed_over_and_nobody_else(queue: Queue) -> None:
    project_id, actor_id = queue.flooding.call.project_id, queue.flooding.call.actor_id
    assert await next_in(queue, (project_id, project_id)) == queue.late
    assert await next_in(queue, (project_id, actor_id)) == queue.late
    assert queue.flood[0] in await next_in(queue, (queue.patient.call.project_id, actor_id))


async def test_a_generation_over_the_limit_waits_and_runs_when_it_is_its_turn(gateway: Any) -> None:
    await limits.save_limit(gateway.database, gateway.call, SaveLimit(scope="project", parallel=1))
    ids = [await gateway.start("simulator/quill+words:5") for _ in range(4)]
    ended = [await gateway.until_ended(each) for each in ids]
    assert [generation.status for generation in ended] == ["completed"] * 4
    assert all(one.finished_at <= next_one.started_at for one, next_one in itertools.pairwise(ended))
    assert [len(await gateway.attempts(each)) for each in ids] == [1] * 4


async def test_a_generation_settles_what_its_limits_expected_of_it(gateway: Any) -> None:
    await limits.save_limit(gateway.database, gateway.call, SaveLimit(scope="project", tokens_per_minute=600_000))
    ended = await gateway.until_ended(await gateway.start("simulator/quill+words:5", max_output_tokens=30_000))
    await asyncio.sleep(0.1)
    admission = await gateway.engine.desk.traffic.limiter.admit(
        Account(gateway.call.project_id, gateway.call.actor_id), 0
    )
    used = ended.usage.input_tokens + ended.usage.output_tokens
    assert admission.tokens.remaining >= 60_000 - used
