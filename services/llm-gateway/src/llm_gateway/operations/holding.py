"""What a generation holds of budgets: taken beside its attempt, extended while it writes, settled with its usage."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from llm_gateway.domain import ClaimedGeneration
from llm_gateway.domain.budgets import (
    DEFAULT_OUTPUT_TOKENS,
    Reservation,
    ceiling_rates,
    input_tokens_bound,
    written_tokens_bound,
)
from llm_gateway.domain.calls import Rates, Route
from llm_gateway.operations.budgets import tell_reached
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.spending import most_usd
from llm_gateway.store import attempts, budgets
from llm_gateway.store.attempts import Settlement
from shared.call import Call, service_call
from shared.contracts.llm_gateway import GenerationRequest
from shared.postgres import Connection

# What one character can be in UTF-8.
_BYTES_PER_CHARACTER = 4


@dataclass(slots=True)
class Hold:
    """Money that an attempt without an output limit holds, and how far its text has come."""

    rates: Rates
    output_tokens: int
    written_bytes: int = 0

    @property
    def is_reached(self) -> bool:
        """Whether the text may have cost what is held."""
        return written_tokens_bound(self.written_bytes) >= self.output_tokens


@dataclass(frozen=True, slots=True)
class Purse:
    """What an attempt asks of budgets, and the hold to watch where nobody else limits its answer."""

    reservation: Reservation
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class Asking:
    """An attempt that is about to be made. `more_characters` is text that will go with the request, not read yet."""

    attempt_id: UUID
    route: Route
    request: GenerationRequest
    more_characters: int = 0


async def purse_for(desk: Desk, claimed: ClaimedGeneration, asking: Asking) -> Purse | None:
    """Reckon the most that an attempt may cost; None where no budget applies.

    A limit that the provider keeps, the caller's or the model's own, is held in whole and not watched.
    """
    if not desk.budgets.applies(claimed.account):
        return None
    request, route = asking.request, asking.route
    settings = (await desk.catalogue.of(claimed.project_id)).settings
    rates = route.rates or ceiling_rates(settings.unknown_price_ceiling_usd_per_million)
    kept = [limit for limit in (request.max_output_tokens, route.max_output_tokens) if limit is not None]
    written = min([DEFAULT_OUTPUT_TOKENS, *kept]) if request.max_output_tokens is None else min(kept)
    is_open_ended = request.max_output_tokens is None and written not in kept
    text_bytes = len(request.model_dump_json().encode()) + _BYTES_PER_CHARACTER * asking.more_characters
    bound = input_tokens_bound(text_bytes, messages=len(request.messages))
    reservation = Reservation(asking.attempt_id, claimed.account, most_usd(route, rates, bound, written))
    return Purse(reservation, Hold(rates, written) if rates is not None and is_open_ended else None)


async def reserve(conn: Connection, purse: Purse | None) -> None:
    """Hold the money beside the attempt's row. Raises BudgetExceeded or UnknownPrice: do not call."""
    if purse is not None:
        for refusal in (await budgets.reserve(conn, [purse.reservation])).values():
            raise refusal


async def keep_within(desk: Desk, claimed: ClaimedGeneration, attempt_id: UUID, hold: Hold) -> None:
    """Hold more where the text has reached its hold. Raises BudgetExceeded where no budget has more: stop here."""
    if not hold.is_reached:
        return
    usd: Decimal = hold.rates.cost_usd(0, 0, DEFAULT_OUTPUT_TOKENS)
    async with desk.database.transaction(claimed.project_id) as conn:
        await budgets.extend(conn, claimed.project_id, attempt_id, usd)
    hold.output_tokens += DEFAULT_OUTPUT_TOKENS


async def settle_for(conn: Connection, claimed: ClaimedGeneration, settlements: Sequence[Settlement]) -> None:
    """Settle attempts of a generation that goes on, or waits to."""
    await settle(conn, service_call(claimed.project_id, claimed.actor_id, claimed.request_id), settlements)


async def settle(conn: Connection, call: Call, settlements: Sequence[Settlement]) -> None:
    """Write the usage of attempts, and turn what they hold into what was spent: once, however often it is said."""
    costs: list[tuple[UUID, UUID, Decimal | None]] = []
    for settlement in settlements:
        closed = await attempts.settle_attempt(conn, call.project_id, settlement)
        if closed is not None and closed.holds_money:
            costs.append((call.project_id, settlement.attempt_id, settlement.spent.cost_usd))
    if costs:
        await tell_reached(conn, await budgets.settle(conn, costs), lambda _attempt_id: call)
