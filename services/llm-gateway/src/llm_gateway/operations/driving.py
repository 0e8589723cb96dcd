"""Carries one generation from its lease to its end: asks the model, repeats what may be repeated, closes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from llm_gateway.domain import (
    CallFailed,
    ClaimedGeneration,
    Ending,
    GenerationFaulty,
    GenerationTimedOut,
    LeaseLost,
    MembershipEnded,
    ProviderUnavailable,
    StopReason,
    count_characters,
    failed,
    interrupted,
)
from llm_gateway.domain.calls import Route
from llm_gateway.domain.failover import Step
from llm_gateway.operations.asking import first_question, next_question
from llm_gateway.operations.catalogue import ProjectCatalogue
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.ending import Closing, end
from llm_gateway.operations.failover import Attempts, Health
from llm_gateway.operations.holding import Asking, purse_for, reserve, settle_for
from llm_gateway.operations.reading import read_answer
from llm_gateway.operations.running import Attempt, Running
from llm_gateway.operations.spending import usage_view
from llm_gateway.operations.tracing import attempt_span, trace_of
from llm_gateway.store import attempts, generations
from llm_gateway.store.attempts import AttemptEnd
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import GenerationRequest, GenerationStatus
from shared.faults import fault_point
from shared.problems import Problem
from shared.runtime import logger

_ATTEMPT_ENDS: dict[GenerationStatus, AttemptEnd] = {"completed": "succeeded", "cancelled": "cancelled"}

log = logger(__name__)


async def drive(desk: Desk, running: Running) -> None:
    """Do the whole work of a leased generation. Whatever happens is an ending, a hand-back or a lost lease."""
    with trace_of(running.claimed):
        try:
            ending = await _work(desk, running)
            if ending is None:
                await _hand_back(desk, running)
            else:
                await _close(desk, running, ending)
        except LeaseLost:
            log.warning("generation_left_to_its_new_owner", generation_id=str(running.claimed.id))


async def _work(desk: Desk, running: Running) -> Ending | None:
    """Return how it ended, or None where another process shall go on. Raises LeaseLost."""
    try:
        async with asyncio.timeout(desk.limits.generation_seconds) as scope:
            running.begin(scope)
            async with _stopped_with_membership(desk, running):
                return await _ask(desk, running)
    except TimeoutError:
        return _stopped(running)
    except Problem as problem:
        return interrupted(problem) if running.manuscript.has_own_text else failed(problem)
    except LeaseLost:
        raise
    except Exception:  # a bug ends one generation with a record, and no other
        log.exception("generation_faulty", generation_id=str(running.claimed.id))
        return failed(GenerationFaulty("The gateway could not go on. What was written is kept."))
    finally:
        running.leave()


@asynccontextmanager
async def _stopped_with_membership(desk: Desk, running: Running) -> AsyncGenerator[None]:
    """Stop the work within 30 s after the person who began it was removed."""

    async def watch() -> None:
        await desk.members.until_ended(running.claimed)
        running.stop(StopReason.MEMBERSHIP_ENDED)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def _stopped(running: Running) -> Ending | None:
    match running.stop_reason:
        case StopReason.CANCELLED:
            return Ending("cancelled")
        case StopReason.LEASE_LOST:
            raise LeaseLost
        case StopReason.HANDED_BACK if not running.manuscript.has_own_text:
            return None
        case StopReason.HANDED_BACK:
            return interrupted(ProviderUnavailable("The gateway was restarted. What was written is kept; continue."))
        case StopReason.MEMBERSHIP_ENDED:
            return interrupted(MembershipEnded()) if running.manuscript.has_own_text else failed(MembershipEnded())
    problem = GenerationTimedOut("The model took longer than a generation may take. What was written is kept.")
    return interrupted(problem) if running.manuscript.has_own_text else failed(problem)


async def _ask(desk: Desk, running: Running) -> Ending:
    """Ask the model, and again while its answer wants it. Raises problems that no provider caused."""
    await desk.members.require(running.claimed)
    request = await first_question(desk, running)
    while True:
        ending = await _ask_until_answered(desk, running, request)
        if ending.status != "completed":
            return ending
        following = await next_question(desk, running, ending)
        if isinstance(following, Ending):
            return following
        writer = running.attempt
        await _settle(desk, running, "succeeded")
        # What was shown is continued by the model that wrote it.
        running.plan = desk.health.attempts([writer.route]) if writer and running.manuscript.has_own_text else None
        request = following


async def _ask_until_answered(desk: Desk, running: Running, request: GenerationRequest) -> Ending:
    """Ask the model until it answered or asking again is over."""
    plan = running.plan
    if plan is None:
        plan = plan_attempts(desk, await desk.catalogue.of(running.claimed.project_id), running.claimed)
    step = plan.first() if running.attempt is None else Step(running.attempt.route)
    while True:
        await asyncio.sleep(step.wait_seconds)
        try:
            return await _attempt(desk, running, step.route, request)
        except CallFailed as error:
            failure = error
        if running.manuscript.has_own_text:
            return interrupted(failure.problem)
        following = plan.next(failure, running.remaining_seconds())
        if following is None:
            return failed(failure.problem)
        await _settle(desk, running, "failed")
        _log_next_step(running, following, failure)
        step = following


def plan_attempts(desk: Desk, catalogue: ProjectCatalogue, claimed: ClaimedGeneration) -> Attempts:
    """Plan by which routes the generation's model is asked. Raises UnknownModel or ProviderKeyMissing."""
    return desk.health.attempts(catalogue.routes(claimed.request.model or claimed.model, None))


def _log_next_step(running: Running, step: Step, failure: CallFailed) -> None:
    log.info(
        "provider_asked_again",
        generation_id=str(running.claimed.id),
        model=step.route.model,
        problem=failure.problem.type,
    )


async def _attempt(desk: Desk, running: Running, route: Route, request: GenerationRequest) -> Ending:
    """Ask once. Raises CallFailed where the answer did not come to its end."""
    attempt = await _open_attempt(desk, running, route, request)
    attempt.asked_characters = count_characters(request.messages)
    with attempt_span(running, attempt):
        try:
            await read_answer(desk, running, attempt, desk.providers.stream(route, request, attempt.id))
        except CallFailed as failure:
            # An answer that was complete stays complete: only its usage is estimated then.
            if attempt.finish_reason is None:
                attempt.failure = failure
                raise
        finally:
            _record(desk.health, attempt)
    return Ending("completed", finish_reason=attempt.finish_reason)


def _record(health: Health, attempt: Attempt) -> None:
    """Tell the other calls how this one ended; nothing where it was stopped from our side."""
    if attempt.finish_reason is not None or attempt.failure is not None:
        health.record(attempt.route, attempt.failure)


async def _open_attempt(desk: Desk, running: Running, route: Route, request: GenerationRequest) -> Attempt:
    """Commit the attempt's row, unless the claim did, then allow the call.

    Raises LeaseLost, or the refusal of a budget.
    """
    if running.attempt is None:
        running.attempt = await _commit_attempt(desk, running, route, request)
    fault_point("attempt_committed")
    return running.attempt


async def _commit_attempt(desk: Desk, running: Running, route: Route, request: GenerationRequest) -> Attempt:
    attempt_id = new_id()
    purse = await purse_for(desk, running.claimed, Asking(attempt_id, route, request))

    async def commit() -> bool:
        async with desk.database.transaction(running.claimed.project_id) as conn:
            is_ours = await attempts.insert_attempt(conn, running.claimed.lease, attempt_id, route)
            await generations.change_model(conn, running.claimed.lease, route)
            await reserve(conn, purse if is_ours else None)
            return is_ours

    if not await desk.patience.do(commit, "open_attempt"):
        raise LeaseLost
    return Attempt(attempt_id, route, hold=purse.hold if purse else None)


async def _settle(desk: Desk, running: Running, status: AttemptEnd) -> None:
    """Write the usage of an attempt after which another one comes."""
    settlement = running.settle(status)

    async def commit() -> None:
        async with desk.database.transaction(running.claimed.project_id) as conn:
            if settlement is not None:
                await settle_for(conn, running.claimed, [settlement])

    await desk.patience.do(commit, "settle_attempt")


async def _close(desk: Desk, running: Running, ending: Ending) -> None:
    rest = await desk.writer.close(running.manuscript)
    response_id = running.attempt.response_id if running.attempt else None
    settlement = running.settle(_ATTEMPT_ENDS.get(ending.status, "failed"))
    settlements = [settlement] if settlement else []
    closing = Closing(running.claimed.lease, ending, rest, settlements, response_id)
    await end(desk, closing, usage_view(running.settled))


async def _hand_back(desk: Desk, running: Running) -> None:
    """Settle what was asked and give the generation, which has no text yet, back to the queue."""
    await desk.writer.close(running.manuscript)
    settlement = running.settle("abandoned")
    lease = running.claimed.lease

    async def commit() -> None:
        async with desk.database.transaction(lease.project_id) as conn:
            if settlement is not None and await generations.fence(conn, lease):
                await settle_for(conn, running.claimed, [settlement])
            await generations.release_generation(conn, lease)

    await desk.patience.do(commit, "hand_back")
    log.info("generation_handed_back", generation_id=str(lease.generation_id))
