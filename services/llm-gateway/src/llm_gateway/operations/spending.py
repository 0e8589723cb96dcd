"""What an attempt cost: as the provider reported it, or estimated where it did not."""

from decimal import Decimal

from llm_gateway.domain import Spent, estimate_tokens
from llm_gateway.domain.budgets import DEFAULT_OUTPUT_TOKENS, hold_usd
from llm_gateway.domain.calls import Rates, Route
from llm_gateway.providers.prices import cost_of, find_rates
from llm_gateway.providers.protocol import ReportedUsage
from shared.contracts.llm_gateway import GenerationUsage

# The lowest length from which any provider in the price list asks more.
SURCHARGED_FROM_TOKENS = 100_000
# The provider turned the call away before it read anything: this is known, not guessed.
NOTHING_SPENT = Spent(cost_usd=Decimal(0))


def reported(route: Route, usage: ReportedUsage) -> Spent:
    """Count exactly what the provider reported."""
    cost = cost_of(
        route,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        output_tokens=usage.output_tokens,
    )
    return Spent(usage.input_tokens, usage.cached_input_tokens, usage.output_tokens, usage.reasoning_tokens, cost)


def most_usd(route: Route, rates: Rates | None, input_tokens: int, output_tokens: int | None) -> Decimal | None:
    """The most that a call may cost, surcharges included; `rates` are the route's own, or an admin's ceiling.

    `output_tokens` None is a call without a limit, which holds DEFAULT_OUTPUT_TOKENS.
    """
    if input_tokens < SURCHARGED_FROM_TOKENS or route.rates is None or not route.rates.has_surcharges:
        return hold_usd(rates, input_tokens, output_tokens)
    written = DEFAULT_OUTPUT_TOKENS if output_tokens is None else output_tokens
    return cost_of(route, input_tokens=input_tokens, cached_input_tokens=0, output_tokens=written)


def list_rates(provider: str, model: str) -> Rates | None:
    """Rates by the public price list, for `connection/name` of which no route is at hand."""
    return find_rates(provider, model.partition("/")[2])


def estimated(rates: Rates | None, input_characters: int, characters: int, known: ReportedUsage | None = None) -> Spent:
    """Guess from the characters read and written; what the provider said so far is the least that it was."""
    read = known.input_tokens if known else estimate_tokens(input_characters)
    cached = known.cached_input_tokens if known else 0
    written = max(estimate_tokens(characters), known.output_tokens if known else 0)
    return Spent(read, cached, written, 0, rates.cost_usd(read, 0, written) if rates else None, estimated=True)


def added(settled: Spent | None, more: Spent) -> Spent:
    """Add an attempt to what earlier ones cost. Money that is unknown once stays unknown."""
    if settled is None:
        return more
    is_priced = settled.cost_usd is not None and more.cost_usd is not None
    return Spent(
        settled.input_tokens + more.input_tokens,
        settled.cached_input_tokens + more.cached_input_tokens,
        settled.output_tokens + more.output_tokens,
        settled.reasoning_tokens + more.reasoning_tokens,
        (settled.cost_usd or 0) + (more.cost_usd or Decimal(0)) if is_priced else None,
        settled.estimated or more.estimated,
    )


def usage_view(spent: Spent | None) -> GenerationUsage:
    """Show what was spent; nothing yet is an estimate of nothing."""
    if spent is None:
        return GenerationUsage()
    return GenerationUsage(
        input_tokens=spent.input_tokens,
        cached_input_tokens=spent.cached_input_tokens,
        output_tokens=spent.output_tokens,
        reasoning_tokens=spent.reasoning_tokens,
        cost_usd=spent.cost_usd,
        estimated=spent.estimated,
    )
