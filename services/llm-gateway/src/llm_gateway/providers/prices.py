"""What tokens cost, from the offline data of genai-prices. An unknown price is None, never 0."""

from decimal import Decimal
from functools import lru_cache
from typing import Any

import genai_prices
from genai_prices.types import TieredPrices

from llm_gateway.domain.calls import Rates, Route

# Large enough to be exact in cents of a dollar per million, small enough to stay below long-context surcharges.
_PROBE_TOKENS = 1_000
_PROBES_PER_MILLION = 1_000_000 // _PROBE_TOKENS
# Names come from callers: only so many are remembered.
_MOST_NAMES = 4_096
_SIMULATED = "simulator"
_PRICED_AS = {"openai": "openai", "anthropic": "anthropic", "xai": "x-ai", "groq": "groq", "azure": "azure"}
# Made up, so that cost is visible while a simulated model answers; every place that shows it says "simulated".
_SIMULATED_RATES = Rates(Decimal("0.25"), Decimal("1.25"))
_SIMULATED_CONTEXT_TOKENS = 200_000


def find_rates(provider: str, name: str) -> Rates | None:
    """Rates of a model below any surcharge, or None where no price is known."""
    return _looked_up(provider, name)[0]


def find_context_tokens(provider: str, name: str) -> int | None:
    """How many tokens the model can read at once, or None where nobody says."""
    return _looked_up(provider, name)[1]


def cost_of(route: Route, *, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal | None:
    """Price of one call by its route, surcharges included. Input includes what was read from the provider's cache.

    Where nothing is surcharged this is two multiplications; the package takes a tenth of a millisecond.
    """
    if route.rates is None or not route.rates.has_surcharges:
        rates = route.rates
        return None if rates is None else rates.cost_usd(input_tokens, cached_input_tokens, output_tokens)
    return cost_usd(
        route.provider,
        route.name,
        input_tokens=input_tokens,
        cached_input_tokens=cached_input_tokens,
        output_tokens=output_tokens,
    )


def cost_usd(
    provider: str, name: str, *, input_tokens: int, cached_input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Price of one call in US dollars, cache discounts and surcharges included."""
    if provider == _SIMULATED:
        return _SIMULATED_RATES.cost_usd(input_tokens, cached_input_tokens, output_tokens)
    result = _calculate(
        provider,
        name,
        input_tokens=input_tokens,
        cache_read_tokens=cached_input_tokens or None,
        output_tokens=output_tokens,
    )
    return None if result is None else result.total_price


@lru_cache(maxsize=_MOST_NAMES)
def _looked_up(provider: str, name: str) -> tuple[Rates | None, int | None]:
    if provider == _SIMULATED:
        return _SIMULATED_RATES, _SIMULATED_CONTEXT_TOKENS
    reading = _calculate(provider, name, input_tokens=_PROBE_TOKENS)
    writing = _calculate(provider, name, output_tokens=_PROBE_TOKENS)
    if reading is None or writing is None:
        return None, None
    reread = _calculate(provider, name, input_tokens=_PROBE_TOKENS, cache_read_tokens=_PROBE_TOKENS)
    price = reading.model_price
    rates = Rates(
        reading.total_price * _PROBES_PER_MILLION,
        writing.total_price * _PROBES_PER_MILLION,
        reread.total_price * _PROBES_PER_MILLION,
        any(isinstance(each, TieredPrices) for each in (price.input_mtok, price.cache_read_mtok, price.output_mtok)),
    )
    return rates, reading.model.context_window


def _calculate(provider: str, name: str, **tokens: int | None) -> Any:
    priced_as = _PRICED_AS.get(provider)
    if priced_as is None:
        return None
    try:
        return genai_prices.calc_price(genai_prices.Usage(**tokens), name, provider_id=priced_as)
    except LookupError:
        return None
