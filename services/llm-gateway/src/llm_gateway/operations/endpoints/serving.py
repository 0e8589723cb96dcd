"""One call of another team, from its admission to its last byte."""

import asyncio
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

import aiohttp

from llm_gateway.domain.budgets import (
    DEFAULT_OUTPUT_TOKENS,
    BudgetExceeded,
    Reservation,
    affordable_output_tokens,
    ceiling_rates,
    hold_usd,
)
from llm_gateway.domain.calls import Rates, Route
from llm_gateway.domain.failover import CallFailed, FailureClass
from llm_gateway.operations.catalogue import ProjectCatalogue
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.endpoints.accounting import EndedCall, Ledger, OpenedCall
from llm_gateway.operations.endpoints.asking import Asking, invalid_field, require_own_state
from llm_gateway.operations.endpoints.metering import Meter
from llm_gateway.operations.endpoints.tracing import call_span
from llm_gateway.operations.limiting import Admission
from llm_gateway.providers import refusals
from llm_gateway.providers.upstream import LONGEST_ANSWER
from llm_gateway.providers.wires import EventScan, events_document, read_whole
from llm_gateway.store import ledger
from llm_gateway.store.ledger import NewCall
from shared.contracts.ids import encode_id, new_id
from shared.problems import Problem

_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answered, after how many tries, and where the caller's limits stand: the headers tell it."""

    route: Route
    attempts: int
    admission: Admission


class Reply(Protocol):
    """The caller's end: nothing was said before `begin` or `whole`."""

    async def whole(self, body: bytes, answered: Answered) -> None:
        """Answer in one piece."""
        ...

    async def begin(self, answered: Answered) -> None:
        """Begin a stream of events."""
        ...

    async def send(self, events: bytes) -> None:
        """Send whole events."""
        ...

    async def fail(self, problem: Problem) -> None:
        """Say in the middle of a stream that it ends here, in the words of its format."""
        ...

    async def end(self) -> None:
        """End the stream."""
        ...


@dataclass(slots=True)
class _Serving:
    """One call on its way."""

    desk: Desk
    asking: Asking
    reply: Reply
    catalogue: ProjectCatalogue
    admission: Admission
    attempts: int = 0
    tokens: int = 0
    has_begun: bool = False


@dataclass(frozen=True, slots=True)
class _Money:
    """What a call may spend, and the prices by which that is counted."""

    reservation: Reservation
    rates: Rates | None
    input_tokens: int

    def affordable_events(self, usd: Decimal | None) -> int:
        """How many events a stream may have for so much: providers send about one token in each."""
        if self.rates is None or usd is None:
            return _ENDLESS
        tokens = affordable_output_tokens(self.rates, self.input_tokens, usd)
        return _ENDLESS if tokens is None else tokens


async def serve(desk: Desk, asking: Asking, reply: Reply) -> None:
    """Ask the models that the caller named, in their order, and pass the answer through.

    Raises a Problem while nothing was said yet. Cancelled where the caller is gone: what was asked is settled then.
    """
    catalogue = await desk.catalogue.of(asking.account.project_id)
    routes = catalogue.routes(asking.model, asking.wire.wire)
    if asking.previous_response_id is not None:
        await _require_own_response(desk, asking.account.project_id, asking.previous_response_id)
    admission = await desk.traffic.limiter.admit(asking.account, _expected_tokens(asking))
    serving = _Serving(desk, asking, reply, catalogue, admission)
    try:
        async with desk.traffic.gate.place(asking.account.project_id, asking.deadline - time.monotonic()):
            await _ask(serving, routes)
    finally:
        desk.traffic.limiter.finish(admission, serving.tokens)


async def _require_own_response(desk: Desk, project_id: UUID, response_id: str) -> None:
    """Raise Invalid for a response that this project did not make: the account may be shared with others."""
    async with desk.database.transaction(project_id) as conn:
        if await ledger.is_own_response(conn, project_id, response_id):
            return
    message = "There is no such response in this project."
    raise invalid_field(field="previous_response_id", code="unknown", message=message)


async def _ask(serving: _Serving, routes: tuple[Route, ...]) -> None:
    """Take the steps of the failure policy until one succeeds. Raises the problem of the last."""
    health = serving.desk.health
    attempts = health.attempts(routes)
    step = attempts.first()
    while True:
        if step.wait_seconds:
            await asyncio.sleep(step.wait_seconds)
        failure = await _attempt(serving, step.route)
        health.record(step.route, failure)
        if failure is None:
            return
        if serving.has_begun:
            # What was shown stays: two answers are never spliced.
            await serving.reply.fail(failure.problem)
            return
        further = attempts.next(failure, serving.asking.deadline - time.monotonic())
        if further is None:
            raise failure.problem from failure
        step = further


async def _attempt(serving: _Serving, route: Route) -> CallFailed | None:
    """Ask once; say how it failed. Raises the problem that kept us from asking."""
    asking, desk = serving.asking, serving.desk
    require_own_state(asking, route)
    call = _new_call(asking, route)
    money = _reserved(serving, route, call)
    body = asking.upstream_body(route, _bounded_output(asking, money))
    meter = Meter(asking.account.project_id, call.id, route, asking.input_characters)
    await desk.ledger.open(OpenedCall(call, money.reservation if money else None))
    serving.attempts += 1
    try:
        with call_span(asking, meter):
            await _pass_through(serving, meter, body, money)
    except CallFailed as failed:
        meter.status, meter.failure = "failed", failed
    finally:
        spent = meter.spent()
        serving.tokens += spent.input_tokens + spent.output_tokens
        await desk.ledger.settle(EndedCall(call, meter.settled(), is_budgeted=money is not None))
    return meter.failure


async def _pass_through(serving: _Serving, meter: Meter, body: bytes, money: _Money | None) -> None:
    asking = serving.asking
    headers = {**asking.headers, "X-Client-Request-Id": encode_id("at", meter.attempt_id)}
    meter.is_called = True
    asked = serving.desk.upstream.asked(meter.route, asking.wire, body, headers, is_streamed=asking.is_streamed)
    async with asked as response:
        meter.note_first_byte()
        if asking.is_streamed:
            await _stream(serving, meter, response, money)
        else:
            await _whole(serving, meter, response)


async def _whole(serving: _Serving, meter: Meter, response: aiohttp.ClientResponse) -> None:
    answer = await response.read()
    read = read_whole(serving.asking.wire, answer) if len(answer) <= LONGEST_ANSWER else None
    meter.output_characters = len(answer)
    if read is None:
        raise refusals.unreadable(meter.route.provider)
    meter.usage, meter.response_id = read.usage, read.response_id
    meter.status = "succeeded"
    await serving.reply.whole(answer, _told(serving, meter))


async def _stream(serving: _Serving, meter: Meter, response: aiohttp.ClientResponse, money: _Money | None) -> None:
    scan = meter.scan = EventScan(serving.asking.wire, hides_usage=serving.asking.hides_usage)
    allowed = _Allowance(serving.desk.ledger, meter, money)
    async for chunk in response.content.iter_any():
        events = scan.feed(chunk)
        if events:
            await _show(serving, meter, events)
            if scan.events > allowed.events:
                await allowed.extend(scan.events)
    events = scan.finish()
    if events:
        await _show(serving, meter, events)
    _conclude(meter, scan)
    await serving.reply.end()


async def _show(serving: _Serving, meter: Meter, events: bytes) -> None:
    if not serving.has_begun:
        if meter.scan is not None and meter.scan.has_failed:
            # Nothing was shown yet: this is a refusal like any other, and the next route may do better.
            raise refusals.refused_in_stream(meter.route.provider, events_document(events))
        serving.has_begun = True
        await serving.reply.begin(_told(serving, meter))
    await serving.reply.send(events)


def _conclude(meter: Meter, scan: EventScan) -> None:
    """Take the stream as ended. Raises CallFailed where the provider broke off, which the caller sees by itself."""
    meter.usage, meter.response_id = scan.usage(), scan.response_id
    if not scan.is_complete and not scan.has_failed:
        raise refusals.connection_lost(meter.route.provider)
    meter.status = "failed" if scan.has_failed else "succeeded"


class _Allowance:
    """How far a stream may go on the money that it holds."""

    def __init__(self, book: Ledger, meter: Meter, money: _Money | None) -> None:
        self._ledger, self._meter, self._money = book, meter, money
        self._usd = money.reservation.usd if money else None
        self.events = money.affordable_events(self._usd) if money else _ENDLESS

    async def extend(self, events: int) -> None:
        """Ask for as much again. Raises CallFailed with the budget's refusal, which ends the stream here."""
        if self._money is None or self._usd is None:
            return
        try:
            await self._ledger.extend(self._meter.project_id, self._meter.attempt_id, self._usd)
        except BudgetExceeded as problem:
            raise CallFailed(problem, FailureClass.CONTENT) from problem
        self._usd *= 2
        self.events = max(events, self._money.affordable_events(self._usd))


def _new_call(asking: Asking, route: Route) -> NewCall:
    return NewCall(
        new_id(),
        asking.account,
        asking.wire.wire,
        route.provider,
        route.model,
        route.simulated,
        asking.request_id,
        asking.input_characters,
        asking.prompt_version_id,
    )


def _reserved(serving: _Serving, route: Route, call: NewCall) -> _Money | None:
    """Say how much the call may spend, where a budget applies to it."""
    asking = serving.asking
    if not serving.desk.budgets.applies(asking.account):
        return None
    rates = route.rates or ceiling_rates(serving.catalogue.settings.unknown_price_ceiling_usd_per_million)
    output = 0 if asking.wire.wire == "embeddings" else asking.output_limit
    reading = asking.input_tokens_bound()
    return _Money(Reservation(call.id, asking.account, hold_usd(rates, reading, output)), rates, reading)


def _bounded_output(asking: Asking, money: _Money | None) -> int | None:
    """The limit to set where the caller set none and its answer, being in one piece, could not be stopped."""
    is_open = money is not None and asking.output_limit is None and not asking.is_streamed
    return DEFAULT_OUTPUT_TOKENS if is_open else None


def _expected_tokens(asking: Asking) -> int:
    return asking.input_characters // 4 + (asking.output_limit or 0)


def _told(serving: _Serving, meter: Meter) -> Answered:
    return Answered(meter.route, serving.attempts, serving.admission)
