"""Callers that vanish at any byte: nothing stays open, and each call that was made is paid for once."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from shared.contracts.ids import decode_id

# Half a second of stream; long enough to be left anywhere.
MODEL = {"chat/completions": "simulator/quill+words:90,pace:5", "messages": "simulator/reed+words:90,pace:5"}
MANY = 48


@dataclass(frozen=True)
class Leaving:
    """How a caller leaves: after so many bytes of its request, or after so many of the answer."""

    sent: int
    received: int


def request(path: str, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": "Write about ferries."}]
    body = orjson.dumps({"model": MODEL[path], "max_tokens": 900, "messages": messages, "stream": stream})
    head = f"POST /v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_own\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def leave(address: str, asked: bytes, leaving: Leaving) -> None:
    """Speak as far as it goes, then vanish without a word."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(asked[: leaving.sent])
    await writer.drain()
    left = leaving.received if leaving.sent == len(asked) else 0
    while left > 0 and (piece := await reader.read(left)):
        left -= len(piece)
    writer.transport.abort()


@pytest.mark.parametrize("path", ["chat/completions", "messages"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_that_vanishes_leaves_nothing_open_and_pays_for_what_was_written(
    address: str,
    rows: Any,
    simulator: Any,
    eventually: Any,
    path: str,
    stream: bool,  # noqa: FBT001  one of two columns
) -> None:
    asked = request(path, stream=stream)
    dice = random.Random(f"{path} {stream}")  # noqa: S311  a schedule of faults, not a secret
    early = [Leaving(dice.randrange(len(asked)), 0) for _ in range(MANY // 4)]
    late = [Leaving(len(asked), int(6_000 * dice.random() ** 3)) for _ in range(MANY - len(early))]
    await asyncio.gather(*(leave(address, asked, leaving) for leaving in early + late))

    async def at_rest() -> bool:
        (found,) = await rows("SELECT count(*) AS left FROM provider_attempts WHERE status = 'started'")
        return not found["left"] and not any(call["outcome"] == "open" for call in simulator.ledger())

    await asyncio.sleep(0.5)
    await eventually(at_rest)
    attempts = {row["id"] for row in await rows("SELECT id FROM provider_attempts")}
    usage = {row["attempt_id"]: row for row in await rows("SELECT * FROM usage")}
    calls = {decode_id("at", call["client_request_id"]): call for call in await simulator.calls(*attempts)}
    assert attempts == set(usage)
    assert 0 < len(calls) <= len(attempts) <= len(late)
    unasked = [usage[attempt] for attempt in attempts - set(calls)]
    assert [row["input_tokens"] + row["output_tokens"] for row in unasked] == [0] * len(unasked)
    for attempt, call in calls.items():
        if not usage[attempt]["estimated"]:
            assert usage[attempt]["output_tokens"] == call["output_tokens"]
    assert await rows("SELECT FROM budget_holds") == []
