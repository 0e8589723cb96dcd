"""Calls whose process is gone: settled by estimate, so that every attempt ends and no money stays held."""

import asyncio

from llm_gateway.domain import ProviderUnavailable
from llm_gateway.domain.calls import Rates
from llm_gateway.operations.catalogue import Catalogue
from llm_gateway.operations.endpoints.accounting import EndedCall, Ledger
from llm_gateway.operations.presence import SILENCE_SECONDS
from llm_gateway.operations.spending import estimated
from llm_gateway.store import ledger as store
from llm_gateway.store.ledger import NewCall, SettledCall
from shared.postgres import Database
from shared.problems import Problem
from shared.runtime import logger

REAP_SECONDS = 2.0
BATCH = 200

log = logger(__name__)


async def reap_calls(database: Database, catalogue: Catalogue, ledger: Ledger) -> None:
    """Look for lost calls every two seconds, until cancelled."""
    while True:
        await asyncio.sleep(REAP_SECONDS)
        await settle_lost_calls(database, catalogue, ledger)


async def settle_lost_calls(database: Database, catalogue: Catalogue, ledger: Ledger) -> int:
    """Settle every call whose process was silent for too long; return how many. Settling one twice changes nothing."""
    async with database.relay() as conn:
        lost = await store.find_lost_calls(conn, SILENCE_SECONDS, BATCH)
    for call in lost:
        log.warning("call_taken_over", attempt_id=str(call.id))
        await ledger.settle(await _abandoned(catalogue, call))
    return len(lost)


async def _abandoned(catalogue: Catalogue, call: NewCall) -> EndedCall:
    """Take the question as read; nobody knows what was written."""
    spent = estimated(await _rates(catalogue, call), call.input_characters, 0)
    settled = SettledCall(call.account.project_id, call.id, "abandoned", spent, error=ProviderUnavailable.type)
    return EndedCall(call, settled, is_budgeted=True)


async def _rates(catalogue: Catalogue, call: NewCall) -> Rates | None:
    try:
        return (await catalogue.of(call.account.project_id)).routes(call.model, None)[0].rates
    except Problem:
        # The connection may be gone since.
        return None
