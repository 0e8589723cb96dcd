"""Limits of speed in one process and between several: real Redis, real rows, real kills."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import LimitRow, LocalLimits, SpeedLimit, TooFast, Verdict
from llm_gateway.operations import limits
from llm_gateway.operations.limit_book import LimitBook
from llm_gateway.operations.limiting import UNLIMITED, Admission, Limiter
from llm_gateway.operations.presence import Presence
from llm_gateway.store.limit_script import Batch, LimitScript
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import SaveLimit
from shared.embedded.binaries import ServerBinaries
from shared.embedded.ports import free_ports
from shared.embedded.settings import EmbeddedSettings
from shared.embedded.valkey import Valkey
from shared.postgres import Database
from shared.testing.fixtures import DatabaseFor
from shared.testing.servers import Servers

CALLER = Path(__file__).with_name("limit_caller.py")
type LimiterFor = Callable[..., Awaitable[Limiter]]


@pytest.fixture
async def database(database_for: DatabaseFor) -> Database:
    return await database_for("llm_gateway")


@pytest.fixture
async def limiter_for(database: Database, servers: Servers) -> AsyncIterator[LimiterFor]:
    """Make limiters of this process, each in touch with Redis."""
    running: list[tuple[Limiter, asyncio.Task[None], LimitScript]] = []

    async def make(url: str = servers.redis_url, slot_seconds: float = 10.0) -> Limiter:
        script = LimitScript(url, slot_seconds)
        limiter = Limiter(LimitBook(database), script, Presence(database))
        assert await limiter.reach()
        running.append((limiter, asyncio.create_task(limiter.run()), script))
        return limiter

    yield make
    for limiter, task, script in running:
        task.cancel()
        await limiter.close()
        await script.close()


@pytest.fixture
async def limiter(limiter_for: LimiterFor) -> Limiter:
    return await limiter_for()


@pytest.fixture
def limit(database: Database, call: Call) -> Callable[..., Awaitable[Account]]:
    """Save a limit of the test's project and return the account that it holds for."""

    async def save(scope: str = "project", **figures: int) -> Account:
        account = Account(call.project_id, call.actor_id, new_id())
        scope_id = {"project": None, "user": encode_id("us", account.actor_id)}[scope]
        wanted = SaveLimit.model_validate({"scope": scope, "scope_id": scope_id, **figures})
        await limits.save_limit(database, call, wanted)
        return account

    return save


async def count_admitted(limiter: Limiter, account: Account, calls: int, tokens: int = 0) -> int:
    outcomes = await asyncio.gather(*(limiter.admit(account, tokens) for _ in range(calls)), return_exceptions=True)
    assert all(isinstance(outcome, Admission | TooFast) for outcome in outcomes)
    return sum(isinstance(outcome, Admission) for outcome in outcomes)


async def test_a_project_without_limits_is_admitted_without_asking_anybody(limiter: Limiter, call: Call) -> None:
    account = Account(call.project_id, call.actor_id)
    assert await limiter.admit(account, 1_000_000) is UNLIMITED
    assert (UNLIMITED.requests, UNLIMITED.tokens) == (None, None)
    limiter.finish(UNLIMITED, 5)


async def test_a_tenth_of_a_minute_is_admitted_at_once_and_no_call_more(limiter: Limiter, limit: Any) -> None:
    account = await limit(requests_per_minute=200)
    assert await count_admitted(limiter, account, 100) == 20


async def test_the_refusal_says_which_limit_and_when_to_ask_again(limiter: Limiter, limit: Any) -> None:
    account = await limit("user", requests_per_minute=150)
    await count_admitted(limiter, account, 15)
    with pytest.raises(TooFast) as refused:
        await limiter.admit(account, 0)
    document = refused.value.document()
    assert (document["status"], document["limit"], document["scope"]) == (429, "requests_per_minute", "user")
    assert document["retry_after_seconds"] == 1
    assert 300 < int(str(document["retry_after_milliseconds"])) <= 400
    await asyncio.sleep(int(str(document["retry_after_milliseconds"])) / 1000)
    await limiter.admit(account, 0)


async def test_headers_tell_what_is_left_and_when_all_of_it_is_back(limiter: Limiter, limit: Any) -> None:
    account = await limit(requests_per_minute=600, tokens_per_minute=60_000)
    await limiter.admit(account, 1_000)
    admission = await limiter.admit(account, 2_000)
    assert admission.requests is not None
    assert admission.tokens is not None
    assert (admission.requests.limit, admission.tokens.limit) == (600, 60_000)
    assert 58 <= admission.requests.remaining <= 59
    assert 3_000 <= admission.tokens.remaining < 3_200
    assert 0.1 <= admission.requests.reset_seconds <= 0.2
    assert 2.8 < admission.tokens.reset_seconds <= 3.0


async def test_the_tightest_of_several_limits_decides(limiter: Limiter, limit: Any) -> None:
    await limit(requests_per_minute=1_000)
    account = await limit("user", requests_per_minute=50)
    admission = await limiter.admit(account, 0)
    assert admission.requests is not None
    assert (admission.requests.limit, admission.requests.remaining) == (50, 4)
    assert await count_admitted(limiter, account, 100) == 4
    another = Account(account.project_id, new_id())
    # What the person's limit refused was not taken from the project's.
    assert 94 <= await count_admitted(limiter, another, 200) <= 97


async def test_a_call_that_used_more_than_expected_leaves_a_debt(limiter: Limiter, limit: Any) -> None:
    account = await limit(tokens_per_minute=60_000)
    admission = await limiter.admit(account, 100)
    limiter.finish(admission, 16_000)
    with pytest.raises(TooFast) as refused:
        await limiter.admit(account, 1)
    assert refused.value.extensions["limit"] == "tokens_per_minute"
    # 10,000 tokens over the burst and the one that is asked for, at 1,000 a second.
    assert 9.5 < refused.value.seconds <= 10.001


async def test_what_was_expected_and_not_used_comes_back(limiter: Limiter, limit: Any) -> None:
    account = await limit(tokens_per_minute=60_000)
    limiter.finish(await limiter.admit(account, 6_000), 0)
    assert await count_admitted(limiter, account, 10, tokens=1_000) == 6


async def test_a_call_larger_than_a_burst_is_admitted_when_nothing_else_is_taken(limiter: Limiter, limit: Any) -> None:
    account = await limit(tokens_per_minute=60_000)
    await limiter.admit(account, 30_000)
    with pytest.raises(TooFast) as refused:
        await limiter.admit(account, 1)
    assert 23 < refused.value.seconds <= 24.1


async def test_calls_at_once_are_counted_and_their_slots_come_back(limiter: Limiter, limit: Any) -> None:
    account = await limit(parallel=3)
    admitted = [await limiter.admit(account, 0) for _ in range(3)]
    assert await count_admitted(limiter, account, 5) == 0
    for admission in admitted[:2]:
        limiter.finish(admission, 0)
        limiter.finish(admission, 0)
    assert await count_admitted(limiter, account, 5) == 2


async def test_a_withdrawn_call_is_as_if_it_had_never_been(limiter: Limiter, limit: Any) -> None:
    account = await limit(requests_per_minute=10, tokens_per_minute=1_000, parallel=1)
    for _ in range(5):
        limiter.withdraw(await limiter.admit(account, 100))


async def test_a_caller_who_leaves_while_it_is_decided_keeps_nothing(limiter: Limiter, limit: Any) -> None:
    account = await limit(parallel=2)
    limiter.finish(await limiter.admit(account, 0), 0)
    for turns in range(30):
        leaving = asyncio.create_task(limiter.admit(account, 0))
        for _ in range(turns):
            await asyncio.sleep(0)
        leaving.cancel()
        outcome = (await asyncio.gather(leaving, return_exceptions=True))[0]
        if isinstance(outcome, Admission):
            limiter.finish(outcome, 0)
    await asyncio.sleep(0.05)
    assert await count_admitted(limiter, account, 5) == 2


async def test_a_change_of_a_limit_is_known_everywhere_at_once(open_gateway: Any, limit: Any, eventually: Any) -> None:
    gateways = [await open_gateway(), await open_gateway()]
    account = await limit(requests_per_minute=10_000)

    async def heard_limits() -> set[int]:
        admissions = [await gateway.engine.desk.traffic.limiter.admit(account, 0) for gateway in gateways]
        return {admission.requests.limit for admission in admissions}

    async def know_the_new_one() -> bool:
        return await heard_limits() == {20_000}

    assert await heard_limits() == {10_000}
    await limit(requests_per_minute=20_000)
    await eventually(know_the_new_one, seconds=2)


async def test_flushing_redis_begins_anew_and_slots_are_remembered(
    limiter_for: LimiterFor, limit: Any, servers: Servers
) -> None:
    limiter = await limiter_for(slot_seconds=0.6)
    account = await limit(requests_per_minute=100, parallel=4)
    held = [await limiter.admit(account, 0) for _ in range(3)]
    async with Redis.from_url(servers.redis_url) as redis:
        await redis.script_flush()
        await redis.flushall()
    await asyncio.sleep(0.3)
    assert await count_admitted(limiter, account, 10) == 1
    for admission in held:
        limiter.finish(admission, 0)


async def test_a_slow_redis_is_not_waited_for_and_each_process_holds_its_part(
    limiter_for: LimiterFor, limit: Any, servers: Servers, eventually: Any
) -> None:
    one, other = await limiter_for(), await limiter_for()
    account = await limit(requests_per_minute=200)
    for limiter in (one, other):
        limiter._presence.processes = 2
        await limiter._book.find(account)
    async with Redis.from_url(servers.redis_url) as redis:
        await redis.client_pause(1500)
    began = time.monotonic()
    assert [await count_admitted(limiter, account, 50) for limiter in (one, other)] == [10, 10]
    assert time.monotonic() - began < 0.6
    await eventually(lambda: not one._is_alone and not other._is_alone, seconds=5)
    assert await count_admitted(one, account, 50) == 20


@pytest.fixture
def own_redis(tmp_path: Path) -> Valkey:
    (port,) = free_ports(1)
    binaries = ServerBinaries.find(EmbeddedSettings())
    return Valkey(binaries, tmp_path / "valkey", tmp_path / "valkey.log", port, "secret")


async def test_a_killed_redis_is_replaced_by_parts_and_found_again(
    limiter_for: LimiterFor, limit: Any, own_redis: Valkey, eventually: Any
) -> None:
    await own_redis.prepare()
    process = own_redis.process()
    await process.start(own_redis.is_ready)
    limiter = await limiter_for(f"redis://:{own_redis.password}@127.0.0.1:{own_redis.port}/0")
    account = await limit(requests_per_minute=100, parallel=8)
    held = [await limiter.admit(account, 0) for _ in range(3)]
    process.signal(signal.SIGKILL)
    await eventually(lambda: not process.is_running)
    assert await count_admitted(limiter, account, 50) == 5
    again = own_redis.process()
    await again.start(own_redis.is_ready)
    await eventually(lambda: not limiter._is_alone, seconds=5)
    assert await count_admitted(limiter, account, 50) == 0
    limiter.finish(held[0], 0)
    assert await count_admitted(limiter, account, 50) == 1
    await again.stop()


class Callers:
    """Processes that call under one limit."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._orders = orders
        self._processes = 0
        self._group: subprocess.Popen[bytes] | None = None

    def start(self, processes: int, **orders: Any) -> None:
        order = self._orders | {"callers": 16, "tokens": 0, "keeps": False, "slot_seconds": 10} | orders
        command = [sys.executable, str(CALLER), orjson.dumps(order | {"processes": processes}).decode()]
        pipe = subprocess.PIPE
        self._processes = processes
        self._group = subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True)
        assert all(heard["ready"] for heard in self._heard())

    def admitted(self) -> int:
        assert self._group is not None
        assert self._group.stdin is not None
        self._group.stdin.write(b"g" * self._processes)
        self._group.stdin.flush()
        return sum(int(heard["admitted"]) for heard in self._heard())

    def kill(self) -> None:
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group.pid, signal.SIGKILL)
            self._group.communicate()
            self._group = None

    def _heard(self) -> list[dict[str, Any]]:
        assert self._group is not None
        assert self._group.stdout is not None
        return [json.loads(self._group.stdout.readline()) for _ in range(self._processes)]


@pytest.fixture
async def callers(
    database: Database, databases: dict[str, str], servers: Servers, call: Call
) -> AsyncIterator[Callers]:
    name = databases["llm_gateway"]
    started = Callers(
        {
            "app": servers.dsn("llm_gateway_app", name),
            "relay": servers.dsn("llm_gateway_relay", name),
            "redis": servers.redis_url,
            "project": str(call.project_id),
            "actor": str(call.actor_id),
        }
    )
    yield started
    await asyncio.to_thread(started.kill)


async def test_three_processes_together_never_exceed_the_limit(limit: Any, callers: Callers) -> None:
    await limit(requests_per_minute=6_000, tokens_per_minute=300_000)
    await asyncio.to_thread(callers.start, 3, seconds=2.0, tokens=60)
    began = time.monotonic()
    admitted = await asyncio.to_thread(callers.admitted)
    seconds = time.monotonic() - began
    # 60 tokens a call: the tokens are the tighter limit, 500 calls at once and 83.3 a second.
    allowed = 500 + 300_000 / 60 / 60 * seconds
    assert 500 + 83 * 1.5 < admitted <= allowed + 1


async def test_slots_of_a_killed_process_come_back(limiter_for: LimiterFor, limit: Any, callers: Callers) -> None:
    account = await limit(parallel=5)
    await asyncio.to_thread(callers.start, 2, seconds=0.2, keeps=True, slot_seconds=1.5)
    assert await asyncio.to_thread(callers.admitted) == 5
    limiter = await limiter_for()
    # Longer than a slot lasts: living processes renew theirs.
    await asyncio.sleep(2)
    assert await count_admitted(limiter, account, 9) == 0
    await asyncio.to_thread(callers.kill)
    await asyncio.sleep(1.6)
    assert await count_admitted(limiter, account, 9) == 5


@pytest.mark.parametrize("seed", range(20))
async def test_the_script_decides_as_one_process_alone_does(servers: Servers, seed: int) -> None:
    """In one batch the clock stands still, so both sides must agree to the last call."""
    random, project = Random(seed), new_id()  # noqa: S311  the same every time
    rows = [
        LimitRow(
            scope,
            new_id(),
            random.choice([None, 7, 60, 1_000]),
            random.choice([None, 100, 90_000]),
            random.choice([None, 2, 5]),
            datetime.now(UTC),
        )
        for scope in ("project", "user", "key")
    ]
    every = [SpeedLimit.of(project, row) for row in rows]
    batch, asked = Batch(), []
    for number in range(60):
        chosen = [limit for limit in every if random.random() < 0.7]
        asked.append((chosen, random.choice([0, 1, 40, 20_000])))
        batch.ask(chosen, asked[-1][1], f"{seed}.{number}")
    script = LimitScript(servers.redis_url)
    answers = [Verdict.read(answer) for answer in await script.decide(batch, is_patient=True)]
    await script.close()
    local, held = LocalLimits(), dict.fromkeys((limit.key for limit in every), 0)
    for (chosen, tokens), answer in zip(asked, answers, strict=True):
        verdict = local.decide(chosen, tokens, [held[limit.key] for limit in chosen], 1e15)
        assert (verdict.refused_by, verdict.measure) == (answer.refused_by, answer.measure)
        assert verdict.wait == pytest.approx(answer.wait, abs=2)
        assert list(verdict.ahead) == pytest.approx(list(answer.ahead), abs=2)
        if verdict.refused_by is None:
            for limit in chosen:
                held[limit.key] += 1
