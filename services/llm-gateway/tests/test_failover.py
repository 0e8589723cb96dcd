"""Which step follows a failure, and what a process learns from it for its other calls. No clock runs here."""

from dataclasses import replace

import pytest

from llm_gateway.domain import CallFailed, FailureClass, ProviderUnavailable
from llm_gateway.domain.calls import Route
from llm_gateway.domain.failover import BREAKER_OPEN_SECONDS, MAX_REPEATS, repeat_wait
from llm_gateway.operations.failover import Attempts, Health

LONG = 100.0


def route(name: str, account: str = "", context_tokens: int | None = None) -> Route:
    return Route(
        account or name, "openai", name, "https://x", frozenset(), account or name, "KEY", context_tokens=context_tokens
    )


A, B, C = route("a"), route("b"), route("c")


def failure(failure_class: FailureClass, retry_after: float | None = None, *, of_account: bool = False) -> CallFailed:
    return CallFailed(
        ProviderUnavailable("Away."), failure_class, retry_after_seconds=retry_after, of_account=of_account
    )


OUTAGE = failure(FailureClass.AVAILABILITY)
LIMIT = failure(FailureClass.CAPACITY, 1)
REFUSED_KEY = failure(FailureClass.ACCESS, of_account=True)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


def fail(health: Health, plan: Attempts, asked: Route, why: CallFailed, remaining: float = LONG) -> str | None:
    """Report a failure and name the route of the next step."""
    health.record(asked, why)
    step = plan.next(why, remaining)
    return None if step is None else step.route.name


def break_circuit(health: Health, asked: Route) -> None:
    for _ in range(10):
        health.record(asked, OUTAGE)


def first(health: Health, *routes: Route) -> str:
    return health.attempts(routes).first().route.name


def test_an_outage_is_asked_twice_more_and_then_by_the_next_route(health: Health) -> None:
    plan = health.attempts([A, B])
    names = [plan.first().route.name]
    while (name := fail(health, plan, A if names[-1] == "a" else B, OUTAGE)) is not None:
        names.append(name)
    assert names == ["a"] * 3 + ["b"] * 3


def test_an_outage_is_waited_for_with_full_jitter_that_doubles() -> None:
    assert repeat_wait(OUTAGE, 0, LONG, 0.0) == 0
    assert repeat_wait(OUTAGE, 0, LONG, 0.5) == pytest.approx(0.25)
    assert repeat_wait(OUTAGE, 1, LONG, 0.5) == pytest.approx(0.5)
    assert repeat_wait(OUTAGE, MAX_REPEATS, LONG, 0.5) is None


@pytest.mark.parametrize(("asked", "waits"), [(None, True), (0, True), (2, True), (2.1, False), (60, False)])
def test_a_limit_is_waited_for_where_the_provider_asks_for_two_seconds_at_most(
    asked: float | None,
    waits: bool,  # noqa: FBT001  a table
) -> None:
    wait = repeat_wait(failure(FailureClass.CAPACITY, asked), 0, LONG, 0.9)
    assert (wait is not None) is waits
    assert wait is None or wait >= (asked or 0)


def test_no_wait_is_longer_than_the_time_that_remains(health: Health) -> None:
    assert repeat_wait(LIMIT, 0, 0.9, 0.0) is None
    plan = health.attempts([A, B])
    plan.first()
    assert fail(health, plan, A, LIMIT, remaining=0.9) == "b"
    assert fail(health, plan, B, LIMIT, remaining=0) is None


def test_who_waited_in_vain_is_sent_to_the_next_route_at_once(health: Health) -> None:
    silence = CallFailed(ProviderUnavailable("Silent."), FailureClass.AVAILABILITY, was_silent=True)
    plan = health.attempts([A, B])
    plan.first()
    assert [fail(health, plan, A, silence)] + [fail(health, plan, B, silence) for _ in range(3)] == [
        "b",
        "b",
        "b",
        None,
    ]


def test_a_long_limit_is_left_to_the_next_route_and_then_to_the_caller(health: Health) -> None:
    plan = health.attempts([A, B])
    plan.first()
    long_limit = failure(FailureClass.CAPACITY, 20)
    assert fail(health, plan, A, long_limit) == "b"
    assert fail(health, plan, B, long_limit) is None


def test_a_route_that_asks_for_a_long_pause_is_tried_last_until_it_is_over(health: Health, clock: Clock) -> None:
    health.record(A, failure(FailureClass.CAPACITY, 20))
    assert first(health, A, B) == "b"
    clock.now += 20
    assert first(health, A, B) == "a"


def test_a_refused_key_is_not_asked_again_in_the_same_call_by_another_model(health: Health) -> None:
    same = route("a2", account="a")
    plan = health.attempts([A, same, B])
    plan.first()
    assert fail(health, plan, A, REFUSED_KEY) == "b"
    assert fail(health, plan, B, REFUSED_KEY) is None


def test_an_account_that_refused_its_key_is_tried_last_for_a_minute(health: Health, clock: Clock) -> None:
    health.record(A, REFUSED_KEY)
    assert first(health, route("a2", account="a"), B) == "b"
    assert first(health, A) == "a"
    clock.now += 60
    assert first(health, A, B) == "a"


def test_a_model_that_is_refused_takes_no_other_model_of_the_account_with_it(health: Health) -> None:
    health.record(A, failure(FailureClass.ACCESS))
    assert first(health, A, B) == "b"
    assert first(health, route("a2", account="a"), B) == "a2"


def test_what_is_too_long_goes_only_to_a_model_that_reads_more(health: Health) -> None:
    small, large = route("small", context_tokens=8_000), route("large", context_tokens=200_000)
    plan = health.attempts([small, route("same", context_tokens=8_000), route("unknown"), large])
    plan.first()
    too_long = failure(FailureClass.CONTEXT)
    assert fail(health, plan, small, too_long) == "large"
    assert fail(health, plan, large, too_long) is None


@pytest.mark.parametrize("failure_class", [FailureClass.CONTENT, FailureClass.MALFORMED])
def test_what_is_refused_for_itself_is_asked_nowhere_else(health: Health, failure_class: FailureClass) -> None:
    plan = health.attempts([A, B])
    plan.first()
    assert fail(health, plan, A, failure(failure_class)) is None


def test_half_of_at_least_ten_failed_calls_open_the_breaker(health: Health) -> None:
    for _ in range(4):
        health.record(A, OUTAGE)
        health.record(A, None)
    health.record(A, None)
    assert first(health, A, B) == "a"
    health.record(A, OUTAGE)
    assert first(health, A, B) == "b"


def test_only_failures_of_availability_count(health: Health) -> None:
    for failure_class in FailureClass:
        if failure_class is not FailureClass.AVAILABILITY:
            for _ in range(20):
                health.record(A, failure(failure_class))
    assert first(health, A) == "a"


def test_the_last_twenty_calls_decide(health: Health) -> None:
    for outcome in [OUTAGE] * 4 + [None] * 16 + [OUTAGE] * 9:
        health.record(A, outcome)
    assert first(health, A, B) == "a"
    health.record(A, OUTAGE)
    assert first(health, A, B) == "b"


def test_other_models_and_accounts_stay_closed(health: Health) -> None:
    break_circuit(health, A)
    assert first(health, route("a2", account="a"), B) == "a2"
    assert first(health, replace(A, account_key="other"), B) == "a"


def test_where_every_breaker_is_open_the_caller_hears_when_to_come_back(health: Health, clock: Clock) -> None:
    break_circuit(health, A)
    clock.now += 10
    break_circuit(health, B)
    with pytest.raises(ProviderUnavailable) as raised:
        health.attempts([B, A]).first()
    assert raised.value.extensions["retry_after_seconds"] == BREAKER_OPEN_SECONDS - 10


def test_after_half_a_minute_one_call_probes_and_success_closes(health: Health, clock: Clock) -> None:
    break_circuit(health, A)
    clock.now += BREAKER_OPEN_SECONDS
    assert [first(health, A, B) for _ in range(3)] == ["a", "b", "b"]
    health.record(A, None)
    assert [first(health, A, B) for _ in range(3)] == ["a"] * 3


def test_a_probe_that_has_begun_to_answer_lets_the_others_in(health: Health, clock: Clock) -> None:
    break_circuit(health, A)
    clock.now += BREAKER_OPEN_SECONDS
    assert first(health, A, B) == "a"
    health.begin(A)
    assert first(health, A, B) == "a"


def test_a_failed_probe_opens_again_and_a_lost_one_is_replaced(health: Health, clock: Clock) -> None:
    break_circuit(health, A)
    clock.now += BREAKER_OPEN_SECONDS
    assert first(health, A, B) == "a"
    health.record(A, OUTAGE)
    assert first(health, A, B) == "b"
    clock.now += BREAKER_OPEN_SECONDS
    assert [first(health, A, B) for _ in range(2)] == ["a", "b"]
    clock.now += BREAKER_OPEN_SECONDS
    assert first(health, A, B) == "a"


def test_late_news_of_calls_from_before_changes_nothing_while_open(health: Health, clock: Clock) -> None:
    break_circuit(health, A)
    clock.now += 1
    health.record(A, None)
    health.begin(A)
    assert first(health, A, B) == "b"


def test_a_breaker_that_opens_in_mid_call_ends_its_repeats(health: Health) -> None:
    plan = health.attempts([A, B])
    plan.first()
    break_circuit(health, A)
    assert fail(health, plan, A, OUTAGE) == "b"


def test_an_outage_of_everything_is_not_answered_with_a_storm(health: Health, clock: Clock) -> None:
    repeats = 0
    for call in range(1_000):
        clock.now += 0.001
        asked = route(f"model-{call}")
        plan = health.attempts([asked])
        plan.first()
        while fail(health, plan, asked, OUTAGE) is not None:
            repeats += 1
    assert 100 <= repeats <= 115


def test_few_calls_may_still_be_repeated(health: Health, clock: Clock) -> None:
    for _ in range(50):
        clock.now += 5
        plan = health.attempts([C])
        plan.first()
        assert plan.next(OUTAGE, LONG) is not None


def test_names_that_callers_make_up_fill_no_memory(health: Health) -> None:
    for number in range(10_100):
        health.record(route(f"model-{number}"), OUTAGE)
        health.record(route(f"model-{number}"), REFUSED_KEY)
    assert len(health._circuits) <= 10_000
    assert len(health._cooled_until) <= 10_000


def test_what_has_recovered_is_forgotten(health: Health) -> None:
    health.record(A, OUTAGE)
    for _ in range(20):
        health.record(A, None)
    assert health._circuits == {}
