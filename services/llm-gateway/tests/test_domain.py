from decimal import Decimal

import pytest

from llm_gateway.domain import (
    CONTINUE_INSTRUCTION,
    CallFailed,
    ProviderUnavailable,
    Repeat,
    Spent,
    continued,
    estimate_tokens,
    repeat_delay,
)
from llm_gateway.operations.spending import added, usage_view
from shared.contracts.llm_gateway import ChatMessage


def failure(repeat: Repeat, retry_after_seconds: float | None = None) -> CallFailed:
    return CallFailed(ProviderUnavailable("Away."), repeat, retry_after_seconds=retry_after_seconds)


def test_what_cannot_help_is_never_repeated() -> None:
    assert repeat_delay(failure(Repeat.NEVER), 0, 100, 0.5) is None


@pytest.mark.parametrize("repeat", [Repeat.AFTER_LIMIT, Repeat.AFTER_OUTAGE])
def test_a_call_is_repeated_twice_at_most(repeat: Repeat) -> None:
    assert repeat_delay(failure(repeat), 1, 100, 0.5) is not None
    assert repeat_delay(failure(repeat), 2, 100, 0.5) is None


def test_a_limit_is_waited_for_as_long_as_the_provider_asks_and_no_longer_than_there_is_time() -> None:
    assert repeat_delay(failure(Repeat.AFTER_LIMIT, 7), 0, 100, 0.9) == 7
    assert repeat_delay(failure(Repeat.AFTER_LIMIT, 7), 0, 6, 0.9) is None


def test_an_outage_is_waited_for_with_full_jitter_that_doubles() -> None:
    assert repeat_delay(failure(Repeat.AFTER_OUTAGE), 0, 100, 0.0) == 0
    assert repeat_delay(failure(Repeat.AFTER_OUTAGE), 1, 100, 0.5) == pytest.approx(0.5)


def test_tokens_are_estimated_from_characters_and_rounded_up() -> None:
    assert [estimate_tokens(n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_a_conversation_goes_on_after_the_partial_answer() -> None:
    asked = [ChatMessage(role="user", content="Write.")]
    assert [m.content for m in continued(asked, "Once")] == ["Write.", "Once", CONTINUE_INSTRUCTION]
    assert continued(asked, "") == asked


def test_money_that_is_unknown_once_stays_unknown() -> None:
    known, unknown = Spent(1, 0, 2, 0, Decimal(3)), Spent(1, 0, 2, 0, None)
    assert added(None, known) == known
    assert added(known, known).cost_usd == Decimal(6)
    assert added(known, unknown).cost_usd is None
    assert added(added(known, unknown), known).cost_usd is None


def test_a_guess_makes_the_sum_a_guess() -> None:
    assert added(Spent(estimated=True), Spent()).estimated
    assert usage_view(None).estimated
