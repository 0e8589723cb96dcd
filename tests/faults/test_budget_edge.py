"""N9: calls and generations race for the last of a budget while the gateway is killed; it is never exceeded."""

import asyncio
import os
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import asyncpg
import httpx2
import pytest

from local_stack.stack import LocalStack
from shared.contracts.ids import decode_id
from tests.faults.invariants import violations
from tests.member import Member

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

# LEDGER_CALLS=10000 kills twenty times, as the guarantee says.
KILLS = max(1, int(os.environ.get("LEDGER_CALLS", "300")) // 500)
CALLERS = 32
CALLS = 200
MAX_TOKENS = 100
# Without a pause the refusals alone would keep the machine busy.
PAUSE_SECONDS = 0.05
# Room for some twenty holds at once, and for less than a hundred answers.
LIMIT_USD = Decimal("0.003")
QUESTION: dict[str, Any] = {
    "model": "simulator/quill+words:30,pace:5",
    "messages": [{"role": "user", "content": "A ferry."}],
}


@dataclass
class Race:
    """Everybody's calls: how many are due, what they were told, and whether the budget is spent."""

    due: int = CALLS
    told: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    def turns(self) -> Iterator[None]:
        """Take turns until all calls were made and the budget is spent."""
        while self.due > 0 or not self.is_over:
            self.due -= 1
            yield


@pytest.mark.timeout(240 + 25 * KILLS)
async def test_a_budget_at_its_edge_is_never_exceeded_while_the_gateway_is_killed(
    stack: LocalStack, admin: Member
) -> None:
    budget_id = await _make_budget(admin)
    race = Race()
    async with _another_team(stack, admin) as team, asyncio.TaskGroup() as group:
        callers = [group.create_task(_call(race, team) if n % 2 else _try(race, admin)) for n in range(CALLERS)]
        watching = group.create_task(_watch(stack, budget_id, callers))
        await _kill(stack)
        await _until_spent(stack, budget_id)
        race.is_over = True
    assert max(watching.result()) <= LIMIT_USD
    assert min(race.told[word] for word in ("200", "402", "begun")) > 0, race.told
    spent, held = await _at_rest(stack, budget_id)
    assert held == 0
    assert LIMIT_USD * 9 / 10 <= spent <= LIMIT_USD
    assert await violations(stack) == []
    await admin.send("DELETE", f"/api/budgets/{budget_id}")


async def _make_budget(admin: Member) -> str:
    body = {"scope": "project", "period": "day", "limit_usd": str(LIMIT_USD)}
    budget_id = str((await admin.post("/api/budgets", body))["id"])
    # Every process hears of a project's first budget within this time.
    await asyncio.sleep(1)
    return budget_id


@asynccontextmanager
async def _another_team(stack: LocalStack, admin: Member) -> AsyncIterator[httpx2.AsyncClient]:
    key = await admin.post("/api/keys", {"name": f"edge {uuid.uuid4()}", "scopes": ["models.call"]})
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    url = stack.service_url("llm_gateway")
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


async def _call(race: Race, team: httpx2.AsyncClient) -> None:
    """Call as another team's program; a killed gateway is called again."""
    for _ in race.turns():
        try:
            answer = await team.post("/v1/chat/completions", json=QUESTION | {"max_tokens": MAX_TOKENS})
            race.told[str(answer.status_code)] += 1
        except httpx2.TransportError:
            await asyncio.sleep(0.2)
        await asyncio.sleep(PAUSE_SECONDS)


async def _try(race: Race, admin: Member) -> None:
    """Ask as a person in the playground does."""
    for _ in race.turns():
        await admin.post("/api/playground", {"request": QUESTION | {"max_output_tokens": MAX_TOKENS}})
        race.told["begun"] += 1
        await asyncio.sleep(PAUSE_SECONDS)


async def _kill(stack: LocalStack) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(1)
        stack.kill("llm_gateway")
        await stack.wait_until_ready("llm_gateway")


async def _until_spent(stack: LocalStack, budget_id: str) -> None:
    """Wait until hardly another call fits: what killed processes held has come back by then."""
    async with asyncio.timeout(150):
        while (await _money(stack, budget_id))[0] < LIMIT_USD * 9 / 10:  # noqa: ASYNC110  another process spends it
            await asyncio.sleep(0.2)


async def _watch(stack: LocalStack, budget_id: str, callers: Sequence["asyncio.Task[None]"]) -> list[Decimal]:
    """Note what is spent and held together until everybody is done."""
    seen = [Decimal(0)]
    while not all(caller.done() for caller in callers):
        seen.append(sum(await _money(stack, budget_id), Decimal(0)))
        await asyncio.sleep(0.05)
    return seen


async def _money(stack: LocalStack, budget_id: str) -> tuple[Decimal, Decimal]:
    query = "SELECT spent_usd, held_usd FROM budgets WHERE id = $1"
    async with _database(stack) as connection:
        row = await connection.fetchrow(query, decode_id("bu", budget_id))
    return row["spent_usd"], row["held_usd"]


async def _at_rest(stack: LocalStack, budget_id: str) -> tuple[Decimal, Decimal]:
    """Wait until nothing runs: what a killed process left is settled by the next one."""
    query = """SELECT (SELECT count(*) FROM provider_attempts WHERE status = 'started')
        + (SELECT count(*) FROM generations WHERE finished_at IS NULL)"""
    async with asyncio.timeout(90), _database(stack) as connection:
        while await connection.fetchval(query):  # noqa: ASYNC110  another process ends them
            await asyncio.sleep(0.2)
    return await _money(stack, budget_id)


@asynccontextmanager
async def _database(stack: LocalStack) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway"))
    try:
        yield connection
    finally:
        await connection.close()
