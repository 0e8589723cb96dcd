"""One span a call: what was asked of whom, how it ended and what it cost, and never a word of the text."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from llm_gateway.domain.failover import CallFailed
from llm_gateway.operations.endpoints.asking import Asking
from llm_gateway.operations.endpoints.metering import Meter
from shared import genai
from shared.contracts.ids import encode_id

_OPERATIONS = {"embeddings": "embeddings"}

tracer = trace.get_tracer("scriptorium.llm_gateway")


@contextmanager
def call_span(asking: Asking, meter: Meter) -> Iterator[None]:
    """Trace the call made inside. Errors are named by their type alone: a provider's words may quote the prompt."""
    operation = _OPERATIONS.get(asking.wire.wire, genai.CHAT)
    span = tracer.start_span(f"{operation} {meter.route.name}", kind=SpanKind.CLIENT)
    try:
        yield
    except CallFailed as failure:
        span.set_attribute(genai.ERROR_TYPE, failure.problem.type.rpartition("/")[2])
        span.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        if span.is_recording():
            span.set_attributes(_told(operation, asking, meter))
        span.end()


def _told(operation: str, asking: Asking, meter: Meter) -> dict[str, str | bool | int | float]:
    spent = meter.spent()
    found: dict[str, str | bool | int | float | None] = {
        genai.OPERATION_NAME: operation,
        genai.PROVIDER_NAME: genai.provider_name(meter.route.provider),
        genai.REQUEST_MODEL: meter.route.name,
        genai.REQUEST_STREAM: asking.is_streamed,
        genai.REQUEST_MAX_TOKENS: asking.output_limit,
        genai.ATTEMPT_ID: encode_id("at", meter.attempt_id),
        genai.PROJECT_ID: encode_id("pj", meter.project_id),
        genai.SIMULATED: meter.route.simulated,
        genai.RESPONSE_ID: meter.response_id,
        genai.RESPONSE_TIME_TO_FIRST_CHUNK: meter.first_byte and meter.first_byte - meter.began,
        genai.USAGE_INPUT_TOKENS: spent.input_tokens,
        genai.USAGE_CACHE_READ_INPUT_TOKENS: spent.cached_input_tokens,
        genai.USAGE_OUTPUT_TOKENS: spent.output_tokens,
        genai.USAGE_ESTIMATED: spent.estimated,
        genai.COST_USD: None if spent.cost_usd is None else float(spent.cost_usd),
    }
    return {name: value for name, value in found.items() if value is not None}
