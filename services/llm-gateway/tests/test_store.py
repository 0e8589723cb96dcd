"""The second wall: tables hold what their own rules promise, whatever the code above them does."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from llm_gateway.domain import Ending, Lease
from llm_gateway.store import generations
from shared.contracts.ids import new_id


async def test_every_table_of_a_project_is_held_by_row_level_security(gateway: Any) -> None:
    rows = await gateway.rows(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_held FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'project_id'
        WHERE c.relkind = 'r'
        """
    )
    assert {"generations", "segments", "provider_attempts", "usage"} <= {row["relname"] for row in rows}
    assert [row["relname"] for row in rows if not row["is_held"]] == []


async def test_without_the_filter_another_project_still_sees_nothing(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+words:10")
    await gateway.until_ended(generation_id)
    async with gateway.database.transaction(new_id()) as conn:
        for table in ("generations", "segments", "provider_attempts", "usage"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  a constant of this test


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE generations SET owner = NULL WHERE status = 'running'",
        "UPDATE generations SET status = 'completed', owner = NULL, lease_until = NULL",
        "UPDATE generations SET status = 'paused'",
        "UPDATE provider_attempts SET status = 'succeeded'",
        "INSERT INTO segments SELECT project_id, id, 0, 'x' FROM generations",
    ],
)
async def test_a_state_that_cannot_be_is_refused(gateway: Any, statement: str) -> None:
    generation_id = await gateway.start("simulator/quill+stall:3")
    await gateway.until(generation_id, lambda generation: generation.last_segment > 0)
    with pytest.raises(asyncpg.CheckViolationError):
        await gateway.rows(statement)
    await gateway.cancel(generation_id)
    await gateway.until_ended(generation_id)


async def test_an_ended_generation_is_ended_once(gateway: Any, make_job: Callable[..., Any]) -> None:
    generation_id = await gateway.start("simulator/quill+words:10")
    ended = await gateway.until_ended(generation_id)
    async with gateway.database.transaction(gateway.call.project_id) as conn:
        lease = Lease(gateway.call.project_id, generation_id, epoch=1)
        assert not await generations.fence(conn, lease)
        assert await generations.end_generation(conn, lease, Ending("cancelled"), None) is None
    assert (await gateway.read(generation_id))[0] == ended
