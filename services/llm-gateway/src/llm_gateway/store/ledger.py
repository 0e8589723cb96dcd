"""The ledger of other teams' calls: many attempts opened, and many settled, by one statement each.

Every function takes calls of several projects; the transaction must name them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from llm_gateway.domain.calls import Account, Wire
from llm_gateway.domain.generations import Spent
from llm_gateway.store.attempts import AttemptEnd
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class NewCall:
    """A provider is about to be called for somebody's request. `model` is `connection/name`."""

    id: UUID
    account: Account
    endpoint: Wire
    provider: str
    model: str
    simulated: bool
    request_id: str
    input_characters: int
    prompt_version_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SettledCall:
    """How a call ended and what it cost. `error` is the type of a problem, never a provider's words."""

    project_id: UUID
    attempt_id: UUID
    status: AttemptEnd
    spent: Spent
    response_id: str | None = None
    error: str | None = None
    first_token_milliseconds: int | None = None
    duration_milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class CacheHit:
    """An answer that was there already: nobody was called, and it cost nothing."""

    id: UUID
    account: Account
    endpoint: Wire
    provider: str
    model: str
    simulated: bool
    spent: Spent
    prompt_version_id: UUID | None = None


async def insert_calls(conn: Connection, owner: UUID, calls: Sequence[NewCall]) -> None:
    """Write down that providers are about to be called. Saying it again is safe: an answer may have been lost."""
    await conn.execute(
        """
        INSERT INTO provider_attempts (
            project_id, id, number, endpoint, owner, provider, model, simulated, request_id, actor_id, api_key_id,
            run_id, prompt_version_id, input_characters)
        SELECT c.project_id, c.id, 1, c.endpoint, $1, c.provider, c.model, c.simulated, c.request_id, c.actor_id,
            c.api_key_id, c.run_id, c.prompt_version_id, c.input_characters
        FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[],
            $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::bigint[])
            AS c (project_id, id, endpoint, provider, model, simulated, request_id, actor_id, api_key_id, run_id,
                prompt_version_id, input_characters)
        ON CONFLICT (project_id, id) DO NOTHING
        """,
        owner,
        [call.account.project_id for call in calls],
        [call.id for call in calls],
        [call.endpoint for call in calls],
        [call.provider for call in calls],
        [call.model for call in calls],
        [call.simulated for call in calls],
        [call.request_id for call in calls],
        [call.account.actor_id for call in calls],
        [call.account.api_key_id for call in calls],
        [call.account.run_id for call in calls],
        [call.prompt_version_id for call in calls],
        [call.input_characters for call in calls],
    )


async def settle_calls(conn: Connection, calls: Sequence[SettledCall]) -> set[UUID]:
    """Close open calls and write their usage. Returns those that nobody had settled before."""
    rows = await conn.fetch(
        """
        WITH ended AS (
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::bigint[], $10::numeric[], $11::boolean[], $12::integer[],
                $13::integer[]) AS e (project_id, id, status, response_id, error, input_tokens,
                cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated, first_token, duration)
        ), closed AS (
            UPDATE provider_attempts AS a
            SET status = e.status, provider_response_id = e.response_id, error = e.error, finished_at = now()
            FROM ended AS e
            WHERE a.project_id = e.project_id AND a.id = e.id AND a.status = 'started' AND a.endpoint IS NOT NULL
            RETURNING a.project_id, a.id, a.endpoint, a.actor_id, a.api_key_id, a.run_id, a.prompt_version_id,
                a.provider, a.model, a.simulated
        )
        INSERT INTO usage (
            project_id, attempt_id, endpoint, actor_id, api_key_id, run_id, task, prompt_version_id, provider, model,
            simulated, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated,
            first_token_milliseconds, duration_milliseconds, failed)
        SELECT c.project_id, c.id, c.endpoint, c.actor_id, c.api_key_id, c.run_id, c.endpoint, c.prompt_version_id,
            c.provider, c.model, c.simulated, e.input_tokens, e.cached_input_tokens, e.output_tokens,
            e.reasoning_tokens, e.cost_usd, e.estimated, e.first_token, e.duration,
            e.status IN ('failed', 'abandoned')
        FROM closed AS c JOIN ended AS e ON e.project_id = c.project_id AND e.id = c.id
        RETURNING attempt_id
        """,
        [call.project_id for call in calls],
        [call.attempt_id for call in calls],
        [call.status for call in calls],
        [call.response_id for call in calls],
        [call.error for call in calls],
        [call.spent.input_tokens for call in calls],
        [call.spent.cached_input_tokens for call in calls],
        [call.spent.output_tokens for call in calls],
        [call.spent.reasoning_tokens for call in calls],
        [call.spent.cost_usd for call in calls],
        [call.spent.estimated for call in calls],
        [call.first_token_milliseconds for call in calls],
        [call.duration_milliseconds for call in calls],
    )
    return {row["attempt_id"] for row in rows}


async def insert_cache_hits(conn: Connection, hits: Sequence[CacheHit]) -> None:
    """Write the usage of answers that came from the cache. Saying it again is safe."""
    await conn.execute(
        """
        INSERT INTO usage (
            project_id, attempt_id, endpoint, actor_id, api_key_id, run_id, task, prompt_version_id, provider, model,
            simulated, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated,
            cache_hit)
        SELECT h.project_id, h.id, h.endpoint, h.actor_id, h.api_key_id, h.run_id, h.endpoint, h.prompt_version_id,
            h.provider, h.model, h.simulated, h.input_tokens, 0, h.output_tokens, 0, 0, false, true
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[],
            $9::text[], $10::boolean[], $11::bigint[], $12::bigint[])
            AS h (project_id, id, endpoint, actor_id, api_key_id, run_id, prompt_version_id, provider, model,
                simulated, input_tokens, output_tokens)
        ON CONFLICT (project_id, attempt_id) DO NOTHING
        """,
        [hit.account.project_id for hit in hits],
        [hit.id for hit in hits],
        [hit.endpoint for hit in hits],
        [hit.account.actor_id for hit in hits],
        [hit.account.api_key_id for hit in hits],
        [hit.account.run_id for hit in hits],
        [hit.prompt_version_id for hit in hits],
        [hit.provider for hit in hits],
        [hit.model for hit in hits],
        [hit.simulated for hit in hits],
        [hit.spent.input_tokens for hit in hits],
        [hit.spent.output_tokens for hit in hits],
    )


async def find_lost_calls(conn: Connection, silent_seconds: float, limit: int) -> list[NewCall]:
    """Find open calls whose process has not been seen for `silent_seconds`. For the relay role."""
    rows = await conn.fetch(
        """
        SELECT a.* FROM provider_attempts AS a
        LEFT JOIN gateway_processes AS p ON p.id = a.owner
        WHERE a.status = 'started' AND a.endpoint IS NOT NULL
            AND a.started_at < now() - make_interval(secs => $1)
            AND (p.id IS NULL OR p.seen_at < now() - make_interval(secs => $1))
        ORDER BY a.started_at LIMIT $2
        """,
        silent_seconds,
        limit,
    )
    return [_call(row) for row in rows]


def _call(row: asyncpg.Record) -> NewCall:
    account = Account(row["project_id"], row["actor_id"], row["api_key_id"], row["run_id"])
    return NewCall(
        row["id"],
        account,
        row["endpoint"],
        row["provider"],
        row["model"],
        row["simulated"],
        row["request_id"],
        row["input_characters"],
        row["prompt_version_id"],
    )


async def is_own_response(conn: Connection, project_id: UUID, response_id: str) -> bool:
    """Whether a response of this id was made for this project, so that it may be gone on with."""
    return bool(
        await conn.fetchval(
            """
            SELECT EXISTS (SELECT FROM provider_attempts
                WHERE project_id = $1 AND endpoint = 'responses' AND provider_response_id = $2)
            """,
            project_id,
            response_id,
        )
    )
