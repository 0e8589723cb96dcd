"""Reads a provider's answer: text into the manuscript, what else it says into the attempt."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_gateway.operations.desk import Desk
from llm_gateway.operations.running import Attempt, Running
from llm_gateway.providers.protocol import Delta, Opened, ProviderEvent, ReportedUsage
from llm_gateway.providers.refusals import connection_lost


async def read_answer(
    desk: Desk, running: Running, attempt: Attempt, answer: AsyncGenerator[list[ProviderEvent]]
) -> None:
    """Take the model's answer into the manuscript as it comes. Raises CallFailed where it breaks off."""
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    attempt.is_called = True
    async with aclosing(answer) as events:
        async for arrived in events:
            if attempt.seconds_to_first_chunk is None:
                attempt.seconds_to_first_chunk = clock() - asked_at
            _take(desk, running, attempt, arrived)
            await desk.writer.pace(running.manuscript)
    if attempt.finish_reason is None:
        raise connection_lost(running.claimed.provider)


def _take(desk: Desk, running: Running, attempt: Attempt, arrived: list[ProviderEvent]) -> None:
    for event in arrived:
        if isinstance(event, Delta):
            attempt.received += len(event.text)
            desk.writer.add(running.manuscript, event.text)
        elif isinstance(event, Opened):
            attempt.response_id, attempt.response_model = event.response_id, event.model
        elif isinstance(event, ReportedUsage):
            attempt.usage = event
        else:
            attempt.finish_reason = event.reason
