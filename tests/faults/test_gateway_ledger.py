"""N8 and N9 at the providers' endpoints: random calls, random faults, kills, and at the end nothing differs."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio

from local_stack.stack import LocalStack
from shared.contracts.ids import encode_id
from tests.faults.invariants import violations
from tests.faults.test_kills import SEED
from tests.faults.test_points import CALLING
from tests.member import Member

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

# Enough to see each fault; LEDGER_CALLS=10000 makes what the guarantee says, 10,000 calls and 20 kills, in six minutes.
CALLS = int(os.environ.get("LEDGER_CALLS", "300"))
KILLS = max(2, CALLS // 500)
CALLERS = 24
SHORT = "words:15,pace:2"
# Most calls are sound, so that breakers stay closed and the faults meet healthy company.
FAULTS = (
    *[""] * 14,
    *("429:60,", "429-once,", "500,", "500-once,", "529,", "quota,", "401,", "400,", "context,", "content-filter,"),
    *("cut:0,", "cut:3,", "error:3,", "malformed:3,", "truncate:5,", "filter:3,", "think,"),
)
# What a caller may hear of a provider's fault; 500 would be a bug of ours.
TOLD = {200, 400, 402, 429, 502, 503, 504}


@dataclass
class Caller:
    """Another team's program: calls, is sometimes impatient, and notes what it was told."""

    client: httpx2.AsyncClient
    dice: random.Random
    told: Counter[int] = field(default_factory=Counter)
    left: int = 0

    async def call(self) -> None:
        """Make one call; a gateway that is away is asked again."""
        path, body = _question(self.dice)
        patience = self.dice.uniform(0.0, 0.3) if self.dice.random() < 0.1 else None
        while True:
            try:
                async with asyncio.timeout(patience):
                    answer = await self.client.post(path, json=body)
            except TimeoutError:
                self.left += 1
            except httpx2.ConnectError:
                await asyncio.sleep(0.1)
                continue
            except httpx2.TransportError:
                # Killed in the middle of the call: a program cannot know what became of it.
                self.left += 1
            else:
                self.told[answer.status_code] += 1
            return


def _question(dice: random.Random) -> tuple[str, dict[str, Any]]:
    fault = dice.choice(FAULTS)
    messages = [{"role": "user", "content": f"Write about ferry {dice.randrange(1_000)}."}]
    asked = {"stream": dice.random() < 0.6}
    chat, claude = f"simulator/quill+{fault}{SHORT}", f"simulator/reed+{fault}{SHORT}"
    match dice.choice(("chat", "messages", "responses", "embeddings")):
        case "chat":
            return "/v1/chat/completions", asked | {"model": chat, "messages": messages}
        case "messages":
            return "/v1/messages", asked | {"model": claude, "messages": messages, "max_tokens": 200}
        case "responses":
            return "/v1/responses", asked | {"model": chat, "input": "Write about hinges."}
        case _:
            return "/v1/embeddings", {"model": "simulator/quill", "input": ["ferry", "hinge"]}


@pytest_asyncio.fixture(loop_scope="session")
async def client(stack: LocalStack, admin: Member) -> AsyncIterator[httpx2.AsyncClient]:
    """Speak to the gateway as another team, under a budget that is never reached."""
    key = await admin.post("/api/keys", {"name": f"ledger {random.random()}", "scopes": ["models.call"]})  # noqa: S311
    budget = await admin.post("/api/budgets", {"scope": "project", "period": "total", "limit_usd": "1000"})
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    limits = httpx2.Limits(max_connections=2 * CALLERS, max_keepalive_connections=2 * CALLERS)
    async with httpx2.AsyncClient(
        base_url=stack.service_url("llm_gateway"), headers=headers, timeout=60, limits=limits, trust_env=False
    ) as opened:
        yield opened
    await admin.send("DELETE", f"/api/budgets/{budget['id']}")


@pytest.mark.timeout(240 + CALLS // 10 + 15 * KILLS)
async def test_no_call_is_lost_or_counted_twice_and_no_money_stays_held_while_the_gateway_is_killed(
    stack: LocalStack, client: httpx2.AsyncClient
) -> None:
    print(f"\nFAULT_SEED={SEED} calls={CALLS} kills={KILLS}")  # noqa: T201  the seed is what a person needs to see it again
    before = await _begin(stack)
    callers = [Caller(client, random.Random(SEED + number)) for number in range(CALLERS)]  # noqa: S311  no secret
    due = iter(range(CALLS))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_call_while(due, caller)) for caller in callers]
        group.create_task(_kill_now_and_then(stack, lambda: all(task.done() for task in tasks), callers))
    told = sum((caller.told for caller in callers), Counter())
    assert told.total() + sum(caller.left for caller in callers) == CALLS
    assert set(told) <= TOLD
    await _assert_sound(stack, before)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", CALLING, ids=str)
async def test_a_call_that_was_written_down_and_never_made_is_settled(
    stack: LocalStack, client: httpx2.AsyncClient, point: Any
) -> None:
    before = await _begin(stack)
    await stack.restart(point.service, point.armed)
    body = {"model": "simulator/quill", "messages": [{"role": "user", "content": "Hello."}]}
    with pytest.raises(httpx2.TransportError):
        await client.post("/v1/chat/completions", json=body)
    await stack.wait_until_ready(point.service)
    await _settled(stack)
    (row,) = (row for key, row in (await _usage(stack)).items() if key not in before)
    assert row["estimated"]
    assert await _ledger(stack) == []
    await _assert_sound(stack, before)


async def _call_while(due: Any, caller: Caller) -> None:
    for _ in due:
        await caller.call()


async def _kill_now_and_then(stack: LocalStack, is_over: Callable[[], bool], callers: list[Caller]) -> None:
    """Kill the gateway at even distances of calls, each time in the middle of many of them."""
    for number in range(1, KILLS + 1):
        due = CALLS * number // (KILLS + 1)
        while sum(caller.told.total() + caller.left for caller in callers) < due:  # noqa: ASYNC110  callers tell nobody
            await asyncio.sleep(0.02)
        if is_over():
            return
        stack.kill("llm_gateway")
        await stack.wait_until_ready("llm_gateway")


async def _begin(stack: LocalStack) -> set[str]:
    """Forget earlier calls at the provider, and name the usage rows that there are."""
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as simulator:
        (await simulator.delete("/ledger")).raise_for_status()
    return set(await _usage(stack))


async def _ledger(stack: LocalStack) -> list[dict[str, Any]]:
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as simulator:
        return list((await simulator.get("/ledger")).json()["calls"])


async def _assert_sound(stack: LocalStack, before: set[str]) -> None:
    await _settled(stack)
    usage = {key: row for key, row in (await _usage(stack)).items() if key not in before}
    entries = await _ledger(stack)
    calls = {call["client_request_id"]: call for call in entries}
    assert len(calls) == len(entries)
    assert set(calls) - set(usage) == set()
    # Written down and then not made: the process was killed, or the caller had left.
    unmade = [usage[key] for key in set(usage) - set(calls)]
    assert [row for row in unmade if not row["estimated"] and row["input_tokens"] + row["output_tokens"]] == []
    assert [(key, usage[key], call) for key, call in calls.items() if not _agree(usage[key], call)] == []
    async with _database(stack) as connection:
        assert await connection.fetchval("SELECT count(*) FROM budget_holds") == 0
        assert await connection.fetchval("SELECT coalesce(sum(held_usd), 0) FROM budgets") == Decimal(0)
    assert await violations(stack) == []


def _agree(row: dict[str, Any], call: dict[str, Any]) -> bool:
    said = (call["input_tokens"], call["output_tokens"])
    return bool(row["estimated"]) or (row["input_tokens"], row["output_tokens"]) == said


async def _settled(stack: LocalStack) -> None:
    """Wait until no attempt is open any more: those of a killed process are settled by the next one."""
    async with asyncio.timeout(60), _database(stack) as connection:
        while await connection.fetchval(_OPEN_ATTEMPTS):  # noqa: ASYNC110  another process closes them
            await asyncio.sleep(0.2)


async def _usage(stack: LocalStack) -> dict[str, dict[str, Any]]:
    async with _database(stack) as connection:
        rows = await connection.fetch("SELECT attempt_id, estimated, input_tokens, output_tokens FROM usage")
    return {encode_id("at", row["attempt_id"]): dict(row) for row in rows}


@asynccontextmanager
async def _database(stack: LocalStack) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway"))
    try:
        yield connection
    finally:
        await connection.close()


_OPEN_ATTEMPTS = "SELECT count(*) FROM provider_attempts WHERE status = 'started'"
