"""What one call took and cost, as far as it is known at each moment."""

import time
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from llm_gateway.domain import Spent, estimate_tokens
from llm_gateway.domain.calls import Rates, Route
from llm_gateway.domain.failover import CallFailed
from llm_gateway.operations.spending import NOTHING_SPENT
from llm_gateway.providers.protocol import ReportedUsage
from llm_gateway.providers.wires import EventScan
from llm_gateway.store.attempts import AttemptEnd
from llm_gateway.store.ledger import SettledCall

_MILLION = 1_000_000


@dataclass(slots=True)
class Meter:
    """Follows one call to a provider from its row to its end."""

    project_id: UUID
    attempt_id: UUID
    route: Route
    input_characters: int
    began: float = field(default_factory=time.perf_counter)
    first_byte: float | None = None
    status: AttemptEnd = "cancelled"
    failure: CallFailed | None = None
    usage: ReportedUsage | None = None
    response_id: str | None = None
    scan: EventScan | None = None
    output_characters: int = 0
    is_called: bool = False

    def note_first_byte(self) -> None:
        """Remember when the answer began."""
        if self.first_byte is None:
            self.first_byte = time.perf_counter()

    def spent(self) -> Spent:
        """Count exactly what the provider reported of a complete answer, else estimate."""
        if not self.is_called or (self.failure is not None and not self.failure.spent):
            return NOTHING_SPENT
        if self.usage is not None and self.status == "succeeded":
            return _reported(self.usage, self.route.rates)
        return self._estimated()

    def settled(self) -> SettledCall:
        """Say how the call ended."""
        now = time.perf_counter()
        first = None if self.first_byte is None else round((self.first_byte - self.began) * 1000)
        return SettledCall(
            self.project_id,
            self.attempt_id,
            self.status,
            self.spent(),
            self.response_id,
            None if self.failure is None else self.failure.problem.type,
            first,
            round((now - self.began) * 1000),
        )

    def _estimated(self) -> Spent:
        """Guess from what was sent and from the events that came: providers send about one token in each."""
        known = self.usage or (self.scan.usage() if self.scan else None)
        read = known.input_tokens if known and known.input_tokens else estimate_tokens(self.input_characters)
        cached = known.cached_input_tokens if known else 0
        seen = self.scan.events if self.scan else estimate_tokens(self.output_characters)
        written = max(seen, known.output_tokens if known else 0)
        return Spent(read, cached, written, 0, cost_of(self.route.rates, read, cached, written), estimated=True)


def _reported(usage: ReportedUsage, rates: Rates | None) -> Spent:
    cost = cost_of(rates, usage.input_tokens, usage.cached_input_tokens, usage.output_tokens)
    return Spent(usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens, cost)


def cost_of(rates: Rates | None, read: int, cached: int, written: int) -> Decimal | None:
    """Price tokens in US dollars; None where no price is known."""
    if rates is None:
        return None
    cached_rate = rates.cached_input_usd_per_million
    of_cache = (rates.input_usd_per_million if cached_rate is None else cached_rate) * cached
    return (
        rates.input_usd_per_million * (read - cached) + of_cache + rates.output_usd_per_million * written
    ) / _MILLION
