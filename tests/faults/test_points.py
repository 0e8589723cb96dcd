"""A kill at every named point of generating and of rewriting: one story each, which must end as if nothing had been."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import httpx2
import nats
import pytest

from local_stack.stack import LocalStack
from shared.contracts.permissions import JOB_STREAM
from tests.faults.invariants import ROOT, violations
from tests.faults.test_kills import ROUNDS
from tests.member import Member, Watcher

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(150)]

# Long enough that the second segment is in the middle.
# A story takes up to 15 s: on a developer's machine every fourth point is played, on the build machine all of them.
EVERY_POINT = ROUNDS >= 60
MODEL = "simulator/quill+words:80,pace:8"
TEMPLATE = "Write about {{ topic }} for people who repair {{ thing }}."
# Where the points of these stories stand; every name in here has a row below.
SOURCES = (
    "services/llm-gateway/src/**/*.py",
    "services/documents/src/documents/operations/generating.py",
    "services/documents/src/documents/operations/ending.py",
    "services/documents/src/documents/operations/sweeping.py",
    "services/prompts/src/prompts/operations/optimizations.py",
    "services/prompts/src/prompts/operations/sweeping.py",
    "shared/src/shared/outbox.py",
)


@dataclass(frozen=True)
class Point:
    """Where a service is killed, at which passing, and what leads the story there.

    `after` is `lost_job` where the order must first vanish from NATS, `lost_lease` where the gateway must first be
    killed in the middle of a text.
    """

    service: str
    name: str
    passing: int = 1
    after: Literal["nothing", "lost_job", "lost_lease"] = "nothing"

    @property
    def armed(self) -> dict[str, str]:
        """The variable that arms it."""
        return {f"{self.service.upper()}_FAULT_POINTS": f"{self.name}=kill:{self.passing}"}

    def __str__(self) -> str:
        """Name the case."""
        return f"{self.service}-{self.name}"


GENERATING = (
    Point("documents", "documents_rendered"),
    Point("documents", "documents_order_written"),
    Point("documents", "outbox_published"),
    Point("documents", "documents_text_fetched"),
    Point("documents", "documents_end_written"),
    Point("documents", "documents_job_sent_again", after="lost_job"),
    Point("llm_gateway", "generation_claimed"),
    Point("llm_gateway", "attempt_committed"),
    Point("llm_gateway", "segment_written", passing=2),
    Point("llm_gateway", "segment_committed", passing=2),
    Point("llm_gateway", "end_written"),
    Point("llm_gateway", "end_committed"),
    Point("llm_gateway", "outbox_published"),
    Point("llm_gateway", "lease_taken_over", after="lost_lease"),
)
REWRITING = (
    Point("prompts", "optimization_inserted"),
    Point("prompts", "outbox_published"),
    Point("prompts", "optimization_finished"),
    Point("prompts", "optimization_ordered_again", after="lost_job"),
)
# The story of other teams' calls is told in test_gateway_ledger.
CALLING = (Point("llm_gateway", "call_opened"),)


async def test_every_point_of_the_stories_has_a_row() -> None:
    paths = chain.from_iterable(ROOT.glob(pattern) for pattern in SOURCES)
    named = {name for path in paths for name in re.findall(r'fault_point\("(\w+)"\)', path.read_text(encoding="utf-8"))}
    assert named == {point.name for point in (*GENERATING, *REWRITING, *CALLING)}


@pytest.mark.parametrize("point", GENERATING if EVERY_POINT else GENERATING[::4], ids=str)
async def test_a_document_is_whole_after_a_kill_and_at_most_one_continue(
    stack: LocalStack, admin: Member, point: Point
) -> None:
    prompt = await admin.post("/api/prompts", {"title": f"Killed at {point}", "template": TEMPLATE})
    order = {"prompt_id": prompt["id"], "values": {"topic": "hinges", "thing": "doors"}, "model": MODEL}
    async with _killed_at(stack, point):
        document = await _ordered(stack, admin, point, "/api/documents", order)
        watcher = Watcher(admin, document["generation_id"])
        watching = asyncio.create_task(watcher.watch())
        if point.after == "lost_lease":
            await _shown(watcher)
            await stack.restart(point.service, point.armed)
        await watching
        whole = await _whole(admin, document["id"], watcher)
    listed = await admin.get(f"/api/documents?prompt_id={prompt['id']}")
    assert ([item["id"] for item in listed["items"]], whole["status"]) == ([document["id"]], "ready")
    await _assert_sound(stack)


@pytest.mark.parametrize("point", REWRITING if EVERY_POINT else REWRITING[::4], ids=str)
async def test_a_rewrite_is_ready_after_a_kill(stack: LocalStack, admin: Member, point: Point) -> None:
    async with _killed_at(stack, point):
        rewrite = await _ordered(stack, admin, point, "/api/optimizations", {"template": TEMPLATE, "model": MODEL})
        watcher = Watcher(admin, rewrite["generation_id"])
        await watcher.watch()
        settled = await _settled(admin, rewrite["id"])
    assert (settled["status"], settled["lost"], settled["added"]) == ("ready", [], [])
    assert (watcher.gaps, watcher.repeated, watcher.text.strip()) == ([], 0, settled["text"].strip())
    await _assert_sound(stack)


@asynccontextmanager
async def _killed_at(stack: LocalStack, point: Point) -> AsyncIterator[None]:
    """Arm the point for the story, and see that it was reached and that its service is back, unarmed."""
    await _simulator(stack, "DELETE")
    if point.after != "lost_lease":
        await stack.restart(point.service, point.armed)
    process = stack.processes[point.service]
    restarts = process.restarts + (point.after == "lost_lease")
    yield
    async with asyncio.timeout(30):
        while process.restarts == restarts:  # noqa: ASYNC110  another process sets no event
            await asyncio.sleep(0.05)
    assert process.restarts == restarts + 1
    await stack.wait_until_ready(point.service)


async def _ordered(stack: LocalStack, admin: Member, point: Point, path: str, body: dict[str, Any]) -> dict[str, Any]:
    if point.after != "lost_job":
        return dict(await admin.post(path, body))
    gateway = stack.processes["llm_gateway"]
    await gateway.stop()
    made = dict(await admin.post(path, body))
    await _lose_job(stack)
    await gateway.start()
    await gateway.wait_until_ready()
    return made


async def _lose_job(stack: LocalStack) -> None:
    """Wait for the only job and take it out of its stream, as a NATS without its data would."""
    client = await nats.connect(stack.servers.nats_url("operator"))
    jetstream = client.jetstream()
    async with asyncio.timeout(10):
        while not (await jetstream.stream_info(JOB_STREAM)).state.messages:  # noqa: ASYNC110  NATS tells nobody
            await asyncio.sleep(0.05)
    await jetstream.purge_stream(JOB_STREAM)
    await client.close()


async def _shown(watcher: Watcher) -> None:
    async with asyncio.timeout(20):
        while not watcher.segments:  # noqa: ASYNC110  the watcher sets no event
            await asyncio.sleep(0.01)


async def _whole(admin: Member, document_id: str, watcher: Watcher) -> dict[str, Any]:
    """Continue once where the text was interrupted, as a person would; compare what was shown at each stop."""
    document = await admin.document_at_rest(document_id)
    _assert_shown_is_stored(document, watcher)
    if document["status"] != "interrupted":
        return document
    going_on = await admin.post(f"/api/documents/{document_id}/continue")
    second = Watcher(admin, going_on["generation_id"])
    await second.watch()
    whole = await admin.document_at_rest(document_id)
    _assert_shown_is_stored(whole, second)
    assert whole["content"].startswith(document["content"])
    return whole


def _assert_shown_is_stored(document: dict[str, Any], watcher: Watcher) -> None:
    assert (watcher.gaps, watcher.repeated, watcher.text) == ([], 0, document["content"])


async def _settled(admin: Member, optimization_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            optimization: dict[str, Any] = await admin.get(f"/api/optimizations/{optimization_id}")
            if optimization["status"] != "running":
                return optimization
            await asyncio.sleep(0.1)


async def _assert_sound(stack: LocalStack) -> None:
    calls = (await _simulator(stack, "GET"))["calls"]
    assert 1 <= len(calls) <= 2
    assert await violations(stack) == []


async def _simulator(stack: LocalStack, method: str) -> dict[str, Any]:
    """Read the ledger of provider calls, or begin a new one."""
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as client:
        answer = (await client.request(method, "/ledger")).raise_for_status()
        return dict(answer.json()) if method == "GET" else {}
