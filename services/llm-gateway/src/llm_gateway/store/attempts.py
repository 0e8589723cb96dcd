"""Provider attempts and the usage ledger: a row before each call, exactly one usage row after it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from llm_gateway.domain import Lease, Spent
from llm_gateway.domain.calls import Route
from shared.postgres import Connection, many, one

AttemptEnd = Literal["succeeded", "failed", "cancelled", "abandoned"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended. `error` is the type of the problem, never the provider's words."""

    attempt_id: UUID
    status: AttemptEnd
    spent: Spent
    response_id: str | None = None
    error: str | None = None
    first_token_milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """An attempt that was settled now. `holds_money` says that budgets wait for it."""

    holds_money: bool


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that is not settled, and the model that it asks, as callers name it."""

    id: UUID
    provider: str
    model: str


async def insert_attempt(conn: Connection, lease: Lease, attempt_id: UUID, route: Route) -> bool:
    """Write down that the provider is about to be called. False: the lease is lost, do not call.

    Saying it again with the same id is safe: the answer to the first COMMIT may have been lost.
    """
    status = await conn.execute(
        """
        INSERT INTO provider_attempts (project_id, id, generation_id, number, epoch, provider, model, simulated)
        SELECT g.project_id, $4, g.id,
            1 + (SELECT count(*) FROM provider_attempts AS a WHERE a.project_id = $1 AND a.generation_id = $2),
            g.epoch, $5, $6, $7
        FROM generations AS g
        WHERE g.project_id = $1 AND g.id = $2 AND g.epoch = $3 AND g.status = 'running'
        FOR NO KEY UPDATE
        ON CONFLICT (project_id, id) DO UPDATE SET epoch = excluded.epoch
        """,
        lease.project_id,
        lease.generation_id,
        lease.epoch,
        attempt_id,
        route.provider,
        route.model,
        route.simulated,
    )
    return str(status).endswith(" 1")


async def settle_attempt(conn: Connection, project_id: UUID, settlement: Settlement) -> Closed | None:
    """Close an open attempt and write its usage row. None: it was settled before, and nothing changed."""
    spent = settlement.spent
    row = await conn.fetchrow(
        """
        WITH closed AS (
            UPDATE provider_attempts SET status = $3, provider_response_id = $4, error = $5, finished_at = now()
            WHERE project_id = $1 AND id = $2 AND status = 'started'
            RETURNING project_id, id, generation_id, provider, model, simulated, started_at
        )
        INSERT INTO usage (
            project_id, attempt_id, generation_id, actor_id, task, prompt_version_id, provider, model, simulated,
            input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated, api_key_id,
            run_id, first_token_milliseconds, duration_milliseconds, failed)
        SELECT c.project_id, c.id, c.generation_id, g.actor_id, g.task, g.prompt_version_id, c.provider, c.model,
            coalesce(c.simulated, g.simulated), $6, $7, $8, $9, $10, $11, g.api_key_id, g.run_id, $12,
            -- Nobody saw when a lost process stopped to listen.
            CASE WHEN $3 <> 'abandoned' THEN extract(epoch FROM now() - c.started_at) * 1000 END,
            $3 IN ('failed', 'abandoned')
        FROM closed AS c JOIN generations AS g ON g.project_id = c.project_id AND g.id = c.generation_id
        RETURNING EXISTS (
            SELECT FROM budget_holds AS h WHERE h.project_id = $1 AND h.attempt_id = $2) AS holds_money
        """,
        project_id,
        settlement.attempt_id,
        settlement.status,
        settlement.response_id,
        settlement.error,
        spent.input_tokens,
        spent.cached_input_tokens,
        spent.output_tokens,
        spent.reasoning_tokens,
        spent.cost_usd,
        spent.estimated,
        settlement.first_token_milliseconds,
    )
    return one(Closed, row)


async def find_open_attempts(conn: Connection, project_id: UUID, generation_id: UUID) -> list[OpenAttempt]:
    """List the attempts of a generation that nobody has settled."""
    rows = await conn.fetch(
        """
        SELECT id, provider, model FROM provider_attempts
        WHERE project_id = $1 AND generation_id = $2 AND status = 'started' ORDER BY number
        """,
        project_id,
        generation_id,
    )
    return many(OpenAttempt, rows)


async def sum_usage(conn: Connection, project_id: UUID, generation_id: UUID) -> Spent | None:
    """Add up the settled attempts of a generation; None before the first. Money is None where one of them has none."""
    record = await conn.fetchrow(
        """
        SELECT coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
            coalesce(sum(cached_input_tokens), 0)::bigint AS cached_input_tokens,
            coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
            coalesce(sum(reasoning_tokens), 0)::bigint AS reasoning_tokens,
            CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END AS cost_usd,
            coalesce(bool_or(estimated), false) AS estimated
        FROM usage WHERE project_id = $1 AND generation_id = $2 HAVING count(*) > 0
        """,
        project_id,
        generation_id,
    )
    return one(Spent, record)
