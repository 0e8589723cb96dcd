"""A web service on a real port, people in it, and the other services faked at their contracts on the real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from pwdlib.hashers.argon2 import Argon2Hasher

from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    Generation,
    GenerationStatus,
    GenerationText,
    GenerationUsage,
    GetGeneration,
    ListModels,
    LiveSegment,
    Model,
    ModelCatalogue,
    ReadSegments,
    Segment,
    live_generation_subject,
)
from shared.contracts.web import Role
from shared.problems import NotFound, Unavailable
from shared.runtime import House
from shared.testing.fixtures import BusFor, HouseFor
from shared.testing.servers import Servers
from shared.testing.serving import served
from web.api.edge import Edge
from web.domain import Account, hash_token, new_token
from web.main import furnished
from web.operations.passwords import Passwords
from web.settings import WebSettings
from web.store import people, sessions

PASSWORD = "correct horse battery staple"
# Argon2 at its cheapest: what is tested is who gets in, not how long guessing takes.
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Browser:
    """One person's browser: its cookies, the project it is in, and the headers that the app sends."""

    client: AsyncClient
    user_id: UUID
    project_id: UUID
    project: str

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"Scriptorium-Project": self.project, "Scriptorium-Request": "1"} | (more or {})

    async def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        return await self.client.request(method, path, json=body, headers=self.headers(headers))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        return await self.send("POST", path, body, headers)


@dataclass
class Site:
    """A running web service."""

    url: str
    app: FastAPI
    house: House
    _clients: list[AsyncClient] = field(default_factory=list)

    @property
    def edge(self) -> Edge:
        edge: Edge = self.app.state.edge
        return edge

    def client(self, cookie: str | None = None) -> AsyncClient:
        cookies = {} if cookie is None else {self.edge.cookie: cookie}
        client = AsyncClient(base_url=self.url, cookies=cookies, timeout=20, trust_env=False)
        self._clients.append(client)
        return client

    def stranger(self) -> Browser:
        """A browser that nobody signed in with."""
        return Browser(self.client(), new_id(), new_id(), "")

    async def person(self, role: Role = "admin", project_id: UUID | None = None) -> Browser:
        """Somebody with a personal project and a session; with `project_id` also a member there, and looking at it."""
        user = Account(new_id(), f"{new_token()[:8]}@example.org", "Mara", await self.hash(PASSWORD))
        own, slug, session = new_id(), f"p-{new_id().hex[-12:]}", new_token()
        async with self.house.database.transaction([own, project_id] if project_id else own) as conn:
            await people.insert_user(conn, user)
            await people.insert_project(conn, own, slug, user.name, personal=True)
            await people.insert_member(conn, own, user.id, "admin")
            if project_id:
                await people.insert_member(conn, project_id, user.id, role)
            await sessions.insert_session(conn, hash_token(session), user.id, 30)
        looked_at = project_id or own
        return Browser(self.client(session), user.id, looked_at, encode_id("pj", looked_at))

    async def hash(self, password: str) -> str:
        return await Passwords(CHEAP).hash(password)

    async def link(self) -> str:
        """Make a sign-in link and return its token."""
        token, _ = await self.edge.accounts.make_link()
        return token

    async def set_up(self, browser: Browser, token: str | None = None, email: str = "mara@example.org") -> Response:
        body = {"token": token or await self.link(), "email": email, "name": "Mara", "password": PASSWORD}
        return await browser.post("/api/setup", body)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    """A built web app."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Scriptorium</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("plain()")
    (tmp_path / "assets" / "app-1a2b.js.br").write_bytes(b"packed")
    return tmp_path


@pytest.fixture
def web_settings(settings_for: Callable[[str, str], dict[str, object]], static_dir: Path) -> Callable[..., WebSettings]:
    """Make web's settings around a database."""

    def make(database: str, **more: object) -> WebSettings:
        values = settings_for("web", database) | {"encryption_key": "k" * 32, "static_dir": static_dir}
        return WebSettings.model_validate(values | more)

    return make


@pytest.fixture
async def site(
    house_for: HouseFor, databases: dict[str, str], web_settings: Callable[..., WebSettings]
) -> AsyncIterator[Site]:
    """Run web."""
    house = await house_for("web")
    async with furnished(house, web_settings(databases["web"]), Passwords(CHEAP)) as app, served(app) as url:
        site = Site(url, app, house)
        yield site
        await site.close()


@pytest.fixture
async def superuser(servers: Servers, databases: dict[str, str], site: Site) -> AsyncIterator[asyncpg.Connection]:
    """Look at web's database as nobody in the house can."""
    connection = await asyncpg.connect(servers.admin_dsn, database=databases["web"])
    yield connection
    await connection.close()


@dataclass
class FakeGateway:
    """Knows the generations that a test puts here, each in its project; gives `page` segments at a time."""

    bus: Bus
    generations: dict[UUID, GenerationText] = field(default_factory=dict)
    projects: dict[UUID, UUID] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)
    finds: int = 0
    page: int = 1000
    is_away: bool = False
    arrives_at: int = 0
    refuses: bool = False

    async def get(self, call: Call, command: GetGeneration) -> Generation:
        self.finds += 1
        if self.finds < self.arrives_at:
            raise NotFound
        return self._find(call, command.generation_id).generation

    async def read(self, call: Call, command: ReadSegments) -> GenerationText:
        self.reads.append(command.after)
        if self.refuses:
            raise NotFound
        whole = self._find(call, command.generation_id)
        page = [segment for segment in whole.segments if segment.number > command.after][: self.page]
        return whole.model_copy(update={"segments": page})

    async def models(self, _call: Call, _command: ListModels) -> ModelCatalogue:
        quill = Model(
            id="simulator/quill",
            provider="simulator",
            name="Quill",
            simulated=True,
            available=True,
            unavailable_reason=None,
            context_tokens=None,
            input_usd_per_million=None,
            output_usd_per_million=None,
        )
        return ModelCatalogue(items=[quill], default_model=quill.id)

    def _find(self, call: Call, generation_id: UUID) -> GenerationText:
        if self.is_away:
            message = "The gateway is away for a moment."
            raise Unavailable(message)
        if self.projects.get(generation_id) != call.project_id:
            raise NotFound
        return self.generations[generation_id]

    def start(self, project_id: UUID, *texts: str) -> UUID:
        """Put a running generation with these segments into a project."""
        generation_id = new_id()
        self.projects[generation_id] = project_id
        self.write(generation_id, texts)
        return generation_id

    def write(self, generation_id: UUID, texts: tuple[str, ...], status: GenerationStatus = "running") -> None:
        """Commit these segments after the ones that are there."""
        earlier = self.generations[generation_id].segments if generation_id in self.generations else []
        new = [Segment(number=number, text=text) for number, text in enumerate(texts, len(earlier) + 1)]
        segments, now = [*earlier, *new], datetime.now(UTC)
        generation = Generation(
            id=generation_id,
            status=status,
            model="simulator/quill",
            provider="simulator",
            simulated=True,
            last_segment=len(segments),
            characters=sum(len(segment.text) for segment in segments),
            finish_reason=None,
            content_hash=None,
            problem_type=None,
            detail=None,
            usage=GenerationUsage(output_tokens=len(segments)),
            created_at=now,
            started_at=now,
            finished_at=None,
        )
        self.generations[generation_id] = GenerationText(generation=generation, segments=segments)

    def space(self, generation_id: UUID, seconds: float) -> None:
        """Have the segments been committed so far apart, the first as long after the beginning."""
        text = self.generations[generation_id]
        begun = text.generation.started_at or datetime.now(UTC)
        spaced = [s.model_copy(update={"at": begun + timedelta(seconds=seconds * s.number)}) for s in text.segments]
        self.generations[generation_id] = text.model_copy(update={"segments": spaced})

    async def tell(self, generation_id: UUID, *numbers: int) -> None:
        """Publish these segments live, as one message."""
        text = self.generations[generation_id]
        live = LiveSegment(
            generation_id=generation_id,
            status=text.generation.status,
            segments=[text.segments[number - 1] for number in numbers],
            usage=text.generation.usage,
        )
        await self.bus.publish_live(live_generation_subject(encode_id("ge", generation_id)), live)

    async def say(self, generation_id: UUID, *texts: str, status: GenerationStatus = "running") -> None:
        """Commit segments and publish them, as the gateway does."""
        before = len(self.generations[generation_id].segments)
        self.write(generation_id, texts, status)
        await self.tell(generation_id, *range(before + 1, before + 1 + len(texts)))


@pytest.fixture
async def gateway(bus_for: BusFor) -> FakeGateway:
    """Answer for the gateway."""
    bus = await bus_for("llm_gateway")
    gateway = FakeGateway(bus)
    bus.answer(GetGeneration, gateway.get)
    bus.answer(ReadSegments, gateway.read)
    bus.answer(ListModels, gateway.models)
    await bus.start_answering()
    return gateway


@dataclass(frozen=True)
class Event:
    """One server-sent event; a comment is an event named `:`."""

    name: str
    body: Any
    id: str | None = None


async def read_events(answer: Response) -> AsyncIterator[Event]:
    """Read the events of an open stream."""
    name, event_id = "", None
    async for line in answer.aiter_lines():
        field_name, _, value = line.partition(": ")
        if field_name == "id":
            event_id = value
        elif field_name == "event":
            name = value
        elif field_name == "data":
            yield Event(name, orjson.loads(value), event_id)
            name, event_id = "", None
        elif field_name in {"", "retry"} and line:
            yield Event("retry" if field_name else ":", value)


async def eventually(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something holds, and fail when it does not."""
    async with asyncio.timeout(seconds):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)
