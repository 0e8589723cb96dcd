"""How a generation ends: last text, settled usage, status and fact commit together, then the end is shown."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from llm_gateway.domain import Ending, GenerationState, Lease, LeaseLost
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.holding import settle
from llm_gateway.store import generations, segments
from llm_gateway.store.attempts import Settlement
from llm_gateway.store.segments import Piece
from shared import outbox
from shared.bus import Bus
from shared.call import service_call
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    GenerationCancelled,
    GenerationCompleted,
    GenerationEnded,
    GenerationFailed,
    GenerationInterrupted,
    GenerationUsage,
    LiveSegment,
    Segment,
    live_generation_subject,
)
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.runtime import logger

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """Everything that is written with the end. `rest` is the last text, where some was not committed yet."""

    lease: Lease
    ending: Ending
    rest: Piece | None = None
    settlements: Sequence[Settlement] = ()
    response_id: str | None = None


async def end(desk: Desk, closing: Closing, usage: GenerationUsage) -> GenerationState:
    """Commit the end and show it. Raises LeaseLost; waits while the database is away."""
    state = await desk.patience.do(partial(_commit, desk.database, closing, itertools.count()), "end")
    fault_point("end_committed")
    log.info("generation_ended", generation_id=str(state.id), status=state.status, problem=_problem_type(state))
    await show_end(desk.bus, state, usage, closing.rest)
    return state


async def end_within(conn: Connection, closing: Closing) -> GenerationState:
    """Write the end into this transaction. Raises LeaseLost, upon which nothing of it may be kept.

    The generation's row is locked before those of its attempts, as everywhere: so two processes never deadlock.
    """
    lease = closing.lease
    if closing.rest is not None and not await segments.insert_segments(conn, [closing.rest]):
        raise LeaseLost
    state = await generations.end_generation(conn, lease, closing.ending, closing.response_id)
    if state is None:
        raise LeaseLost
    call = service_call(state.project_id, state.actor_id, state.request_id)
    await settle(conn, call, closing.settlements)
    await outbox.add(conn, call, fact_of(state))
    return state


async def show_end(bus: Bus, state: GenerationState, usage: GenerationUsage, rest: Piece | None = None) -> None:
    """Tell whoever watches that this was the last text."""
    live = LiveSegment(
        generation_id=state.id,
        status=state.status,
        segments=[] if rest is None else [Segment(number=rest.number, text=rest.text, kind=rest.kind)],
        usage=usage,
    )
    await bus.publish_live(live_generation_subject(encode_id("ge", state.id)), live)


def fact_of(state: GenerationState) -> GenerationEnded:
    """Say in a fact how the generation ended."""
    ended = {
        "generation_id": state.id,
        "task": state.task,
        "model": state.model,
        "asked_model": state.asked_model,
        "simulated": state.simulated,
        "last_segment": state.last_segment,
        "content_hash": state.content_hash,
    }
    problem = state.problem or {}
    detail = str(problem.get("detail", ""))
    match state.status:
        case "completed":
            return GenerationCompleted.model_validate({**ended, "finish_reason": state.finish_reason})
        case "failed":
            return GenerationFailed.model_validate({**ended, "problem_type": problem["type"], "detail": detail})
        case "cancelled":
            return GenerationCancelled.model_validate(ended)
        case _:
            return GenerationInterrupted.model_validate({**ended, "detail": detail})


async def _commit(database: Database, closing: Closing, tries: Iterator[int]) -> GenerationState:
    async with database.transaction(closing.lease.project_id) as conn:
        if next(tries) and (ended := await _ended_before(conn, closing.lease)):
            return ended
        state = await end_within(conn, closing)
        fault_point("end_written")
    return state


async def _ended_before(conn: Connection, lease: Lease) -> GenerationState | None:
    """The state, where the answer to our own COMMIT was lost."""
    state = await generations.find_state(conn, lease.project_id, lease.generation_id)
    is_ours = state is not None and state.epoch == lease.epoch and state.status in FINAL_STATUSES
    return state if is_ours else None


def _problem_type(state: GenerationState) -> str | None:
    return None if state.problem is None else str(state.problem["type"])
