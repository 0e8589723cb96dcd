"""One call of another team, from its admission to its last byte."""

import asyncio
import time
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import aiohttp

from llm_gateway.domain import GenerationTimedOut, Spent
from llm_gateway.domain.budgets import (
    DEFAULT_OUTPUT_TOKENS,
    BudgetExceeded,
    Reservation,
    affordable_output_tokens,
    ceiling_rates,
)
from llm_gateway.domain.calls import Rates, Route
from llm_gateway.domain.failover import CallFailed, FailureClass
from llm_gateway.domain.limits import expected_tokens
from llm_gateway.operations.catalogue import ProjectCatalogue
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.endpoints.accounting import EndedCall, OpenedCall
from llm_gateway.operations.endpoints.asking import Asking, invalid_field, require_own_state
from llm_gateway.operations.endpoints.caching import Recorder, cache_hit, kept_answer, key_of
from llm_gateway.operations.endpoints.metering import Meter
from llm_gateway.operations.endpoints.reply import Answered, Reply
from llm_gateway.operations.endpoints.tracing import call_span
from llm_gateway.operations.limiting import Admission
from llm_gateway.operations.spending import most_usd
from llm_gateway.providers import refusals
from llm_gateway.providers.upstream import LONGEST_ANSWER
from llm_gateway.providers.wires import EventScan, events_document, read_whole
from llm_gateway.store import ledger
from llm_gateway.store.ledger import NewCall
from shared.contracts.ids import encode_id, new_id
from shared.problems import Problem

_ENDLESS = 1 << 62
# As many small events as the read buffer of a connection holds.
_ON_THE_WAY = 1024


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
    spent: Spent | None = None
    has_begun: bool = False
    is_over: bool = False


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
    admission = await desk.traffic.limiter.admit(
        asking.account, expected_tokens(asking.input_characters, asking.output_limit)
    )
    serving = _Serving(desk, asking, reply, catalogue, admission)
    try:
        key = key_of(asking, routes) if catalogue.settings.cache_seconds else None
        if key is None:
            await _at_place(serving, routes)
        else:
            await _through_cache(serving, routes, key)
    finally:
        desk.traffic.limiter.finish(admission, serving.tokens)


async def _at_place(serving: _Serving, routes: tuple[Route, ...]) -> None:
    asking = serving.asking
    async with serving.desk.traffic.gate.place(asking.account.project_id, asking.deadline - time.monotonic()):
        try:
            async with asyncio.timeout(asking.deadline - time.monotonic()):
                await _ask(serving, routes)
        except TimeoutError:
            await _end_with(serving, GenerationTimedOut("The model took longer than a call may take."))


async def _end_with(serving: _Serving, problem: Problem) -> None:
    """Say where the answer was to go on that it does not; raise it where nothing was said yet."""
    if not serving.has_begun:
        raise problem
    if not serving.is_over:
        serving.is_over = True
        await serving.reply.fail(problem)


async def _through_cache(serving: _Serving, routes: tuple[Route, ...], key: str) -> None:
    """Give the answer that is kept, or ask and keep what comes."""
    desk, asking = serving.desk, serving.asking
    kept = None if asking.wants_fresh else await desk.cache.find(key)
    if kept is not None:
        answered = Answered(routes[0], 0, serving.admission, answered_by=kept.model)
        if kept.is_streamed:
            await serving.reply.begin(answered)
            await serving.reply.send(kept.body)
            await serving.reply.end()
        else:
            await serving.reply.whole(kept.body, answered)
        await desk.ledger.record_hit(cache_hit(asking, kept))
        return
    recorder = Recorder(serving.reply)
    serving.reply = recorder
    await _at_place(serving, routes)
    body, answered_now = recorder.body(), recorder.answered
    if body is not None and answered_now is not None and serving.spent is not None:
        seconds = serving.catalogue.settings.cache_seconds or 0
        await desk.cache.keep(kept_answer(key, asking, answered_now, body, serving.spent), seconds)


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
        try:
            failure = await _attempt(serving, step.route)
        except asyncio.CancelledError:
            if not serving.asking.is_streamed and time.monotonic() >= serving.asking.deadline:
                # The provider had all the time of this call and said nothing.
                health.record(step.route, refusals.connection_lost(step.route.provider))
            raise
        health.record(step.route, failure)
        if failure is None:
            return
        if serving.has_begun:
            # What was shown stays: two answers are never spliced.
            await _end_with(serving, failure.problem)
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
        serving.spent = spent if meter.status == "succeeded" else None
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
    _release(serving, meter)
    await serving.reply.whole(answer, _told(serving, meter))


async def _stream(serving: _Serving, meter: Meter, response: aiohttp.ClientResponse, money: _Money | None) -> None:
    scan = meter.scan = EventScan(serving.asking.wire, hides_usage=serving.asking.hides_usage)
    allowed = _Allowance(serving, meter, money)
    async for chunk in response.content.iter_any():
        if not scan.events:
            serving.desk.upstream.begin(response)
        events = scan.feed(chunk)
        if events:
            await _show(serving, meter, events)
            if scan.events > allowed.events:
                await allowed.extend(scan.events)
    events = scan.finish()
    if events:
        await _show(serving, meter, events)
    await _conclude(serving, meter, scan)


async def _conclude(serving: _Serving, meter: Meter, scan: EventScan) -> None:
    """End the stream as the provider did. Raises CallFailed where that was too early."""
    meter.usage, meter.response_id = scan.usage(), scan.response_id
    if not scan.is_complete and not scan.has_failed:
        raise refusals.connection_lost(meter.route.provider)
    meter.status = "failed" if scan.has_failed else "succeeded"
    serving.is_over = True
    _release(serving, meter)
    await serving.reply.end()
    if scan.has_failed:
        # The caller has read why, in the provider's own words.
        raise refusals.refused_in_stream(meter.route.provider, None)


def _release(serving: _Serving, meter: Meter) -> None:
    """Give back what the limits hold before the caller hears the end: its next call may follow at once."""
    spent = meter.spent()
    tokens = serving.tokens + spent.input_tokens + spent.output_tokens
    serving.desk.traffic.limiter.finish(serving.admission, tokens)


async def _show(serving: _Serving, meter: Meter, events: bytes) -> None:
    if not serving.has_begun:
        if meter.scan is not None and meter.scan.has_failed:
            # Nothing was shown yet: this is a refusal like any other, and the next route may do better.
            raise refusals.refused_in_stream(meter.route.provider, events_document(events))
        serving.has_begun = True
        serving.desk.health.begin(meter.route)
        await serving.reply.begin(_told(serving, meter))
    await serving.reply.send(events)


class _Allowance:
    """How far a stream without a limit of its own may go on the money that it holds."""

    def __init__(self, serving: _Serving, meter: Meter, money: _Money | None) -> None:
        self._ledger, self._meter, self._money = serving.desk.ledger, meter, money
        self._usd = money.reservation.usd if money else None
        # Where the caller set a limit the hold covers it, and the provider stops there by itself.
        self.events = _ENDLESS if money is None or serving.asking.output_limit is not None else self._reach(money)

    async def extend(self, events: int) -> None:
        """Ask for as much again. Raises CallFailed with the budget's refusal, which ends the stream here."""
        if self._money is None or self._usd is None:
            return
        try:
            await self._ledger.extend(self._meter.project_id, self._meter.attempt_id, self._usd)
        except BudgetExceeded as problem:
            raise CallFailed(problem, FailureClass.CONTENT) from problem
        self._usd *= 2
        self.events = max(events, self._reach(self._money))

    def _reach(self, money: _Money) -> int:
        """Stop early enough that what is on its way from the provider already is still covered."""
        return max(0, money.affordable_events(self._usd) - _ON_THE_WAY)


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
    return _Money(Reservation(call.id, asking.account, most_usd(route, rates, reading, output)), rates, reading)


def _bounded_output(asking: Asking, money: _Money | None) -> int | None:
    """The limit to set where the caller set none and its answer, being in one piece, could not be stopped."""
    is_open = money is not None and asking.output_limit is None and not asking.is_streamed
    return DEFAULT_OUTPUT_TOKENS if is_open else None


def _told(serving: _Serving, meter: Meter) -> Answered:
    return Answered(meter.route, serving.attempts, serving.admission)
