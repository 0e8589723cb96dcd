import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from simulator.app import SimulatorOptions
from simulator.testing import running_simulator

PROMPT = "Explain how a lighthouse lens bends light."


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def url(ledger_file: Path) -> Iterator[str]:
    with running_simulator(SimulatorOptions(chunk_seconds=0, ledger_file=ledger_file)) as address:
        yield address


async def ledger(url: str) -> list[dict[str, Any]]:
    async with httpx2.AsyncClient(base_url=url) as client:
        calls: list[dict[str, Any]] = (await client.get("/ledger")).json()["calls"]
        return calls


async def closed_call(url: str) -> dict[str, Any]:
    """The only call of the ledger, once it has ended."""
    with anyio.fail_after(5):
        while True:
            (call,) = await ledger(url)
            if call["outcome"] != "open":
                return call
            await anyio.sleep(0.01)


def openai_client(url: str, key: str = "key") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=5)


async def stream(client: AsyncOpenAI, model: str) -> str:
    answer = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": PROMPT}], stream=True
    )
    return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])


async def test_the_ledger_knows_tokens_identity_and_headers_of_each_call(url: str) -> None:
    async with openai_client(url, "secret") as client:
        completion = await client.chat.completions.create(
            model="quill",
            messages=[{"role": "user", "content": PROMPT}],
            extra_headers={"X-Client-Request-Id": "at_1", "traceparent": "00-0-0-00"},
        )
    call = await closed_call(url)
    assert completion.usage is not None
    assert (call["input_tokens"], call["output_tokens"]) == (
        completion.usage.prompt_tokens,
        completion.usage.completion_tokens,
    )
    assert call["sequence"] == 1
    assert call["path"] == "/v1/chat/completions"
    assert call["model"] == "quill"
    assert call["task"] == "reply"
    assert call["status"] == 200
    assert call["outcome"] == "completed"
    assert call["response_id"] == completion.id
    assert call["client_request_id"] == "at_1"
    assert call["traceparent"] is True
    assert call["client_closed_early"] is False
    assert call["key_hash"] == hashlib.sha256(b"secret").hexdigest()[:16]


async def test_keys_of_both_wire_formats_are_told_apart_and_never_stored(url: str, ledger_file: Path) -> None:
    async with openai_client(url, "first-canary") as one, openai_client(url, "second-canary") as two:
        await stream(one, "quill")
        await stream(two, "quill")
    async with AsyncAnthropic(base_url=url, api_key="first-canary", max_retries=0) as three:
        await three.messages.create(model="reed", max_tokens=9, messages=[{"role": "user", "content": PROMPT}])
    first, second, third = [call["key_hash"] for call in await ledger(url)]
    assert first == third != second
    assert "canary" not in json.dumps(await ledger(url)) + await anyio.Path(ledger_file).read_text()


async def test_a_refused_call_is_listed_with_its_status_and_costs_nothing(url: str) -> None:
    async with openai_client(url) as client:
        for model in ("quill+429", "no-such-model", "quill+500"):
            with pytest.raises(Exception, match="Error code"):
                await stream(client, model)
    calls = await ledger(url)
    assert [call["status"] for call in calls] == [429, 404, 500]
    assert {call["outcome"] for call in calls} == {"refused"}
    assert {call["input_tokens"] + call["output_tokens"] + call["chunks_sent"] for call in calls} == {0}


async def test_a_client_that_leaves_early_is_seen_and_billed_for_what_was_sent(url: str) -> None:
    async with openai_client(url) as client:
        answer = await client.chat.completions.create(
            model="quill+pace:20", messages=[{"role": "user", "content": PROMPT}], stream=True
        )
        seen = [await anext(answer) for _ in range(4)]
        await answer.close()
    call = await closed_call(url)
    assert call["outcome"] == "client_closed"
    assert call["client_closed_early"] is True
    assert len(seen) - 1 <= call["chunks_sent"] <= len(seen) + 10
    assert 0 < call["output_tokens"] <= 4 * call["chunks_sent"]


async def test_a_client_that_leaves_a_stalled_call_is_seen_at_once(url: str) -> None:
    async with openai_client(url) as client:
        answer = await client.chat.completions.create(
            model="quill+stall:2", messages=[{"role": "user", "content": PROMPT}], stream=True
        )
        assert (await ledger(url))[0]["outcome"] == "open"
        await answer.close()
    call = await closed_call(url)
    assert call["client_closed_early"] is True
    assert call["chunks_sent"] == 2


@pytest.mark.parametrize(("fault", "outcome"), [("cut:3", "cut"), ("error:3", "failed")])
async def test_a_stream_that_breaks_is_billed_for_its_chunks(url: str, fault: str, outcome: str) -> None:
    async with openai_client(url) as client:
        with pytest.raises(Exception, match=r"(?i)connection|server had an error"):
            await stream(client, f"quill+{fault}")
    call = await closed_call(url)
    assert call["outcome"] == outcome
    assert call["chunks_sent"] == 3
    assert call["output_tokens"] > 0
    assert call["client_closed_early"] is False


async def test_clearing_the_ledger_forgets_calls_and_spent_faults_but_goes_on_counting(url: str) -> None:
    async with openai_client(url) as client, httpx2.AsyncClient(base_url=url) as raw:
        for _ in range(2):
            with pytest.raises(Exception, match="Error code: 429"):
                await stream(client, "quill+429-once")
            assert (await raw.delete("/ledger")).status_code == 204
            assert await ledger(url) == []
        await stream(client, "quill")
    assert [call["sequence"] for call in await ledger(url)] == [3]


async def test_the_ledger_file_has_a_line_at_arrival_and_one_at_the_end(url: str, ledger_file: Path) -> None:
    async with openai_client(url) as client:
        await stream(client, "quill")
    await closed_call(url)
    lines = [json.loads(line) for line in (await anyio.Path(ledger_file).read_text()).splitlines()]
    assert [(line["sequence"], line["outcome"]) for line in lines] == [(1, "open"), (1, "completed")]
    assert lines[-1] == (await ledger(url))[0]
