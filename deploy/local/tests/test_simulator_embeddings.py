import math
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from simulator.app import SimulatorOptions
from simulator.testing import running_simulator
from simulator.wire_embeddings import embed


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_simulator(SimulatorOptions(chunk_seconds=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


def nearness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


async def test_the_sdk_gets_unit_vectors_in_order_with_usage(client: AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="quill", input=["a lighthouse", "the tide"])
    assert [item.index for item in answer.data] == [0, 1]
    assert [len(item.embedding) for item in answer.data] == [64, 64]
    assert all(math.isclose(math.hypot(*item.embedding), 1, rel_tol=1e-6) for item in answer.data)
    assert answer.model == "quill"
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (5, 5)


async def test_both_encodings_say_the_same(client: AsyncOpenAI) -> None:
    packed = await client.embeddings.create(model="quill", input="a lighthouse")
    plain = await client.embeddings.create(model="quill", input="a lighthouse", encoding_format="float", dimensions=64)
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, rel=1e-6)


async def test_tokens_are_embedded_and_counted_as_they_are(client: AsyncOpenAI) -> None:
    single = await client.embeddings.create(model="quill", input=[17, 4, 99])
    several = await client.embeddings.create(model="quill", input=[[17, 4, 99], [5]], dimensions=8)
    assert (len(single.data), single.usage.total_tokens) == (1, 3)
    assert (len(several.data), several.usage.total_tokens) == (2, 4)
    assert len(several.data[1].embedding) == 8


def test_texts_of_the_same_words_are_near_each_other() -> None:
    query = embed("How do tides move the water?", 256)
    assert nearness(query, embed("Tides move water twice a day.", 256)) > 0.3
    assert abs(nearness(query, embed("Quarterly invoices and payroll", 256))) < 0.25


@pytest.mark.parametrize("text", ["", "?!", "ein Wörtchen"])
def test_every_text_has_a_direction(text: str) -> None:
    assert all(math.isclose(math.hypot(*embed(text, size)), 1, rel_tol=1e-9) for size in (1, 2, 64))


def test_another_process_gives_the_same_vector() -> None:
    program = "from simulator.wire_embeddings import embed; print(embed('a lighthouse', 16))"
    elsewhere = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert elsewhere.strip() == str(embed("a lighthouse", 16))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"input": ""}, "is invalid"),
        ({"input": []}, "is invalid"),
        ({"input": ["a", ""]}, "is invalid"),
        ({"input": [True]}, "is invalid"),
        ({"input": "word " * 9000}, "maximum context length is 8192"),
        ({"dimensions": 4000}, "at most 3072"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"extra_body": {"temperature": 1}}, "Unrecognized request argument supplied: temperature"),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_bad_request(
    client: AsyncOpenAI, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        await client.embeddings.create(**{"model": "quill", "input": "a"} | more)


async def test_the_ledger_knows_an_embedding_and_its_tokens(url: str, client: AsyncOpenAI) -> None:
    await client.embeddings.create(model="quill", input="a lighthouse")
    async with httpx2.AsyncClient(base_url=url) as raw:
        call = (await raw.get("/ledger")).json()["calls"][-1]
    assert (call["path"], call["task"], call["outcome"]) == ("/v1/embeddings", "embed", "completed")
    assert (call["input_tokens"], call["output_tokens"]) == (3, 0)


async def test_faults_strike_embeddings_too(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.RateLimitError):
        await client.embeddings.create(model="quill+429", input="a")
    with pytest.raises(openai.APIConnectionError):
        await client.embeddings.create(model="quill+cut:1", input="a")
    with pytest.raises(openai.APITimeoutError):
        await client.with_options(timeout=0.3).embeddings.create(model="quill+stall:0", input="a")
