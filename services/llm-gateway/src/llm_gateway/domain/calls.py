"""A call to a provider: for whom, by which way, within which bounds. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

# The wire formats; the same words name the endpoints of other teams.
Wire = Literal["chat_completions", "responses", "embeddings", "messages"]


_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """For whom a call is made: usage is grouped by it, budgets and limits are found by it."""

    project_id: UUID
    actor_id: UUID
    api_key_id: UUID | None = None
    run_id: UUID | None = None

    def scopes(self) -> list[tuple[str, UUID]]:
        """Name every scope whose budget or limit this call counts against, the widest first."""
        named = [("project", self.project_id), ("user", self.actor_id), ("key", self.api_key_id), ("run", self.run_id)]
        return [(scope, scope_id) for scope, scope_id in named if scope_id is not None]


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens. Cached input costs as much as other input where no price is known for it.

    `has_surcharges` is true where long requests cost more than this, which only `providers.prices.cost_usd` knows.
    """

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    cached_input_usd_per_million: Decimal | None = None
    has_surcharges: bool = False

    def cost_usd(self, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal:
        """Price of tokens; `input_tokens` includes the cached ones."""
        cached = self.cached_input_usd_per_million
        if cached is None:
            cached = self.input_usd_per_million
        read = self.input_usd_per_million * (input_tokens - cached_input_tokens) + cached * cached_input_tokens
        return (read + self.output_usd_per_million * output_tokens) / _MILLION


@dataclass(frozen=True, slots=True)
class Route:
    """One way to ask: a model on a connection. The same for generations and for other teams' calls.

    `base_url` goes before the wire's own path (`/chat/completions`, `/messages`) and does not end in a slash.
    Where a project chose it, `is_guarded`: such a host is reached only over addresses that were checked.
    `account_key` names the account at the provider for breakers and cooldowns; it tells nothing of the key.
    `key_source` is what a person checks when the key is refused. `rates` is None where no price is known.
    """

    connection: str
    provider: str
    name: str
    base_url: str
    wires: frozenset[Wire]
    account_key: str
    key_source: str
    api_key: str | None = field(default=None, repr=False)
    rates: Rates | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    is_guarded: bool = False

    @property
    def model(self) -> str:
        """The model as callers name it."""
        return f"{self.connection}/{self.name}"

    @property
    def simulated(self) -> bool:
        """Whether nobody but the simulator answers."""
        return self.provider == "simulator"
