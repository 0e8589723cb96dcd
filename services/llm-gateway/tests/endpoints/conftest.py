"""The gateway on a real port, as other teams reach it, and both official SDKs pointed at it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest

from llm_gateway.main import application
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.web import IntrospectKey, KeyIdentity
from shared.problems import Unauthenticated
from shared.testing.fixtures import BusFor
from shared.testing.serving import served


@pytest.fixture
async def address(gateway: Any, bus_for: BusFor) -> AsyncIterator[str]:
    """The gateway on a real port, which knows the key `sk_own` of its project and `sk_reader` without the scope."""
    own, reader = (
        KeyIdentity(
            api_key_id=new_id(),
            project_id=gateway.call.project_id,
            owner_id=gateway.call.actor_id,
            scopes=scopes,
        )
        for scopes in (["models.call", "models.read", "prompts.read"], ["models.read"])
    )

    async def introspect(_call: Call, command: IntrospectKey) -> KeyIdentity:
        known = {"sk_own": own, "sk_reader": reader}.get(command.api_key)
        if known is None:
            message = "This API key is unknown."
            raise Unauthenticated(message)
        return known

    bus = await bus_for("web")
    bus.answer(IntrospectKey, introspect)
    await bus.start_answering()
    async with served(application(gateway.house, gateway.engine)) as url:
        yield url


@pytest.fixture
async def chat(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="sk_own", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(address: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=address, api_key="sk_own", max_retries=0) as client:
        yield client


@pytest.fixture(name="rows")
def rows_of(gateway: Any) -> Callable[[str], Awaitable[list[dict[str, Any]]]]:
    """Read rows of the gateway's project."""

    async def rows(query: str) -> list[dict[str, Any]]:
        async with gateway.database.transaction(gateway.call.project_id) as conn:
            return [dict(row) for row in await conn.fetch(query)]

    return rows


@pytest.fixture
def the_call(rows: Any, eventually: Any) -> Callable[[], Awaitable[tuple[dict[str, Any], dict[str, Any]]]]:
    """Read the one attempt of a test and its usage, once it is settled."""

    async def read() -> tuple[dict[str, Any], dict[str, Any]]:
        async def settled() -> bool:
            return len(await rows("SELECT FROM usage")) == 1

        await eventually(settled)
        (attempt,) = await rows("SELECT * FROM provider_attempts")
        (usage,) = await rows("SELECT * FROM usage")
        assert attempt["id"] == usage["attempt_id"]
        return attempt, usage

    return read
