"""What all work of one gateway process shares."""

from dataclasses import dataclass, field

from llm_gateway.operations.budgets import BudgetBook
from llm_gateway.operations.catalogue import Catalogue
from llm_gateway.operations.checking import Checker
from llm_gateway.operations.endpoints.accounting import Ledger
from llm_gateway.operations.failover import Health
from llm_gateway.operations.membership import Members
from llm_gateway.operations.patience import Patience
from llm_gateway.operations.segments import SegmentWriter
from llm_gateway.operations.traffic import Traffic
from llm_gateway.providers.adapters import Providers
from llm_gateway.providers.upstream import Upstream
from llm_gateway.store.response_cache import ResponseCache
from shared.bus import Bus
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long: see the settings of the same names."""

    max_running: int
    generation_seconds: float
    stop_seconds: float
    lease_seconds: float

    @property
    def heartbeat_seconds(self) -> float:
        """How often leases are extended: three beats fit into one, so that two may be lost."""
        return self.lease_seconds * 0.3


@dataclass(frozen=True, slots=True)
class Desk:
    """What generations and other teams' calls need; one for the process."""

    database: Database
    bus: Bus
    catalogue: Catalogue
    providers: Providers
    members: Members
    writer: SegmentWriter
    patience: Patience
    limits: Limits
    budgets: BudgetBook
    traffic: Traffic
    ledger: Ledger
    upstream: Upstream
    cache: ResponseCache
    health: Health = field(default_factory=Health)
    checker: Checker = field(default_factory=Checker)
