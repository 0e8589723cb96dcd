"""A generation from its order to its end, against the real simulator through the real SDKs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("model", ["simulator/quill", "simulator/reed"])
async def test_a_generation_is_written_stored_and_settled(gateway: Any, simulator: Any, sha256: Callable[[str], str], model: str) -> None:
    generation_id = await gateway.start(model)
    ended = await gateway.until_ended(generation_id)
    _, text = await gateway.read(generation_id)
    assert ended.status == "completed"
    assert ended.finish_reason == "stop"
    assert ended.simulated
    assert len(text) == ended.characters > 200
    assert ended.content_hash == sha256(text)
    (usage,) = await gateway.usage(generation_id)
    (call,) = await simulator.calls(usage["attempt_id"])
    assert (usage["input_tokens"], usage["output_tokens"]) == (call["input_tokens"], call["output_tokens"])
    assert not usage["estimated"]
    assert usage["cost_usd"] > 0
    assert call["traceparent"] is False
    await asyncio.sleep(0)
