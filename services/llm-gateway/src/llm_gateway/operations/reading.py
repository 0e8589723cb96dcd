"""Reads a provider's answer: text and thoughts into the manuscript, what else it says into the attempt."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_gateway.domain.thinking import Part
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.holding import keep_within
from llm_gateway.operations.running import Attempt, Running
from llm_gateway.providers.protocol import Delta, Opened, ProviderEvent, ReportedUsage, Thought
from llm_gateway.providers.refusals import connection_lost


async def read_answer(
    desk: Desk, running: Running, attempt: Attempt, answer: AsyncGenerator[list[ProviderEvent]]
) -> None:
    """Take the model's answer into the manuscript as it comes. Raises CallFailed where it breaks off.

    Raises BudgetExceeded where it may have cost what it holds and no more is to be had.
    """
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    attempt.is_called = True
    _write(desk, running, running.answer.begin_attempt())
    async with aclosing(answer) as events:
        async for arrived in events:
            if attempt.seconds_to_first_chunk is None:
                attempt.seconds_to_first_chunk = clock() - asked_at
                desk.health.begin(attempt.route)
            _take(desk, running, attempt, arrived)
            if attempt.hold is not None:
                await keep_within(desk, running.claimed, attempt.id, attempt.hold)
            await desk.writer.pace(running.manuscript)
    if attempt.finish_reason is None:
        raise connection_lost(attempt.route.provider)


def _take(desk: Desk, running: Running, attempt: Attempt, arrived: list[ProviderEvent]) -> None:
    for event in arrived:
        if isinstance(event, Delta):
            attempt.count(event.text)
            _write(desk, running, running.answer.feed(event.text))
        elif isinstance(event, Thought):
            attempt.count(event.text)
            _write(desk, running, [("think", event.text)])
        elif isinstance(event, Opened):
            attempt.response_id, attempt.response_model = event.response_id, event.model
        elif isinstance(event, ReportedUsage):
            attempt.usage = event
        else:
            attempt.finish_reason = event.reason
            _write(desk, running, running.answer.close())


def _write(desk: Desk, running: Running, parts: list[Part]) -> None:
    for kind, text in parts:
        if text:
            desk.writer.add(running.manuscript, text, kind)
        else:
            desk.writer.begin_draft(running.manuscript)
