"""Nobody's generations: the queue, and those whose process let its lease expire."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial

from llm_gateway.domain import ClaimedGeneration, Ending, LeaseLost, ProviderUnavailable, Spent, interrupted
from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import expected_tokens
from llm_gateway.operations.ending import Closing, end
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.holding import settle_for
from llm_gateway.operations.running import Claim
from llm_gateway.operations.spending import added, estimated, list_rates, usage_view
from llm_gateway.store import attempts, generations, leases
from llm_gateway.store.attempts import OpenAttempt, Settlement
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.problems import Unavailable
from shared.runtime import logger

REAP_SECONDS = 1.0
# Ends are cheap and somebody waits for them: take this many even where no slot is free to drive them.
MIN_TAKEN = 10
_LOST = ProviderUnavailable("The gateway lost the connection to the model. What was written is kept; continue.")

log = logger(__name__)


async def reap(engine: Engine) -> None:
    """Look after the queue and expired leases every second, until cancelled."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REAP_SECONDS):
                await engine.slot_freed.wait()
        engine.slot_freed.clear()
        try:
            await take_from_queue(engine)
            await take_over(engine)
        except Unavailable:
            # After an outage everybody's lease has expired: let the living beat first.
            one_beat = engine.desk.limits.heartbeat_seconds + REAP_SECONDS
            engine.trusts_leases_from = asyncio.get_running_loop().time() + one_beat
            raise


async def take_from_queue(engine: Engine) -> None:
    """Drive what waits, as far as there are free slots and the limits allow."""
    if engine.free_slots == 0:
        return
    database, seats = engine.desk.database, engine.desk.traffic.seats
    async with database.relay() as conn:
        queued = await leases.find_queued(conn, seats.look_again(), engine.free_slots)
    found = await asyncio.gather(
        *(seats.admit(one.account, expected_tokens(one.input_characters, one.max_output_tokens)) for one in queued)
    )
    with contextlib.ExitStack() as stack:
        free = {one.id: stack.enter_context(seat) for one, seat in zip(queued, found, strict=True) if seat.is_free}
        if not free:
            return
        async with database.relay() as conn:
            taken = await leases.take_queued(conn, engine.process_id, engine.desk.limits.lease_seconds, list(free))
        for claimed in taken:
            await engine.launch(Claim(claimed, admission=free[claimed.id].take()))


async def take_over(engine: Engine) -> None:
    """Take generations whose process is gone: ask again where no text was shown, else offer to continue."""
    if engine.is_draining or asyncio.get_running_loop().time() < engine.trusts_leases_from:
        return
    async with engine.desk.database.relay() as conn:
        limit = max(engine.free_slots, MIN_TAKEN)
        taken = await leases.take_expired(conn, engine.process_id, engine.desk.limits.lease_seconds, limit)
    for claimed in taken:
        log.warning("generation_taken_over", generation_id=str(claimed.id), epoch=claimed.epoch)
        fault_point("lease_taken_over")
        await _go_on(engine, claimed)


async def _go_on(engine: Engine, claimed: ClaimedGeneration) -> None:
    if claimed.cancel_requested:
        await _end_orphan(engine, claimed, Ending("cancelled"))
    elif claimed.has_own_text:
        await _end_orphan(engine, claimed, interrupted(_LOST))
    else:
        await engine.desk.patience.do(partial(_settle_orphans, engine.desk.database, claimed), "settle_orphans")
        account = Account(claimed.project_id, claimed.actor_id)
        expected = expected_tokens(claimed.input_characters, claimed.request.max_output_tokens)
        with await engine.desk.traffic.seats.admit(account, expected) as seat:
            if seat.is_free:
                await engine.launch(Claim(claimed, admission=seat.take()))
            else:
                await _queue_again(engine.desk.database, claimed)


async def _queue_again(database: Database, claimed: ClaimedGeneration) -> None:
    async with database.transaction(claimed.project_id) as conn:
        await generations.release_generation(conn, claimed.lease)


async def _end_orphan(engine: Engine, claimed: ClaimedGeneration, ending: Ending) -> None:
    database = engine.desk.database
    async with database.transaction(claimed.project_id) as conn:
        orphans = await _orphans(conn, claimed)
        spent = await attempts.sum_usage(conn, claimed.project_id, claimed.id)
    for orphan in orphans:
        spent = added(spent, orphan.spent)
    with contextlib.suppress(LeaseLost):
        await end(engine.desk, Closing(claimed.lease, ending, None, orphans), usage_view(spent))


async def _settle_orphans(database: Database, claimed: ClaimedGeneration) -> None:
    async with database.transaction(claimed.project_id) as conn:
        if await generations.fence(conn, claimed.lease):
            await settle_for(conn, claimed, await _orphans(conn, claimed))


async def _orphans(conn: Connection, claimed: ClaimedGeneration) -> Sequence[Settlement]:
    """Settle by estimate what the lost process had asked: as if its last attempt had written everything."""
    orphans = await attempts.find_open_attempts(conn, claimed.project_id, claimed.id)
    return [Settlement(orphan.id, "abandoned", _guessed(orphan, claimed), error=_LOST.type) for orphan in orphans]


def _guessed(orphan: OpenAttempt, claimed: ClaimedGeneration) -> Spent:
    rates = list_rates(orphan.provider, orphan.model)
    return estimated(rates, claimed.input_characters, claimed.written_characters)
