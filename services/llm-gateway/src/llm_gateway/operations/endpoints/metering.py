"""What one call took and cost, as far as it is known at each moment."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from llm_gateway.domain import CHARACTERS_PER_TOKEN, Spent
from llm_gateway.domain.calls import Route
from llm_gateway.domain.failover import CallFailed
from llm_gateway.operations.spending import NOTHING_SPENT, estimated, reported
from llm_gateway.providers.protocol import ReportedUsage
from llm_gateway.providers.wires import EventScan
from llm_gateway.store.attempts import AttemptEnd
from llm_gateway.store.ledger import SettledCall


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
            return reported(self.route, self.usage)
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
        seen = self.scan.events * CHARACTERS_PER_TOKEN if self.scan else self.output_characters
        return estimated(self.route.rates, self.input_characters, seen, known)
