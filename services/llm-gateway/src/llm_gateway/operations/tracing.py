"""One span a provider attempt: what was asked of whom, how it ended and what it cost, and never a word of the text."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import context, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from llm_gateway.domain import CallFailed, ClaimedGeneration, Spent, StopReason
from llm_gateway.operations.running import Attempt, Running
from shared import genai
from shared.contracts.ids import encode_id

_TRACEPARENT = "traceparent"
_TIMED_OUT = "timeout"
_DEFAULT_PORTS = {"http": 80, "https": 443}

tracer = trace.get_tracer("scriptorium.llm_gateway")


def written_trace() -> str | None:
    """Write down the trace that we are in, for whichever process goes on with the work; None outside of any."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers.get(_TRACEPARENT)


@contextmanager
def trace_of(claimed: ClaimedGeneration) -> Iterator[None]:
    """Work inside in the trace of the order, whoever ordered it and whichever loop found it."""
    headers = {} if claimed.traceparent is None else {_TRACEPARENT: claimed.traceparent}
    token = context.attach(propagate.extract(headers, context.Context()))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def attempt_span(running: Running, attempt: Attempt) -> Iterator[None]:
    """Trace the attempt made inside. Its cost and usage are those of the ledger.

    Errors are named by their type alone: a provider's own words may quote the prompt.
    """
    with tracer.start_as_current_span(
        f"{genai.CHAT} {attempt.route.name}",
        kind=SpanKind.CLIENT,
        attributes=_asked(running.claimed, attempt),
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException as error:  # a cancel is noted as well
            _note_error(span, running, error)
            raise
        finally:
            if span.is_recording():
                span.set_attributes(_answered(attempt) | _spent(running.spent_by(attempt)))


def _asked(claimed: ClaimedGeneration, attempt: Attempt) -> dict[str, AttributeValue]:
    route = attempt.route
    server = urlsplit(route.base_url)
    request = claimed.request
    found: dict[str, AttributeValue | None] = {
        genai.OPERATION_NAME: genai.CHAT,
        genai.PROVIDER_NAME: genai.provider_name(route.provider),
        genai.REQUEST_MODEL: route.name,
        genai.REQUEST_STREAM: True,
        genai.REQUEST_MAX_TOKENS: request.max_output_tokens,
        genai.REQUEST_TEMPERATURE: request.temperature,
        genai.SERVER_ADDRESS: server.hostname,
        genai.SERVER_PORT: server.port or _DEFAULT_PORTS.get(server.scheme),
        genai.GENERATION_ID: encode_id("ge", claimed.id),
        genai.ATTEMPT_ID: encode_id("at", attempt.id),
        genai.PROJECT_ID: encode_id("pj", claimed.project_id),
        genai.TASK: claimed.origin.task,
        genai.SIMULATED: route.simulated,
    }
    return _known(found)


def _answered(attempt: Attempt) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue | None] = {
        genai.RESPONSE_ID: attempt.response_id,
        genai.RESPONSE_MODEL: attempt.response_model,
        genai.RESPONSE_TIME_TO_FIRST_CHUNK: attempt.seconds_to_first_chunk,
        genai.RESPONSE_FINISH_REASONS: [attempt.finish_reason or genai.FINISH_ERROR],
    }
    return _known(found)


def _spent(spent: Spent) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue | None] = {
        genai.USAGE_INPUT_TOKENS: spent.input_tokens,
        genai.USAGE_CACHE_READ_INPUT_TOKENS: spent.cached_input_tokens,
        genai.USAGE_OUTPUT_TOKENS: spent.output_tokens,
        genai.USAGE_REASONING_OUTPUT_TOKENS: spent.reasoning_tokens,
        genai.USAGE_ESTIMATED: spent.estimated,
        genai.COST_USD: None if spent.cost_usd is None else float(spent.cost_usd),
    }
    return _known(found)


def _known(found: dict[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    return {name: value for name, value in found.items() if value is not None}


def _note_error(span: Span, running: Running, error: BaseException) -> None:
    name = _error_type(running, error)
    if name is not None:
        span.set_attribute(genai.ERROR_TYPE, name)
        span.set_status(Status(StatusCode.ERROR))


def _error_type(running: Running, error: BaseException) -> str | None:
    """Name the problem, or why we stopped; None for a cancel, by which a person got what was wanted."""
    if isinstance(error, CallFailed):
        return error.problem.type.rpartition("/")[2]
    if not isinstance(error, asyncio.CancelledError):
        return type(error).__name__
    if running.stop_reason is StopReason.CANCELLED:
        return None
    return running.stop_reason.value if running.stop_reason else _TIMED_OUT
