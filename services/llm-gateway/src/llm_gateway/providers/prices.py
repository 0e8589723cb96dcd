"""What tokens cost, from the offline data of genai-prices. An unknown price is None, never 0."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import genai_prices

_MILLION = 1_000_000
# Large enough to be exact in cents of a dollar per million, small enough to stay below long-context surcharges.
_PROBE_TOKENS = 1_000
_SIMULATED = "simulator"
_PRICED_AS = {"openai": "openai", "anthropic": "anthropic", "xai": "x-ai", "groq": "groq"}


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens, and the model's context window where it is known."""

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    context_tokens: int | None

    def estimate(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Price without cache discounts and surcharges."""
        return (self.input_usd_per_million * input_tokens + self.output_usd_per_million * output_tokens) / _MILLION


# Made up, so that cost is visible while a simulated model answers; every place that shows it says "simulated".
_SIMULATED_RATES = Rates(Decimal("0.25"), Decimal("1.25"), 200_000)


@cache
def find_rates(provider: str, name: str) -> Rates | None:
    """Rates of a model below any surcharge, or None where no price is known."""
    if provider == _SIMULATED:
        return _SIMULATED_RATES
    reading = _calculate(provider, name, input_tokens=_PROBE_TOKENS)
    writing = _calculate(provider, name, output_tokens=_PROBE_TOKENS)
    if reading is None or writing is None:
        return None
    scale = _MILLION // _PROBE_TOKENS
    return Rates(reading.total_price * scale, writing.total_price * scale, reading.model.context_window)


def cost_usd(
    provider: str, name: str, *, input_tokens: int, cached_input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Price of one call in US dollars, cache discounts and surcharges included."""
    if provider == _SIMULATED:
        return _SIMULATED_RATES.estimate(input_tokens, output_tokens)
    result = _calculate(
        provider,
        name,
        input_tokens=input_tokens,
        cache_read_tokens=cached_input_tokens or None,
        output_tokens=output_tokens,
    )
    return None if result is None else result.total_price


def _calculate(provider: str, name: str, **tokens: int | None) -> Any:
    priced_as = _PRICED_AS.get(provider)
    if priced_as is None:
        return None
    try:
        return genai_prices.calc_price(genai_prices.Usage(**tokens), name, provider_id=priced_as)
    except LookupError:
        return None
