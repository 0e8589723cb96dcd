"""A gateway in this process on real servers, web's answer about members, and the simulator as a process of its own."""

import asyncio
import base64
import hashlib
import inspect
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import orjson
import pytest

from llm_gateway.main import running
from llm_gateway.operations import generations
from llm_gateway.operations.engine import Engine
from llm_gateway.settings import LlmGatewaySettings
from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import decode_id, encode_id, new_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    CancelGeneration,
    ChatMessage,
    Generation,
    GenerationOrigin,
    GenerationRequest,
    LiveSegment,
    ReadSegments,
    StartGeneration,
    live_generation_subject,
)
from shared.contracts.web import GetMembership, Membership, Role
from shared.embedded.passwords import SUPERUSER
from shared.embedded.ports import free_ports
from shared.postgres import Database
from shared.runtime import House
from shared.testing.fixtures import BusFor, DatabaseFor, HouseFor, make_call
from shared.testing.servers import Servers

SEALING_KEY = base64.b64encode(bytes(range(32))).decode()

INVARIANTS = Path(__file__).parents[1] / "invariants.sql"


@dataclass
class Simulator:
    """The running simulator and its ledger."""

    url: str

    def ledger(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = httpx2.get(f"{self.url}/ledger").json()["calls"]
        return calls

    def clear(self) -> None:
        httpx2.delete(f"{self.url}/ledger")

    async def calls(self, *attempt_ids: UUID) -> list[dict[str, Any]]:
        """The ledger's entries of these attempts, once all of them have ended."""
        while True:
            ledger = await asyncio.to_thread(self.ledger)
            found = [call for call in ledger if _attempt_of(call) in attempt_ids]
            if all(call["outcome"] != "open" for call in found):
                return found
            await asyncio.sleep(0.02)


def _attempt_of(call: dict[str, Any]) -> UUID:
    return decode_id("at", call["client_request_id"])


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--chunk-milliseconds", "1"]
    process = subprocess.Popen(command)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}")
        yield Simulator(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if httpx2.get(f"{url}/healthz").is_success:
                return
        except httpx2.TransportError:
            assert time.monotonic() < deadline, f"nobody answers at {url}"
        time.sleep(0.05)


@dataclass
class Web:
    """What web says about members; `roles` overrules the default for a person."""

    roles: dict[UUID, Role | None] = field(default_factory=dict)
    asked: int = 0

    async def get_membership(self, _call: Call, command: GetMembership) -> Membership:
        self.asked += 1
        return Membership(role=self.roles.get(command.user_id, "context_engineer"))


@pytest.fixture
async def web(bus_for: BusFor) -> Web:
    answers = Web()
    bus = await bus_for("web")
    bus.answer(GetMembership, answers.get_membership)
    await bus.start_answering()
    return answers


async def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until `condition`, which may be asynchronous, holds."""
    async with asyncio.timeout(seconds):
        while True:
            outcome = condition()
            if await outcome if inspect.isawaitable(outcome) else outcome:
                return
            await asyncio.sleep(0.01)


@dataclass
class Gateway:
    """A gateway in this process, and what tests do with it."""

    engine: Engine
    house: House
    call: Call

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def bus(self) -> Bus:
        return self.house.bus

    async def start(self, model: str | None = "simulator/quill", **changes: Any) -> UUID:
        command = job(model, **changes)
        await generations.start_generation(self.engine, self.call, command)
        return command.generation_id

    async def until_ended(self, generation_id: UUID, seconds: float = 20.0) -> Generation:
        return await self.until(generation_id, lambda generation: generation.status in FINAL_STATUSES, seconds)

    async def until(
        self, generation_id: UUID, condition: Callable[[Generation], bool], seconds: float = 20.0
    ) -> Generation:
        async with asyncio.timeout(seconds):
            while True:
                generation = (await self.read(generation_id))[0]
                if condition(generation):
                    return generation
                await asyncio.sleep(0.01)

    async def until_asked(self, generation_id: UUID) -> None:
        """Wait until an attempt is committed."""
        await eventually(lambda: self.attempts(generation_id))

    async def read(self, generation_id: UUID, after: int = 0) -> tuple[Generation, str]:
        answer = await generations.read_segments(
            self.database, self.call, ReadSegments(generation_id=generation_id, after=after)
        )
        assert [s.number for s in answer.segments] == list(range(after + 1, answer.generation.last_segment + 1))
        return answer.generation, "".join(s.text for s in answer.segments if s.kind == "text")

    async def cancel(self, generation_id: UUID) -> Generation:
        return await generations.cancel_generation(
            self.engine, self.call, CancelGeneration(generation_id=generation_id)
        )

    async def rows(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        async with self.database.transaction(self.call.project_id) as conn:
            return [dict(row) for row in await conn.fetch(query, *arguments)]

    async def attempts(self, generation_id: UUID) -> list[dict[str, Any]]:
        return await self.rows(
            "SELECT * FROM provider_attempts WHERE generation_id = $1 ORDER BY number", generation_id
        )

    async def usage(self, generation_id: UUID) -> list[dict[str, Any]]:
        return await self.rows(
            """SELECT u.* FROM usage AS u JOIN provider_attempts AS a ON a.id = u.attempt_id
            WHERE u.generation_id = $1 ORDER BY a.number""",
            generation_id,
        )

    async def watch(self, generation_id: UUID) -> list[LiveSegment]:
        """Hear the live text from now on; the list grows."""
        heard: list[LiveSegment] = []

        async def hear(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
            heard.append(LiveSegment.model_validate_json(payload))

        await self.bus.listen(live_generation_subject(encode_id("ge", generation_id)), hear)
        return heard


def job(model: str | None = "simulator/quill", **changes: Any) -> StartGeneration:
    """An order for a new generation."""
    request = GenerationRequest(
        model=model,
        messages=[ChatMessage(role="user", content=changes.pop("ask", "Outline a story about a ferry."))],
        max_output_tokens=changes.pop("max_output_tokens", None),
        response_schema=changes.pop("response_schema", None),
        continue_up_to=changes.pop("continue_up_to", 0),
    )
    origin = changes.pop("origin", GenerationOrigin(task="generate_document"))
    generation_id = changes.pop("generation_id", None) or new_id()
    return StartGeneration(generation_id=generation_id, origin=origin, request=request, **changes)


@pytest.fixture
def make_job() -> Callable[..., StartGeneration]:
    return job


@pytest.fixture
def call() -> Call:
    return make_call(seconds=60)


type OpenGateway = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def open_gateway(
    house_for: HouseFor,
    settings_for: Callable[[str, str], dict[str, object]],
    databases: dict[str, str],
    simulator: Simulator,
    servers: Servers,
    web: Web,
    call: Call,
) -> AsyncIterator[OpenGateway]:
    """Open gateways on one database; each stops after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(**changes: Any) -> Gateway:
            house = await house_for("llm_gateway")
            values = settings_for("llm_gateway", databases["llm_gateway"]) | {"sealing_key": SEALING_KEY}
            settings = LlmGatewaySettings.model_validate(
                values
                | {"simulator_url": simulator.url, "redis_url": servers.redis_url}
                | {"stop_seconds": 0.1, "OPENAI_API_KEY": None}
                | changes
            )
            engine = await stack.enter_async_context(running(house, settings))
            return Gateway(engine, house, call)

        yield open_one


@pytest.fixture
async def gateway(open_gateway: OpenGateway) -> Gateway:
    return await open_gateway()


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[None]]:
    return eventually


@pytest.fixture
def sha256() -> Callable[[str], str]:
    return lambda text: hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Spawned:
    """A gateway as a process of its own, for tests that kill it."""

    process: "subprocess.Popen[bytes]"


@pytest.fixture
async def spawn_gateway(
    servers: Servers,
    database_for: DatabaseFor,
    settings_for: Callable[[str, str], dict[str, object]],
    databases: dict[str, str],
    simulator: Simulator,
    web: Web,
) -> AsyncIterator[Callable[..., Spawned]]:
    """Start gateway processes on the test's database; those still alive are killed after it."""
    await database_for("llm_gateway")
    started: list[subprocess.Popen[bytes]] = []

    def spawn(fault_points: str = "", **changes: Any) -> Spawned:
        values = settings_for("llm_gateway", databases["llm_gateway"]) | {
            "simulator_url": simulator.url,
            "sealing_key": SEALING_KEY,
            "fault_points": fault_points,
            **changes,
        }
        texts = {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in values.items()}
        environment = os.environ | {f"LLM_GATEWAY_{key.upper()}": text for key, text in texts.items()}
        process = subprocess.Popen([sys.executable, "-m", "llm_gateway", "serve"], env=environment)
        started.append(process)
        return Spawned(process)

    yield spawn
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def violations(servers: Servers, databases: dict[str, str]) -> Callable[[], Awaitable[list[str]]]:
    """Name the invariants that the test's database breaks."""

    async def broken() -> list[str]:
        connection = await asyncpg.connect(servers.dsn(SUPERUSER, databases["llm_gateway"]))
        try:
            parts = [part.strip() for part in INVARIANTS.read_text().split(";")]
            return [part for part in parts if "SELECT" in part and await connection.fetch(part)]
        finally:
            await connection.close()

    return broken
