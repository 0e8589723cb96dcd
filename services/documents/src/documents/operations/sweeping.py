"""Ask after generations of which nothing was heard, so that a lost message loses no document."""

import asyncio

from documents import store
from documents.domain import GenerationEnd, SilentOrder, TextNotSettledError, ended
from documents.operations.ending import apply_end
from documents.operations.generating import PATIENCE_SECONDS, start_job
from shared import outbox
from shared.bus import Bus
from shared.call import Call, Identity, service_call
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import FINAL_STATUSES, Generation, GetGeneration, ReadSegments
from shared.contracts.web import GetMembership
from shared.faults import fault_point
from shared.policy import is_allowed
from shared.postgres import Database
from shared.problems import NotFound, Problem, RemoteProblem
from shared.runtime import logger

SWEEP_SECONDS = 2.0
# As many at once as leave half of the pool to people.
BATCH = 4
# Longer than asking once takes, so that two processes never ask for the same order at the same time.
CLAIM_SECONDS = 6.0
ASK_SECONDS = 4.0
# A job that was sent again for so long and never taken will not be: the person may order it anew.
GIVE_UP_SECONDS = 300.0

log = logger(__name__)


async def keep_sweeping(database: Database, bus: Bus) -> None:
    """Sweep every two seconds, for as long as the service runs."""
    while True:
        await sweep(database, bus)
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep(database: Database, bus: Bus) -> None:
    """Ask the gateway once for each silent order of all projects, and do what its answer calls for."""
    while True:
        async with database.relay() as conn:
            orders = await store.claim_silent_orders(conn, CLAIM_SECONDS, GIVE_UP_SECONDS, BATCH)
        await asyncio.gather(*(_ask_after(database, bus, order) for order in orders))
        if len(orders) < BATCH:
            return


async def _ask_after(database: Database, bus: Bus, order: SilentOrder) -> None:
    call = service_call(order.project_id, order.actor_id, order.request_id, seconds=ASK_SECONDS)
    try:
        await _settle(database, bus, call, order)
    except (Problem, TextNotSettledError) as error:
        log.warning(
            "silent_generation_not_settled", generation_id=encode_id("ge", order.id), error=type(error).__name__
        )


async def _settle(database: Database, bus: Bus, call: Call, order: SilentOrder) -> None:
    generation = await _find(bus, call, order)
    if generation is None:
        await _restart(database, bus, call, order)
    elif generation.status in FINAL_STATUSES:
        read = await bus.request(call, ReadSegments(generation_id=order.id))
        await apply_end(database, call, ended(read))
    else:
        async with database.transaction(call.project_id) as conn:
            await store.await_order(conn, call.project_id, order.id, PATIENCE_SECONDS)


async def _find(bus: Bus, call: Call, order: SilentOrder) -> Generation | None:
    try:
        return await bus.request(call, GetGeneration(generation_id=order.id))
    except RemoteProblem as problem:
        if problem.is_a(NotFound):
            return None
        raise


async def _restart(database: Database, bus: Bus, call: Call, order: SilentOrder) -> None:
    """Send the job again, while the person who ordered it still may; the grant ends with the membership."""
    if order.is_given_up:
        await apply_end(database, call, _failed(order, "The model service did not take this order. Try again."))
    elif not await _is_still_allowed(bus, call, order):
        await apply_end(database, call, _failed(order, "Whoever ordered this may no longer generate in this project."))
    else:
        await _send_again(database, call, order)


async def _is_still_allowed(bus: Bus, call: Call, order: SilentOrder) -> bool:
    membership = await bus.request(call, GetMembership(user_id=order.actor_id))
    return is_allowed(Identity(order.actor_id, order.project_id, membership.role), "documents.generate")


def _failed(order: SilentOrder, detail: str) -> GenerationEnd:
    return GenerationEnd(
        order.id, "failed", "", finish_reason=None, detail=detail, model=None, simulated=None, usage=None
    )


async def _send_again(database: Database, call: Call, order: SilentOrder) -> None:
    async with database.transaction(call.project_id) as conn:
        lost = await store.get_order(conn, call.project_id, order.id)
        if lost is None or not await store.is_awaited(conn, call.project_id, order.id):
            return
        await outbox.add(conn, call, start_job(lost))
        fault_point("documents_job_sent_again")
        await store.await_order(conn, call.project_id, order.id, PATIENCE_SECONDS)
    log.info("generation_job_sent_again", generation_id=encode_id("ge", order.id))
