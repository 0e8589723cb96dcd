"""Limits of speed as other teams meet them: headers, refusals in their format, and neighbours who flood."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anthropic
import openai
import pytest

from llm_gateway.main import application
from llm_gateway.operations import limits
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import SaveLimit
from shared.contracts.web import IntrospectKey, KeyIdentity
from shared.testing.fixtures import BusFor, make_call
from shared.testing.serving import served

HELLO: list[Any] = [{"role": "user", "content": "Say hello to the ferry."}]
# A model's usual time to its first token, in which the gateway's own share must not be seen.
MODEL = "simulator/quill+slow-first:0.3,words:4"


async def limit_to(gateway: Any, call: Call | None = None, **figures: int) -> None:
    await limits.save_limit(
        gateway.database, call or gateway.call, SaveLimit.model_validate({"scope": "project", **figures})
    )


async def test_an_answer_says_where_the_caller_stands(gateway: Any, chat: openai.AsyncOpenAI) -> None:
    await limit_to(gateway, requests_per_minute=600, tokens_per_minute=60_000)
    raw = await chat.chat.completions.with_raw_response.create(model="simulator/quill", messages=HELLO, max_tokens=50)
    assert raw.headers["x-ratelimit-limit-requests"] == "600"
    assert raw.headers["x-ratelimit-remaining-requests"] == "59"
    assert raw.headers["x-ratelimit-limit-tokens"] == "60000"
    assert 5_900 <= int(raw.headers["x-ratelimit-remaining-tokens"]) < 5_950
    assert raw.headers["x-ratelimit-reset-requests"] == "0.1s"


async def test_a_call_over_the_limit_is_refused_in_both_formats_and_asks_nobody(
    gateway: Any, rows: Any, chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    await limit_to(gateway, requests_per_minute=10)
    await chat.chat.completions.create(model="simulator/quill", messages=HELLO)
    with pytest.raises(openai.RateLimitError) as refused:
        await chat.chat.completions.create(model="simulator/quill", messages=HELLO)
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 6
    with pytest.raises(anthropic.RateLimitError):
        await claude.messages.create(model="simulator/reed", messages=HELLO, max_tokens=10)
    assert len(await rows("SELECT id FROM provider_attempts")) == 1


async def test_calls_at_once_are_bounded_and_free_again_once_they_are_settled(
    gateway: Any, rows: Any, eventually: Any, chat: openai.AsyncOpenAI
) -> None:
    async def are_settled() -> bool:
        return len(await rows("SELECT FROM usage")) == 2

    await limit_to(gateway, parallel=2)
    calls = [chat.chat.completions.create(model=MODEL, messages=HELLO) for _ in range(5)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(outcome, openai.RateLimitError) for outcome in outcomes) == 3
    await eventually(are_settled)
    await asyncio.sleep(0.01)
    await chat.chat.completions.create(model="simulator/quill", messages=HELLO)


class Tenant:
    """A project that asks for streamed answers under its own key; `statuses` are what it got."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session, self._url = session, f"{url}/v1/chat/completions"
        self._headers = {"authorization": f"Bearer {key}"}
        self.statuses: list[int] = []

    async def first_token(self) -> float:
        """Ask once; return the seconds to the first bytes of the answer."""
        began = time.perf_counter()
        question = {"model": MODEL, "messages": HELLO, "stream": True}
        async with self._session.post(self._url, json=question, headers=self._headers) as answer:
            await answer.content.readany()
            seconds = time.perf_counter() - began
            await answer.read()
        self.statuses.append(answer.status)
        return seconds

    async def p95(self) -> float:
        """Ask steadily for more than a second."""
        calls = []
        for _ in range(40):
            calls.append(asyncio.create_task(self.first_token()))
            await asyncio.sleep(0.03)
        return statistics.quantiles(await asyncio.gather(*calls), n=20)[18]

    async def flood(self, calls_a_second: float) -> None:
        """Ask so often, whatever the answers are, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self.first_token())
                await asyncio.sleep(1 / calls_a_second)


@pytest.fixture
async def tenants(gateway: Any, bus_for: BusFor) -> AsyncIterator[tuple[Tenant, Tenant]]:
    """A steady tenant, and one with a limit of two calls a second."""
    calls = {"sk_steady": gateway.call, "sk_flooding": make_call("admin", seconds=60)}
    await limit_to(gateway, calls["sk_flooding"], requests_per_minute=120)

    async def introspect(_call: Call, command: IntrospectKey) -> KeyIdentity:
        call = calls[command.api_key]
        return KeyIdentity(
            api_key_id=new_id(), project_id=call.project_id, owner_id=call.actor_id, scopes=["models.call"]
        )

    bus = await bus_for("web")
    bus.answer(IntrospectKey, introspect)
    await bus.start_answering()
    async with (
        served(application(gateway.house, gateway.engine)) as url,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        yield Tenant(session, url, "sk_steady"), Tenant(session, url, "sk_flooding")


async def slowdown(steady: Tenant, flooding: Tenant) -> float:
    """Compare the steady tenant's first tokens beside the other's flood with those without it."""
    alone = await steady.p95()
    flood = asyncio.create_task(flooding.flood(calls_a_second=20))
    beside = await steady.p95()
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)
    return beside / alone


async def test_a_project_at_ten_times_its_limit_does_not_slow_its_neighbour(tenants: tuple[Tenant, Tenant]) -> None:
    steady, flooding = tenants
    # Other work on this machine comes and goes; what a flood does is in every round.
    rounds = [await slowdown(steady, flooding)]
    while rounds[-1] >= 1.2 and len(rounds) < 4:
        rounds.append(await slowdown(steady, flooding))
    assert set(steady.statuses) == {200}
    assert flooding.statuses.count(429) > flooding.statuses.count(200) > 0
    assert min(rounds) < 1.2, rounds
