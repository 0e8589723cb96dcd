"""Use cases of usage: sums by day, what is running, the playground; and the closing of days that are over."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from llm_gateway.operations import generations
from llm_gateway.operations.engine import Engine
from llm_gateway.store import usage as store
from llm_gateway.store.usage import Days, DaySum
from shared.call import Call
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import (
    CreateGeneration,
    Generation,
    GetUsage,
    ListRunningGenerations,
    RunningGeneration,
    RunningGenerations,
    StartGeneration,
    UsageGroup,
    UsageReport,
    UsageSum,
)
from shared.postgres import Database
from shared.problems import Invalid, TooLarge
from shared.runtime import logger

MOST_DAYS = 400
# Some 6 MB as JSON: the largest answer that a message of 8 MiB holds.
MOST_SUMS = 20_000
MOST_RUNNING = 200
CLOSING_SECONDS = 600.0
# No transaction is open for nearly as long: after it no usage of the day before can still be committed.
GRACE = timedelta(minutes=10)
_PREFIXES: dict[UsageGroup, str] = {"prompt_version": "pv", "user": "us", "key": "ak", "run": "ru"}

log = logger(__name__)


async def get_usage(database: Database, call: Call, command: GetUsage) -> UsageReport:
    """Add up the project's calls by UTC day and group.

    Raises Invalid where the period ends before it begins or is longer than 400 days, and TooLarge where the answer
    would be: fewer days, or another grouping, fit.
    """
    _check_period(command.since, command.until)
    async with database.transaction(call.project_id) as conn:
        days = Days(command.since, command.until)
        sums = await store.sum_days(conn, call.project_id, days, command.by, MOST_SUMS)
    if len(sums) > MOST_SUMS:
        message = f"These are more than {MOST_SUMS:,} sums. Ask for fewer days, or group by something else."
        raise TooLarge(message)
    items = [_sum(one, command.by) for one in sums]
    return UsageReport(since=command.since, until=command.until, by=command.by, items=items)


async def list_running(database: Database, call: Call, _command: ListRunningGenerations) -> RunningGenerations:
    """List what is being written in the project now, or waits, oldest first."""
    async with database.transaction(call.project_id) as conn:
        found, total = await store.list_running(conn, call.project_id, MOST_RUNNING)
        settled = await store.sum_by_generation(conn, call.project_id, [state.id for state in found])
    now = datetime.now(UTC)
    items = [
        RunningGeneration(
            generation=generations.present(state, settled.get(state.id)),
            task=state.task,
            actor_id=encode_id("us", state.actor_id),
            waited_seconds=max(0.0, (now - state.created_at).total_seconds()),
        )
        for state in found
    ]
    return RunningGenerations(items=items, total=total)


async def create_generation(engine: Engine, call: Call, command: CreateGeneration) -> Generation:
    """Begin a generation at once; a repeat with its id, or with the caller's key, answers the first one.

    Raises UnknownModel or ProviderKeyMissing before anything is stored.
    """
    order = StartGeneration(generation_id=command.generation_id, origin=command.origin, request=command.request)
    return await generations.create_generation(engine, call, order)


async def close_days(database: Database) -> None:
    """Sum up each day that is over, every ten minutes, until cancelled. Of several processes one does it."""
    while True:
        while (day := await _close_one(database)) is not None:
            log.info("usage_day_closed", day=day.isoformat())
        await asyncio.sleep(CLOSING_SECONDS)


async def _close_one(database: Database) -> date | None:
    async with database.relay() as conn:
        return await store.close_day(conn, datetime.now(UTC) - GRACE)


def _check_period(since: date, until: date) -> None:
    message = None
    if until < since:
        message = "The last day is before the first one."
    elif until - since >= timedelta(days=MOST_DAYS):
        message = f"At most {MOST_DAYS} days are added up at once."
    if message is not None:
        raise Invalid.of([{"name": "until", "code": "period", "message": message}])


def _sum(one: DaySum, by: UsageGroup) -> UsageSum:
    prefix = _PREFIXES.get(by)
    group = one.group_name if prefix is None or not one.group_name else encode_id(prefix, UUID(one.group_name))
    return UsageSum(
        day=one.day,
        group=group,
        calls=one.calls,
        failed_calls=one.failed_calls,
        cache_hits=one.cache_hits,
        input_tokens=one.input_tokens,
        cached_input_tokens=one.cached_input_tokens,
        output_tokens=one.output_tokens,
        reasoning_tokens=one.reasoning_tokens,
        cost_usd=one.cost_usd,
        failed_cost_usd=one.failed_cost_usd,
        unpriced_calls=one.unpriced_calls,
        estimated_calls=one.estimated_calls,
        simulated_calls=one.simulated_calls,
    )
