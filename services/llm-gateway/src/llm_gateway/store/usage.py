"""Usage by day: sums of days that are over are kept, the rest is added up from the ledger when it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from llm_gateway.domain import GenerationState, Spent
from llm_gateway.store.generations import STATE
from shared.contracts.llm_gateway import UsageGroup
from shared.postgres import Connection, many

_SUMS = """
    count(*) AS calls, count(*) FILTER (WHERE u.failed) AS failed_calls,
    count(*) FILTER (WHERE u.cache_hit) AS cache_hits,
    sum(u.input_tokens)::bigint AS input_tokens, sum(u.cached_input_tokens)::bigint AS cached_input_tokens,
    sum(u.output_tokens)::bigint AS output_tokens, sum(u.reasoning_tokens)::bigint AS reasoning_tokens,
    coalesce(sum(u.cost_usd), 0) AS cost_usd, coalesce(sum(u.cost_usd) FILTER (WHERE u.failed), 0) AS failed_cost_usd,
    count(*) FILTER (WHERE u.cost_usd IS NULL) AS unpriced_calls,
    count(*) FILTER (WHERE u.estimated) AS estimated_calls, count(*) FILTER (WHERE u.simulated) AS simulated_calls"""
_GROUPS: dict[UsageGroup, str] = {
    "model": "u.model",
    "provider": "u.provider",
    "task": "u.task",
    "prompt_version": "coalesce(u.prompt_version_id::text, '')",
    "user": "u.actor_id::text",
    "key": "coalesce(u.api_key_id::text, '')",
    "run": "coalesce(u.run_id::text, '')",
}
# One project's day of a million calls takes some ten seconds; nobody waits for it.
_CLOSING_SECONDS = 300
# Any number that no other lock of this database has: "days" in bytes.
_CLOSING_LOCK = 0x64617973


@dataclass(frozen=True, slots=True)
class DaySum:
    """Calls, tokens and money of one day and group. `group_name` is a name or the text of a UUID."""

    day: date
    group_name: str
    calls: int
    failed_calls: int
    cache_hits: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal
    failed_cost_usd: Decimal
    unpriced_calls: int
    estimated_calls: int
    simulated_calls: int


@dataclass(frozen=True, slots=True)
class Days:
    """Days of UTC, both ends included."""

    since: date
    until: date


async def sum_days(conn: Connection, project_id: UUID, days: Days, by: UsageGroup, most: int) -> list[DaySum]:
    """Add up a project's calls by day and group, at most `most` rows and one.

    A project's days up to the last one that was closed come from their sums, later ones from the ledger.
    """
    rows = await conn.fetch(
        f"""
        WITH open AS (
            SELECT greatest($2::date, max(day) + 1)::timestamp AT TIME ZONE 'UTC' AS since
            FROM usage_days WHERE project_id = $1 AND grouped_by = $4
        )
        SELECT d.day, d.group_name, d.calls, d.failed_calls, d.cache_hits, d.input_tokens, d.cached_input_tokens,
            d.output_tokens, d.reasoning_tokens, d.cost_usd, d.failed_cost_usd, d.unpriced_calls, d.estimated_calls,
            d.simulated_calls
        FROM usage_days AS d
        WHERE d.project_id = $1 AND d.grouped_by = $4 AND d.day BETWEEN $2 AND $3
        UNION ALL
        SELECT (u.created_at AT TIME ZONE 'UTC')::date, {_GROUPS[by]}, {_SUMS}
        FROM usage AS u
        WHERE u.project_id = $1 AND u.created_at >= (SELECT since FROM open)
            AND u.created_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
        GROUP BY 1, 2
        ORDER BY 1, 2 LIMIT $5
        """,  # noqa: S608  constants of this module
        project_id,
        days.since,
        days.until,
        by,
        most + 1,
    )
    return many(DaySum, rows)


async def close_day(conn: Connection, now: datetime) -> date | None:
    """Keep the sums of the oldest day that is over and was not closed, of all projects; None: there is none.

    With the relay role. Days are closed in their order, by one process at a time and each in one transaction, so
    that everything up to a project's last closed day is complete. A day is over when it has ended before `now`.
    """
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _CLOSING_LOCK):
        return None
    day = await _oldest_open_day(conn, now)
    if day is None:
        return None
    await conn.execute(f"SET LOCAL statement_timeout = '{_CLOSING_SECONDS}s'")
    names = ", ".join(f"('{by}', {expression})" for by, expression in _GROUPS.items())
    await conn.execute(
        f"""
        INSERT INTO usage_days (
            project_id, grouped_by, day, group_name, calls, failed_calls, cache_hits, input_tokens,
            cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, failed_cost_usd, unpriced_calls,
            estimated_calls, simulated_calls)
        SELECT u.project_id, g.grouped_by, $1, g.group_name, {_SUMS}
        FROM usage AS u CROSS JOIN LATERAL (VALUES {names}) AS g (grouped_by, group_name)
        WHERE u.created_at >= $2 AND u.created_at < $3
        GROUP BY u.project_id, g.grouped_by, g.group_name
        """,  # noqa: S608  constants of this module
        day,
        _midnight(day),
        _midnight(day + timedelta(days=1)),
        timeout=_CLOSING_SECONDS,
    )
    return day


async def _oldest_open_day(conn: Connection, now: datetime) -> date | None:
    """The first day with usage after the last closed one, before the day of `now`. Days without usage need no sums."""
    first: datetime | None = await conn.fetchval(
        """
        SELECT min(created_at) FROM usage
        WHERE created_at >= coalesce((SELECT max(day) + 1 FROM usage_days)::timestamp AT TIME ZONE 'UTC', '-infinity')
            AND created_at < $1
        """,
        _midnight(now.astimezone(UTC).date()),
    )
    return None if first is None else first.astimezone(UTC).date()


async def sum_by_generation(conn: Connection, project_id: UUID, generation_ids: Sequence[UUID]) -> dict[UUID, Spent]:
    """Add up the settled attempts of each generation that has some."""
    rows = await conn.fetch(
        """
        SELECT generation_id, sum(input_tokens)::bigint AS input_tokens,
            sum(cached_input_tokens)::bigint AS cached_input_tokens, sum(output_tokens)::bigint AS output_tokens,
            sum(reasoning_tokens)::bigint AS reasoning_tokens,
            CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END AS cost_usd, bool_or(estimated) AS estimated
        FROM usage WHERE project_id = $1 AND generation_id = ANY ($2) GROUP BY generation_id
        """,
        project_id,
        generation_ids,
    )
    return {row["generation_id"]: spent for row, spent in zip(rows, many(Spent, rows), strict=True)}


async def list_running(conn: Connection, project_id: UUID, limit: int) -> tuple[list[GenerationState], int]:
    """List generations that are written or wait, oldest first, and how many there are in all."""
    rows = await conn.fetch(
        f"""
        SELECT {STATE}, count(*) OVER () AS total FROM generations
        WHERE project_id = $1 AND finished_at IS NULL ORDER BY created_at, id LIMIT $2
        """,  # noqa: S608  a constant list of columns
        project_id,
        limit,
    )
    return many(GenerationState, rows), rows[0]["total"] if rows else 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
