"""Rewrites that nothing was heard of: ask the gateway, settle what ended, order again what it never got."""

import structlog

from prompts.operations.desk import Desk
from prompts.operations.optimizations import ended_as, finish, order_of, read_result
from prompts.store import optimizations as rows
from prompts.store.rows import OptimizationRow
from shared import outbox
from shared.call import Call, Identity, service_call
from shared.contracts.prompts import Optimization
from shared.contracts.web import GetMembership
from shared.faults import fault_point
from shared.policy import is_allowed
from shared.problems import NotFound, Problem, RemoteProblem

# A fact usually arrives within milliseconds of a generation's end; after this time nobody would have sent it.
UNHEARD_SECONDS = 10.0
# An order that no gateway took for so long is worth more to the person as a failure that can be repeated.
GIVE_UP_SECONDS = 100.0
SWEEP_LIMIT = 50
SWEEP_PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


async def look_after_optimizations(desk: Desk) -> int:
    """Look after the rewrites of all projects once. Returns how many were asked about.

    Several processes may do this at once; each takes other rows.
    """
    async with desk.database.relay() as conn:
        unheard = await rows.take_unheard(conn, UNHEARD_SECONDS, SWEEP_LIMIT)
    for row in unheard:
        try:
            await _look_after(desk, row)
        except Problem as problem:
            # The gateway, web or the database is away: the row is taken again after the same time.
            log.warning("optimization_not_looked_after", optimization_id=str(row.id), problem=problem.type)
    return len(unheard)


async def _look_after(desk: Desk, row: OptimizationRow) -> None:
    call = service_call(row.project_id, row.author_id, row.request_id)
    try:
        result = await read_result(desk, call, row)
    except RemoteProblem as problem:
        if not problem.is_a(NotFound):
            raise
        result = await _order_again(desk, call, row)
    if result is not None:
        async with desk.database.transaction(row.project_id) as conn:
            await finish(conn, call, result)


async def _order_again(desk: Desk, call: Call, row: OptimizationRow) -> Optimization | None:
    """Send the job again, or end the rewrite that is too old or whose author may no longer generate."""
    if row.age_seconds > GIVE_UP_SECONDS:
        return ended_as(row, None, "failed", detail="No model took the order. Try again.")
    membership = await desk.bus.request(call, GetMembership(user_id=row.author_id))
    if not is_allowed(Identity(row.author_id, row.project_id, membership.role), "prompts.generate"):
        return ended_as(row, None, "failed", detail="The person who asked for this may no longer generate here.")
    async with desk.database.transaction(row.project_id) as conn:
        await outbox.add(conn, call, order_of(row))
        fault_point("optimization_ordered_again")
    log.info("optimization_ordered_again", optimization_id=str(row.id))
    return None
