"""N1 and N8 under kill -9: what was shown is stored, and every provider call is one usage row."""

import asyncio
import os
import random
import time
from typing import Any

import asyncpg
import httpx2
import pytest

from local_stack.stack import LocalStack
from shared.contracts.ids import encode_id
from tests.faults.invariants import violations
from tests.member import Member, Watcher

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "5"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or int(time.time())
VICTIMS = ("web", "llm_gateway", "documents")
# Two seconds of writing: long enough to be killed in the middle, short enough for sixty rounds.
MODELS = ("simulator/quill+words:160,pace:8", "simulator/reed+words:160,pace:8")
TEMPLATE = "Write about {{ topic }} for people who repair {{ thing }}. Keep to facts that can be checked by hand."


async def _prompt(admin: Member) -> str:
    made = await admin.post("/api/prompts", {"title": f"Repairs {random.random()}", "template": TEMPLATE})  # noqa: S311
    return str(made["id"])


@pytest.fixture(scope="module")
def dice() -> random.Random:
    print(f"\nFAULT_SEED={SEED} FAULT_ROUNDS={ROUNDS}")  # noqa: T201  the seed is what a person needs to see it again
    return random.Random(SEED)  # noqa: S311  a schedule of faults, not a secret


@pytest.mark.timeout(60 + 45 * ROUNDS)
async def test_text_that_was_shown_is_stored_and_every_call_is_accounted_for_while_processes_are_killed(
    stack: LocalStack, admin: Member, dice: random.Random
) -> None:
    await _forget_ledger(stack)
    before = await _usage(stack)
    prompt_id = await _prompt(admin)
    for number in range(1, ROUNDS + 1):
        await _one_round(stack, admin, prompt_id, number, dice)
    await _settled(stack)
    await _assert_accounting(stack, before)
    assert await violations(stack) == []


async def _one_round(stack: LocalStack, admin: Member, prompt_id: str, number: int, dice: random.Random) -> None:
    victim, delay = dice.choice(VICTIMS), dice.uniform(0.0, 2.0)
    body = {
        "prompt_id": prompt_id,
        "values": {"topic": f"hinges {number}", "thing": "doors"},
        "model": dice.choice(MODELS),
    }
    document = await admin.post("/api/documents", body)
    watchers = [Watcher(admin, document["generation_id"]) for _ in range(2)]
    watching = [asyncio.create_task(watcher.watch()) for watcher in watchers]
    await asyncio.sleep(delay)
    stack.kill(victim)
    print(f"round {number}: {victim} after {delay:.2f} s")  # noqa: T201
    await asyncio.gather(*watching)
    await stack.wait_until_ready(victim)
    await _finish(admin, document["id"], watchers)


async def _finish(admin: Member, document_id: str, watchers: list[Watcher]) -> None:
    """Continue what was interrupted, as a person would, until the document is whole; compare at every stop."""
    document = await admin.document_at_rest(document_id)
    _assert_shown_is_stored(document, watchers)
    for _ in range(3):
        if document["status"] == "ready":
            return
        assert document["status"] == "interrupted", document["detail"]
        continued = await admin.post(f"/api/documents/{document_id}/continue")
        watcher = Watcher(admin, continued["generation_id"])
        await watcher.watch()
        earlier, document = document, await admin.document_at_rest(document_id)
        _assert_shown_is_stored(document, [watcher])
        assert document["content"].startswith(earlier["content"])
    assert document["status"] == "ready"


def _assert_shown_is_stored(document: dict[str, Any], watchers: list[Watcher]) -> None:
    for watcher in watchers:
        assert watcher.gaps == []
        assert watcher.repeated == 0
        assert watcher.text == document["content"]


async def _forget_ledger(stack: LocalStack) -> None:
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as client:
        (await client.delete("/ledger")).raise_for_status()


async def _ledger(stack: LocalStack) -> list[dict[str, Any]]:
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as client:
        calls: list[dict[str, Any]] = (await client.get("/ledger")).json()["calls"]
        return calls


async def _settled(stack: LocalStack) -> None:
    """Wait until no attempt is open any more: the reaper closes those whose process was killed."""
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway"))
    try:
        async with asyncio.timeout(40):
            while await connection.fetchval(_OPEN_ATTEMPTS):  # noqa: ASYNC110  another process closes them
                await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def _usage(stack: LocalStack) -> dict[str, dict[str, Any]]:
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway"))
    try:
        rows = await connection.fetch("SELECT attempt_id, estimated, input_tokens, output_tokens FROM usage")
        return {encode_id("at", row["attempt_id"]): dict(row) for row in rows}
    finally:
        await connection.close()


async def _assert_accounting(stack: LocalStack, before: dict[str, Any]) -> None:
    """Every call of the simulator's ledger has exactly one usage row, with its tokens where they were reported.

    An attempt whose process was killed between its row and its call has a row and no call: it must be marked estimated.
    """
    usage = {key: row for key, row in (await _usage(stack)).items() if key not in before}
    calls = {call["client_request_id"]: call for call in await _ledger(stack)}
    assert len(calls) == len(await _ledger(stack))
    assert set(calls) - set(usage) == set()
    assert [key for key in set(usage) - set(calls) if not usage[key]["estimated"]] == []
    for key, call in calls.items():
        if not usage[key]["estimated"]:
            assert (usage[key]["input_tokens"], usage[key]["output_tokens"]) == (
                call["input_tokens"],
                call["output_tokens"],
            )


_OPEN_ATTEMPTS = "SELECT count(*) FROM provider_attempts WHERE status = 'started'"
