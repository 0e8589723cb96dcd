"""Usage: sums by day and group from the ledger and from closed days, what is running, and the playground."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from llm_gateway.operations import usage
from llm_gateway.store.usage import close_day
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    ChatMessage,
    CreateGeneration,
    GenerationOrigin,
    GenerationRequest,
    GetUsage,
    ListRunningGenerations,
    UsageGroup,
    UsageReport,
)
from shared.postgres import Database
from shared.problems import Invalid, RemoteProblem, TooLarge
from shared.testing.fixtures import BusFor, DatabaseFor, make_call

TODAY = datetime.now(UTC).date()
LAST_WEEK = TODAY - timedelta(days=7)


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("llm_gateway")


async def report(database: Database, call: Call, by: UsageGroup = "model", since: date = LAST_WEEK) -> UsageReport:
    return await usage.get_usage(database, call, GetUsage(since=since, until=TODAY, by=by))


async def insert(database: Database, project_id: UUID, day: date, **changes: Any) -> None:
    """Write a call of another team at noon of a day."""
    values = {"model": "openai/gpt", "cost_usd": Decimal("0.25"), "run_id": None, "actor_id": new_id()} | changes
    async with database.transaction(project_id) as conn:
        await conn.execute(
            """
            INSERT INTO usage (project_id, attempt_id, actor_id, task, endpoint, provider, model, simulated,
                input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated, failed,
                run_id, created_at)
            VALUES ($1, $2, $3, 'messages', 'messages', 'openai', $4, false, 100, 10, 50, 5, $5, false, $6, $7, $8)
            """,
            project_id,
            new_id(),
            values["actor_id"],
            values["model"],
            values["cost_usd"],
            values.get("failed", False),
            values["run_id"],
            datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )


async def close(database: Database, now: datetime | None = None) -> list[date]:
    """Close every day that is over, as the background work does."""
    closed: list[date] = []
    while True:
        async with database.relay() as conn:
            day = await close_day(conn, now or datetime.now(UTC))
        if day is None:
            return closed
        closed.append(day)


async def test_every_call_is_counted_by_what_it_was_for(gateway: Any) -> None:
    version = new_id()
    origin = GenerationOrigin(task="generate_document", prompt_version_id=version, run_id=new_id())
    written = await gateway.until_ended(await gateway.start("simulator/quill+words:20", origin=origin))
    failed = await gateway.until_ended(await gateway.start("simulator/reed+401"))
    assert failed.status == "failed"
    by: dict[UsageGroup, set[str]] = {
        "model": {"simulator/quill+words:20", "simulator/reed+401"},
        "provider": {"simulator"},
        "task": {"generate_document"},
        "prompt_version": {encode_id("pv", version), ""},
        "user": {encode_id("us", gateway.call.actor_id)},
        "key": {""},
        "run": {encode_id("ru", origin.run_id or version), ""},
    }
    for group, names in by.items():
        items = (await report(gateway.database, gateway.call, group)).items
        assert {item.group for item in items} == names
        assert sum(item.calls for item in items) == 2
        assert sum(item.failed_calls for item in items) == 1
        assert sum(item.output_tokens for item in items) == written.usage.output_tokens
        assert sum(item.cost_usd for item in items) == written.usage.cost_usd
        assert sum(item.simulated_calls for item in items) == 2


async def test_a_closed_day_reads_as_it_did_and_from_its_sums(database: Database, violations: Any) -> None:
    call, other = make_call(), make_call()
    run, yesterday, earlier = new_id(), TODAY - timedelta(days=1), TODAY - timedelta(days=3)
    await insert(database, call.project_id, earlier, run_id=run)
    await insert(database, call.project_id, earlier, model="xai/grok", cost_usd=None)
    await insert(database, call.project_id, yesterday, failed=True)
    await insert(database, call.project_id, TODAY)
    await insert(database, other.project_id, earlier)
    groups: list[UsageGroup] = ["model", "provider", "task", "prompt_version", "user", "key", "run"]
    before = [await report(database, call, by) for by in groups]
    assert await close(database) == [earlier, yesterday]
    assert [await report(database, call, by) for by in groups] == before
    assert [broken for broken in await violations() if "usage_days" in broken] == []
    async with database.transaction(call.project_id) as conn:
        await conn.execute("UPDATE usage SET input_tokens = 7777")
    after = [(item.day, item.input_tokens) for item in (await report(database, call)).items]
    assert after == [(earlier, 100), (earlier, 100), (yesterday, 100), (TODAY, 7777)]
    assert [item.unpriced_calls for item in before[0].items] == [0, 1, 0, 0]
    assert [item.failed_cost_usd for item in before[0].items] == [0, 0, Decimal("0.25"), 0]


async def test_a_day_is_closed_once_after_its_end_however_many_processes_try(database: Database) -> None:
    call = make_call()
    await insert(database, call.project_id, TODAY)
    assert await close(database, datetime(TODAY.year, TODAY.month, TODAY.day, 23, 59, tzinfo=UTC)) == []
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    closed = await asyncio.gather(*(close(database, tomorrow) for _ in range(4)))
    assert [day for days in closed for day in days] == [TODAY]
    assert [item.calls for item in (await report(database, call)).items] == [1]


async def test_another_project_sees_nothing(database: Database) -> None:
    call = make_call()
    await insert(database, call.project_id, TODAY - timedelta(days=1))
    await insert(database, call.project_id, TODAY)
    await close(database)
    assert (await report(database, make_call())).items == []
    async with database.transaction(new_id()) as conn:
        assert await conn.fetchval("SELECT count(*) FROM usage_days") == 0


@pytest.mark.parametrize(("since", "days"), [(TODAY, -1), (TODAY - timedelta(days=400), 400)])
async def test_a_period_that_cannot_be_is_refused(database: Database, since: date, days: int) -> None:
    with pytest.raises(Invalid):
        await usage.get_usage(database, make_call(), GetUsage(since=since, until=since + timedelta(days=days)))


async def test_an_answer_that_no_message_can_hold_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = make_call()
    monkeypatch.setattr(usage, "MOST_SUMS", 3)
    for _ in range(3):
        await insert(database, call.project_id, TODAY)
    assert len((await report(database, call, "user")).items) == 3
    await insert(database, call.project_id, TODAY)
    with pytest.raises(TooLarge):
        await report(database, call, "user")


async def test_what_runs_is_listed_oldest_first_until_it_ends(gateway: Any) -> None:
    first = await gateway.start("simulator/quill+stall:4")
    second = await gateway.start("simulator/reed+stall:4")
    running = await usage.list_running(gateway.database, gateway.call, ListRunningGenerations())
    assert [item.generation.id for item in running.items] == [first, second]
    assert (running.total, running.items[0].actor_id) == (2, encode_id("us", gateway.call.actor_id))
    assert running.items[0].waited_seconds >= running.items[1].waited_seconds >= 0
    assert (await usage.list_running(gateway.database, make_call(), ListRunningGenerations())).total == 0
    for generation_id in (first, second):
        await gateway.cancel(generation_id)
        await gateway.until_ended(generation_id)
    assert (await usage.list_running(gateway.database, gateway.call, ListRunningGenerations())).items == []


async def test_the_playground_begins_at_once_and_a_repeat_begins_nothing(
    gateway: Any, bus_for: BusFor, make_job: Callable[..., Any]
) -> None:
    web, project = await bus_for("web"), gateway.call.project_id
    call = make_call(project_id=project, idempotency_key="try")
    request = make_job("simulator/quill+words:10").request
    begun = await web.request(call, CreateGeneration(generation_id=new_id(), request=request))
    again = await web.request(call, CreateGeneration(generation_id=new_id(), request=request))
    assert begun == again
    assert begun.status in {"queued", "running"}
    assert (await gateway.until_ended(begun.id)).status == "completed"
    assert len(await gateway.attempts(begun.id)) == 1


async def test_a_viewer_reads_usage_and_asks_nothing(gateway: Any, bus_for: BusFor) -> None:
    web, viewer = await bus_for("web"), make_call("viewer", gateway.call.project_id)
    assert (await web.request(viewer, GetUsage(since=TODAY, until=TODAY))).items == []
    assert (await web.request(viewer, ListRunningGenerations())).total == 0
    question = GenerationRequest(messages=[ChatMessage(role="user", content="Hello.")])
    with pytest.raises(RemoteProblem) as raised:
        await web.request(viewer, CreateGeneration(generation_id=new_id(), request=question))
    assert raised.value.status == 403
