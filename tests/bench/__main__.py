"""`python -m tests.bench`: start the stack, measure, write docs/benchmarks.md."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import orjson

from local_stack.stack import LocalStack
from tests.bench.figures import Row, milliseconds, quantile, write_report
from tests.member import Member, Watcher, member_at

REPEATS = 30
STREAMS = 100
# 50 chunks a second each, as a fast model writes; 100 of them are more than one screenful of people.
MANY = "simulator/quill+words:200,pace:20"
ONE = "simulator/quill+words:20,pace:5"
TEMPLATE = "Write about {{ topic }}."


async def main() -> None:
    """Measure everything, one after the other, on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="scriptorium-bench-") as folder:
        first, _ = await _started(Path(folder))
        again, rows = await _started(Path(folder), _measured)
    start = Row(
        "start-up until every service is ready", f"{again:.1f} s (with data)", f"{first:.1f} s (empty folder)", ""
    )
    write_report([*rows, start])


async def _started(
    folder: Path, work: Callable[[LocalStack], Awaitable[list[Row]]] | None = None
) -> tuple[float, list[Row]]:
    began = time.monotonic()
    async with LocalStack(folder, service_settings={"LOG_LEVEL": "warning"}) as stack:
        return time.monotonic() - began, await work(stack) if work else []


async def _measured(stack: LocalStack) -> list[Row]:
    async with member_at(stack.web_url) as member:
        await member.set_up(await stack.sign_in_link())
        prompt = await member.post("/api/prompts", {"title": "Bench", "template": TEMPLATE})
        return [
            await _first_text(stack, member, prompt["id"]),
            await _one_request(stack, member, prompt["id"]),
            await _a_read(stack, member, prompt["id"]),
            await _many_streams(stack, member, prompt["id"]),
        ]


def _provider(stack: LocalStack) -> httpx2.AsyncClient:
    """Open the direct way to the simulator, with a key as the gateway sends one."""
    limits = httpx2.Limits(max_connections=2 * STREAMS)
    headers = {"Authorization": "Bearer sk-bench"}
    return httpx2.AsyncClient(base_url=stack.simulator_url, headers=headers, timeout=30, limits=limits, trust_env=False)


def _direct_body(model: str, *, stream: bool) -> dict[str, Any]:
    return {
        "model": model.removeprefix("simulator/"),
        "stream": stream,
        "messages": [{"role": "user", "content": "Write about doors."}],
    }


async def _first_text(stack: LocalStack, member: Member, prompt_id: str) -> Row:
    """From the click to the first words, through BFF, NATS, documents, prompts, gateway and provider, and back."""
    ours = [await _first_segment(member, prompt_id) for _ in range(REPEATS)][5:]
    async with _provider(stack) as client:
        direct = [await _first_chunk(client) for _ in range(REPEATS)][5:]
    added = quantile(ours, 0.5) - quantile(direct, 0.5)
    verdict = f"{milliseconds(added)} added, {quantile(ours, 0.5) / quantile(direct, 0.5):.1f} times"
    return Row(
        "first visible text, p50", milliseconds(quantile(ours, 0.5)), milliseconds(quantile(direct, 0.5)), verdict
    )


async def _first_segment(member: Member, prompt_id: str) -> float:
    began = time.perf_counter()
    document = await member.post("/api/documents", {"prompt_id": prompt_id, "values": {"topic": "doors"}, "model": ONE})
    path = f"/api/generations/{document['generation_id']}/events"
    async with member.client.stream("GET", path, headers=member.headers()) as answer:
        async for line in answer.aiter_lines():
            if line == "event: segment":
                break
    elapsed = time.perf_counter() - began
    await member.document_at_rest(document["id"])
    return elapsed


async def _first_chunk(client: httpx2.AsyncClient) -> float:
    began = time.perf_counter()
    async with client.stream("POST", "/v1/chat/completions", json=_direct_body(ONE, stream=True)) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if line.startswith("data:") and orjson.loads(line[5:])["choices"][0]["delta"].get("content"):
                break
    return time.perf_counter() - began


async def _one_request(stack: LocalStack, member: Member, prompt_id: str) -> Row:
    """A whole small answer: title suggestion through three services against the same model called directly."""
    del prompt_id
    body = {"template": TEMPLATE, "model": "simulator/quill"}
    ours = await _timed(lambda: member.post("/api/titles", body))
    async with _provider(stack) as client:
        direct = await _timed(
            lambda: client.post("/v1/chat/completions", json=_direct_body("quill+words:5,pace:0", stream=False))
        )
    return Row(
        "title suggestion, p50", milliseconds(ours), milliseconds(direct), f"{milliseconds(ours - direct)} added"
    )


async def _a_read(stack: LocalStack, member: Member, prompt_id: str) -> Row:
    """A page's read: BFF, NATS, prompts, PostgreSQL and back, against a bare HTTP answer on the same machine."""
    ours = await _timed(lambda: member.get(f"/api/prompts/{prompt_id}"))
    async with _provider(stack) as client:
        direct = await _timed(lambda: client.get("/healthz"))
    return Row(
        "reading one prompt, p50", milliseconds(ours), milliseconds(direct), f"{milliseconds(ours - direct)} added"
    )


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:
    samples = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await ask()
        samples.append(time.perf_counter() - began)
    return quantile(samples[5:], 0.5)


async def _many_streams(stack: LocalStack, member: Member, prompt_id: str) -> Row:
    """A hundred generations at once, each watched: chunks of the provider that reached a reader, per second."""
    async with _provider(stack) as client:
        await client.delete("/ledger")
        began = time.perf_counter()
        watchers = await asyncio.gather(*(_watched(member, prompt_id, number) for number in range(STREAMS)))
        seconds = time.perf_counter() - began
        chunks = sum(call["chunks_sent"] for call in (await client.get("/ledger")).json()["calls"])
        direct_seconds = await _direct_streams(client)
    segments = sum(len(watcher.segments) for watcher in watchers)
    ours = f"{chunks / seconds:,.0f} chunks/s in {segments / seconds:,.0f} segments/s"
    verdict = f"{seconds / direct_seconds:.2f} times as long"
    return Row(
        f"{STREAMS} generations at once, watched to the end", ours, f"{chunks / direct_seconds:,.0f} chunks/s", verdict
    )


async def _watched(member: Member, prompt_id: str, number: int) -> Watcher:
    document = await member.post(
        "/api/documents", {"prompt_id": prompt_id, "values": {"topic": f"doors {number}"}, "model": MANY}
    )
    watcher = Watcher(member, document["generation_id"])
    await watcher.watch()
    return watcher


async def _direct_streams(client: httpx2.AsyncClient) -> float:
    async def drain() -> None:
        async with client.stream("POST", "/v1/chat/completions", json=_direct_body(MANY, stream=True)) as answer:
            answer.raise_for_status()
            async for _ in answer.aiter_bytes():
                pass

    began = time.perf_counter()
    await asyncio.gather(*(drain() for _ in range(STREAMS)))
    return time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(main())
