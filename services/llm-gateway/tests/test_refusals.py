"""Providers' error answers: the problem for the person, the class for the next step."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_gateway.domain import FailureClass
from llm_gateway.domain.calls import Route
from llm_gateway.providers.refusals import read_refusal, refused_by_status, refused_in_stream

OPENAI = Route("openai", "openai", "gpt-x", "https://x", frozenset(), "a", "OPENAI_API_KEY")
GROQ_LIMIT = {
    "error": {
        "message": "Rate limit reached. Need more tokens? Upgrade at https://console.groq.com/settings/billing",
        "code": "rate_limit_exceeded",
    }
}


def of(code: str = "", message: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "problem", "failure_class"),
    [
        (401, {}, "provider-key-refused", FailureClass.ACCESS),
        (403, {}, "provider-key-refused", FailureClass.ACCESS),
        (404, {}, "unknown-model", FailureClass.ACCESS),
        (402, {}, "provider-quota-exhausted", FailureClass.ACCESS),
        (429, of("insufficient_quota"), "provider-quota-exhausted", FailureClass.ACCESS),
        (400, of("", "Your credit balance is too low"), "provider-quota-exhausted", FailureClass.ACCESS),
        (429, {}, "provider-rate-limited", FailureClass.CAPACITY),
        (429, GROQ_LIMIT, "provider-rate-limited", FailureClass.CAPACITY),
        (408, {}, "provider-unavailable", FailureClass.AVAILABILITY),
        (500, {}, "provider-unavailable", FailureClass.AVAILABILITY),
        (503, of("billing_service_down"), "provider-unavailable", FailureClass.AVAILABILITY),
        (529, {}, "provider-unavailable", FailureClass.AVAILABILITY),
        (400, of("context_length_exceeded"), "context-exceeded", FailureClass.CONTEXT),
        (400, of("", "prompt is too long: 207791 tokens > 200000 maximum"), "context-exceeded", FailureClass.CONTEXT),
        (400, of("", "input length and `max_tokens` exceed context limit"), "context-exceeded", FailureClass.CONTEXT),
        (400, {"error": "This model's maximum prompt length is 9."}, "context-exceeded", FailureClass.CONTEXT),
        (413, {}, "context-exceeded", FailureClass.CONTEXT),
        (400, of("content_filter"), "content-refused", FailureClass.CONTENT),
        (400, of("", "Output blocked by content filtering policy"), "content-refused", FailureClass.CONTENT),
        (403, of("", "Content violates usage guidelines."), "content-refused", FailureClass.CONTENT),
        (400, of("", "Unknown field 'x'."), "provider-refused-request", FailureClass.MALFORMED),
        (422, {}, "provider-refused-request", FailureClass.MALFORMED),
    ],
)
def test_each_refusal_has_its_problem_and_class_and_costs_nothing(
    status: int, body: dict[str, Any], problem: str, failure_class: FailureClass
) -> None:
    failure = read_refusal(OPENAI, status, {}, orjson.dumps(body))
    assert (failure.problem.type, failure.failure_class) == (f"/problems/{problem}", failure_class)
    assert not failure.spent


def test_the_sdks_errors_read_like_the_bytes_that_they_came_from() -> None:
    error = SimpleNamespace(status_code=429, body=of("insufficient_quota"), response=SimpleNamespace(headers={}))
    failure = refused_by_status("openai", "OPENAI_API_KEY", "gpt-x", error)
    assert failure.problem.type == "/problems/provider-quota-exhausted"


@pytest.mark.parametrize(("status", "of_account"), [(401, True), (402, True), (403, False), (404, False)])
def test_a_refused_key_is_the_accounts_and_a_refused_model_is_not(status: int, of_account: bool) -> None:  # noqa: FBT001  a table
    assert read_refusal(OPENAI, status, {}, b"").of_account is of_account


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00"}, None),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "inf"}, 86_400.0),
        ({"retry-after": "nan"}, 0.0),
        ({}, None),
    ],
)
def test_the_wish_to_wait_is_read_in_seconds_or_not_at_all(headers: dict[str, str], seconds: float | None) -> None:
    assert read_refusal(OPENAI, 429, headers, b"{}").retry_after_seconds == seconds


def test_an_error_in_mid_stream_is_an_outage_that_may_have_cost_something() -> None:
    failure = refused_in_stream("anthropic", {"type": "overloaded_error", "message": "Overloaded"})
    assert (failure.failure_class, failure.spent) == (FailureClass.AVAILABILITY, True)


def test_a_refused_key_names_what_to_check() -> None:
    assert "OPENAI_API_KEY" in read_refusal(OPENAI, 401, {}, b"").problem.detail


@given(st.integers(400, 599), st.one_of(st.binary(), st.recursive(st.text(), st.lists).map(orjson.dumps)))
def test_any_bytes_make_a_failure_with_a_sentence(status: int, body: bytes) -> None:
    assert read_refusal(OPENAI, status, {}, body).problem.detail
