"""A person at the BFF, as the browser would be: signs in, sends the headers of the app, reads streams and resumes."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import orjson

PASSWORD = "correct horse battery staple"
EMAIL = "mara@example.org"
FINAL = {"ready", "cancelled", "interrupted", "failed"}
# A stream that says nothing for this long has lost its other end.
SILENCE_SECONDS = 20


class Refused(Exception):  # noqa: N818  an answer, not an error of the test
    """The BFF answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        """Keep the document for the test to look at."""
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


@dataclass
class Member:
    """A signed-in person in one project. Asks again while a part is away, with the same idempotency key."""

    client: httpx2.AsyncClient
    project: str = ""
    retries: int = field(default=0, init=False)

    async def set_up(self, link: str) -> None:
        """Make the first admin from the sign-in link."""
        token = parse_qs(urlsplit(link).query)["token"][0]
        body = {"token": token, "email": EMAIL, "name": "Mara", "password": PASSWORD}
        session = await self.send("POST", "/api/setup", body)
        self.project = session["projects"][0]["slug"]

    async def sign_in(self) -> None:
        """Sign in with the password."""
        session = await self.send("POST", "/api/session", {"email": EMAIL, "password": PASSWORD})
        self.project = session["projects"][0]["slug"]

    async def get(self, path: str) -> Any:
        """Read something."""
        return await self.send("GET", path)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Make something, once, however often it must be said."""
        return await self.send("POST", path, body or {})

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None, *, patience: float = 30) -> Any:
        """Send a request; while the house answers 503 or not at all, send it again. Raises Refused."""
        headers = self.headers() | ({"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {})
        give_up = asyncio.get_running_loop().time() + patience
        while True:
            try:
                answer = await self.client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError:
                if asyncio.get_running_loop().time() > give_up:
                    raise
            else:
                if not _asks_to_wait(answer) or asyncio.get_running_loop().time() > give_up:
                    return _answered(answer)
            self.retries += 1
            await asyncio.sleep(0.2)

    def headers(self) -> dict[str, str]:
        """The headers that the app sends with every request."""
        return {"Scriptorium-Project": self.project, "Scriptorium-Request": "1"}

    async def document_at_rest(self, document_id: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until nobody writes the document, and return it."""
        async with asyncio.timeout(seconds):
            while True:
                document: dict[str, Any] = await self.get(f"/api/documents/{document_id}")
                if document["status"] in FINAL:
                    return document
                await asyncio.sleep(0.1)


def _asks_to_wait(answer: httpx2.Response) -> bool:
    """Say whether the house is away for a moment, or still works on the same request."""
    return answer.status_code in {502, 503, 504} or (answer.status_code == 409 and "request-under-way" in answer.text)


def _answered(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        raise Refused(answer.status_code, answer.json() if "json" in answer.headers.get("content-type", "") else {})
    return answer.json()


@asynccontextmanager
async def member_at(web_url: str) -> AsyncIterator[Member]:
    """Open a browser's worth of HTTP client to the web service."""
    limits = httpx2.Limits(max_connections=200)
    async with httpx2.AsyncClient(
        base_url=web_url, timeout=httpx2.Timeout(15, read=SILENCE_SECONDS), limits=limits, trust_env=False
    ) as client:
        yield Member(client)


@dataclass
class Watcher:
    """Watches one generation to its end, over as many connections as it takes, and keeps what a reader would see."""

    member: Member
    generation_id: str
    segments: dict[int, str] = field(default_factory=dict)
    repeated: int = 0
    connections: int = 0
    end: dict[str, Any] | None = None
    last: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was shown, in order."""
        return "".join(self.segments[number] for number in sorted(self.segments))

    async def watch(self, seconds: float = 120) -> None:
        """Read until the `end` event; connect again with Last-Event-ID whenever the connection breaks."""
        async with asyncio.timeout(seconds):
            while self.end is None:
                try:
                    await self._read_once()
                except (httpx2.TransportError, Refused):
                    await asyncio.sleep(0.2)

    async def _read_once(self) -> None:
        self.connections += 1
        headers = self.member.headers() | {"Last-Event-ID": str(self.last)}
        path = f"/api/generations/{self.generation_id}/events"
        async with self.member.client.stream("GET", path, headers=headers) as answer:
            if answer.status_code != 200:
                raise Refused(answer.status_code, {})
            event = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data":
                    self._take(event, orjson.loads(value))
                    if self.end is not None:
                        return

    def _take(self, event: str, payload: dict[str, Any]) -> None:
        if event == "end":
            self.end = payload
        elif event == "segment":
            number = payload["number"]
            self.repeated += number in self.segments
            if number != self.last + 1:
                self.gaps.append((self.last, number))
            self.segments[number] = payload["text"]
            self.last = number
