"""Ownership: one process drives, and what it leaves behind is ended or taken over, never written twice."""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from llm_gateway.domain import StopReason
from llm_gateway.operations import generations
from llm_gateway.operations.reaping import take_over
from llm_gateway.store.segments import Piece, insert_segments
from shared.call import Call
from shared.contracts.ids import decode_id, new_id
from shared.contracts.llm_gateway import StartGeneration
from shared.envelope import write_headers
from shared.testing.fixtures import BusFor


async def expire(gateway: Any, generation_id: UUID) -> None:
    """Take the lease away as a process does that has been gone for long."""
    await gateway.rows(
        "UPDATE generations SET lease_until = now() - interval '1 second', owner = $2 WHERE id = $1",
        generation_id,
        new_id(),
    )


async def take(gateway: Any) -> None:
    """Reap now, as a process does that has been there for a while."""
    gateway.engine.trusts_leases_from = 0
    await take_over(gateway.engine)


async def test_of_two_processes_that_get_one_job_one_drives_it(
    open_gateway: Any, make_job: Callable[..., StartGeneration]
) -> None:
    one, other = await open_gateway(), await open_gateway()
    commands = [make_job("simulator/quill+words:20") for _ in range(20)]
    await asyncio.gather(
        *(
            generations.start_generation(gateway.engine, gateway.call, command)
            for command in commands
            for gateway in (one, other)
        )
    )
    for command in commands:
        assert (await one.until_ended(command.generation_id)).status == "completed"
        assert len(await one.attempts(command.generation_id)) == 1


async def test_a_cancel_reaches_the_process_that_drives(open_gateway: Any) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+stall:4")
    await one.until(generation_id, lambda generation: generation.last_segment > 0)
    await other.cancel(generation_id)
    assert (await other.until_ended(generation_id, seconds=1)).status == "cancelled"


async def test_a_lease_that_ran_out_before_any_text_leads_to_a_new_attempt(open_gateway: Any) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+slow-first:1,words:30")
    await one.until_asked(generation_id)
    await expire(one, generation_id)
    await take(other)
    ended = await other.until_ended(generation_id)
    attempts = await other.attempts(generation_id)
    usage = await other.usage(generation_id)
    assert ended.status == "completed"
    assert [(row["status"], row["epoch"]) for row in attempts] == [("abandoned", 1), ("succeeded", 2)]
    assert [row["estimated"] for row in usage] == [True, False]
    assert ended.usage.estimated
    _, text = await other.read(generation_id)
    assert text.count("\n# ") + text.startswith("# ") <= 1


@pytest.mark.parametrize("changes", [{}, {"response_schema": {"type": "object"}}])
async def test_a_lease_that_ran_out_while_the_model_thought_leads_to_a_new_attempt(
    open_gateway: Any, changes: dict[str, Any]
) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+reason:40,pace:10,words:20", **changes)
    thinking = await one.until(generation_id, lambda generation: generation.last_segment > 2)
    await expire(one, generation_id)
    await take(other)
    ended = await other.until_ended(generation_id)
    assert (thinking.characters, ended.status) == (0, "completed")
    attempts = await other.attempts(generation_id)
    assert [row["status"] for row in attempts] == ["abandoned", "succeeded"]
    (lost, _) = await other.usage(generation_id)
    assert lost["estimated"]
    assert lost["output_tokens"] > 0


async def test_a_lease_that_ran_out_after_text_leads_to_interrupted(
    open_gateway: Any, sha256: Callable[[str], str], violations: Any
) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+stall:6")
    await one.until(generation_id, lambda generation: generation.last_segment > 0)
    heard = await other.watch(generation_id)
    await expire(one, generation_id)
    await take(other)
    ended = await other.until_ended(generation_id)
    _, text = await other.read(generation_id)
    (usage,) = await other.usage(generation_id)
    assert (ended.status, ended.content_hash) == ("interrupted", sha256(text))
    assert "continue" in ended.detail
    assert usage["estimated"]
    await asyncio.sleep(0.05)
    assert heard[-1].status == "interrupted"
    one.engine.stop(generation_id, StopReason.LEASE_LOST)
    assert await violations() == []


async def test_a_process_that_lost_its_lease_writes_nothing_more(open_gateway: Any) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+pace:30,words:300")
    await one.until(generation_id, lambda generation: generation.last_segment > 1)
    await expire(one, generation_id)
    await take(other)
    ended = await other.until_ended(generation_id)
    await asyncio.sleep(0.3)
    later, _ = await other.read(generation_id)
    assert later == ended
    assert one.engine.free_slots == one.engine.desk.limits.max_running


async def test_the_heartbeat_stops_what_another_process_took(open_gateway: Any, eventually: Any) -> None:
    gateway = await open_gateway()
    generation_id = await gateway.start("simulator/quill+stall:4")
    await gateway.until(generation_id, lambda generation: generation.last_segment > 0)
    await gateway.rows("UPDATE generations SET owner = $2, epoch = 2 WHERE id = $1", generation_id, new_id())
    await gateway.engine._beat_once()
    await eventually(lambda: gateway.engine.free_slots == gateway.engine.desk.limits.max_running, seconds=2)


async def test_the_heartbeat_extends_the_lease_and_hears_a_cancel_that_was_missed(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+stall:4")
    lease = "SELECT lease_until FROM generations WHERE id = $1"
    (before,) = await gateway.rows(lease, generation_id)
    await gateway.engine._beat_once()
    (after,) = await gateway.rows(lease, generation_id)
    assert after["lease_until"] > before["lease_until"]
    await gateway.rows("UPDATE generations SET cancel_requested = true WHERE id = $1", generation_id)
    await gateway.engine._beat_once()
    assert (await gateway.until_ended(generation_id, seconds=1)).status == "cancelled"


async def test_a_lease_that_ran_out_after_a_cancel_ends_as_cancelled(open_gateway: Any) -> None:
    one, other = await open_gateway(), await open_gateway()
    generation_id = await one.start("simulator/quill+stall:4")
    await one.until(generation_id, lambda generation: generation.last_segment > 0)
    await one.rows("UPDATE generations SET cancel_requested = true WHERE id = $1", generation_id)
    await expire(one, generation_id)
    await take(other)
    assert (await other.until_ended(generation_id)).status == "cancelled"


async def test_a_stop_hands_back_what_has_no_text_and_interrupts_what_has(open_gateway: Any) -> None:
    gateway = await open_gateway()
    quiet = await gateway.start("simulator/quill+slow-first:3,words:20")
    shown = await gateway.start("simulator/quill+stall:4")
    await gateway.until(shown, lambda generation: generation.last_segment > 0)
    await gateway.engine.drain()
    assert (await gateway.read(quiet))[0].status == "queued"
    assert (await gateway.read(shown))[0].status == "interrupted"
    assert [row["status"] for row in await gateway.attempts(quiet)] == ["abandoned"]
    heir = await open_gateway()
    assert (await heir.until_ended(quiet)).status == "completed"


async def test_a_stop_lets_short_work_finish(open_gateway: Any) -> None:
    gateway = await open_gateway(stop_seconds=10)
    generation_id = await gateway.start("simulator/quill+words:40")
    await gateway.engine.drain()
    assert (await gateway.read(generation_id))[0].status == "completed"


async def test_a_segment_of_an_older_epoch_or_with_a_gap_is_refused(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+stall:1")
    seen = await gateway.until(generation_id, lambda generation: generation.last_segment > 0)
    lease = gateway.engine._running[generation_id].claimed.lease
    stale = type(lease)(lease.project_id, lease.generation_id, lease.epoch - 1)
    pieces = [Piece(stale, seen.last_segment + 1, "late"), Piece(lease, seen.last_segment + 2, "too far")]
    for piece in pieces:
        async with gateway.database.transaction(lease.project_id) as conn:
            assert await insert_segments(conn, [piece]) == set()
    assert (await gateway.read(generation_id))[0].last_segment == seen.last_segment
    await gateway.cancel(generation_id)
    await gateway.until_ended(generation_id)


@pytest.mark.parametrize(
    ("point", "status", "attempts"),
    [
        ("generation_claimed", "completed", 1),
        ("attempt_committed", "completed", 2),
        ("segment_written", "completed", 2),
        ("segment_committed", "interrupted", 1),
        ("end_written", "interrupted", 1),
        ("end_committed", "completed", 1),
    ],
)
async def test_a_process_killed_at_any_step_leaves_nothing_undone(
    *,
    spawn_gateway: Any,
    open_gateway: Any,
    bus_for: BusFor,
    call: Call,
    violations: Any,
    simulator: Any,
    make_job: Callable[..., StartGeneration],
    sha256: Callable[[str], str],
    point: str,
    status: str,
    attempts: int,
) -> None:
    command, event_id = make_job("simulator/quill+pace:10,words:60"), new_id()
    victim = spawn_gateway(f"{point}=kill")
    orderer = await bus_for("documents")
    headers = write_headers(event_id, "/orders", call, command)
    await orderer.publish_stored(command.subject, command.model_dump_json().encode(), headers)
    assert await asyncio.to_thread(victim.process.wait, 30) == -signal.SIGKILL
    heir = await open_gateway()
    (before,) = await heir.rows("SELECT status, content_hash FROM generations")
    if before["status"] == "running":
        await expire(heir, command.generation_id)
        await take(heir)
    ended = await heir.until_ended(command.generation_id)
    _, text = await heir.read(command.generation_id)
    rows = await heir.attempts(command.generation_id)
    usage = {row["attempt_id"]: row for row in await heir.usage(command.generation_id)}
    assert (ended.status, len(rows)) == (status, attempts)
    assert ended.content_hash == sha256(text)
    assert set(usage) == {row["id"] for row in rows}
    calls = await simulator.calls(*usage)
    assert len(calls) <= len(usage)
    uncalled = set(usage) - {decode_id("at", entry["client_request_id"]) for entry in calls}
    assert all(usage[attempt_id]["estimated"] for attempt_id in uncalled)
    assert await violations() == []


async def test_a_killed_process_is_replaced_by_one_that_waits_for_its_lease(
    spawn_gateway: Any, open_gateway: Any, bus_for: BusFor, call: Call, make_job: Callable[..., StartGeneration]
) -> None:
    command = make_job("simulator/quill+pace:50,words:300")
    lease_seconds = 2
    victim = spawn_gateway("segment_committed=kill:3", lease_seconds=lease_seconds)
    orderer = await bus_for("documents")
    headers = write_headers(new_id(), "/orders", call, command)
    await orderer.publish_stored(command.subject, command.model_dump_json().encode(), headers)
    await asyncio.to_thread(victim.process.wait, 30)
    killed_at = time.monotonic()
    heir = await open_gateway(lease_seconds=lease_seconds)
    ended = await heir.until_ended(command.generation_id, seconds=20)
    assert (ended.status, ended.last_segment) == ("interrupted", 3)
    assert time.monotonic() - killed_at < lease_seconds + 5
