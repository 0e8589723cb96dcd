from decimal import Decimal

from llm_gateway.domain import (
    CONTINUE_INSTRUCTION,
    Spent,
    continued,
    estimate_tokens,
)
from llm_gateway.operations.spending import added, usage_view
from shared.contracts.llm_gateway import ChatMessage


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
