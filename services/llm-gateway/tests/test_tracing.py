"""One span a provider attempt, in the trace of the order, with the ledger's figures and without any text."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import propagate
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from llm_gateway.operations import tracing
from llm_gateway.operations.reaping import take_from_queue
from shared import consumers, genai
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import StartGeneration
from shared.envelope import write_headers
from shared.testing.fixtures import BusFor

SECRET = "the ferryman's unspoken name"


class Spans:
    """What the gateway traced in this test."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def attempts(self) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.kind is SpanKind.CLIENT]

    def consumed(self) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.kind is SpanKind.CONSUMER]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """Record under a provider of this test alone: the process-wide one can be set once only."""
    recorded = Spans()
    for module in (tracing, consumers):
        monkeypatch.setattr(module, "tracer", recorded.provider.get_tracer("test"))
    yield recorded
    recorded.provider.shutdown()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("model", ["quill", "reed"])
async def test_an_order_from_nats_is_traced_down_to_the_provider_and_no_further(
    gateway: Any,
    simulator: Any,
    bus_for: BusFor,
    *,
    make_job: Callable[..., StartGeneration],
    eventually: Any,
    spans: Spans,
    model: str,
) -> None:
    documents = await bus_for("documents")
    command = make_job(f"simulator/{model}", ask=SECRET)
    with spans.provider.get_tracer("browser").start_as_current_span("browser") as browser:
        headers = write_headers(new_id(), "/orders", gateway.call, command)
    await documents.publish_stored(command.subject, command.model_dump_json().encode(), headers)
    await eventually(lambda: gateway.rows("SELECT id FROM generations"))
    ended = await gateway.until_ended(command.generation_id)
    (attempt,), (consumer,) = spans.attempts(), spans.consumed()
    assert attempt.context.trace_id == browser.get_span_context().trace_id
    assert attempt.parent is not None
    assert attempt.parent.span_id == consumer.context.span_id
    (row,) = await gateway.attempts(command.generation_id)
    (call,) = await simulator.calls(row["id"])
    assert call["traceparent"] is False
    (told,) = await gateway.rows("SELECT traceparent FROM generations")
    assert f"{attempt.context.trace_id:032x}" in told["traceparent"]
    assert ended.status == "completed"


@pytest.mark.parametrize("model", ["quill", "reed"])
async def test_a_span_says_what_was_asked_and_what_the_ledger_says_it_cost(
    gateway: Any, simulator: Any, spans: Spans, model: str
) -> None:
    generation_id = await gateway.start(f"simulator/{model}", ask=SECRET, max_output_tokens=400)
    ended = await gateway.until_ended(generation_id)
    (span,) = spans.attempts()
    (usage,) = await gateway.usage(generation_id)
    (call,) = await simulator.calls(usage["attempt_id"])
    found = attributes(span)
    assert (span.name, span.status.status_code) == (f"chat {model}", StatusCode.UNSET)
    assert 0 < found.pop(genai.RESPONSE_TIME_TO_FIRST_CHUNK) < 20
    assert found.pop(genai.SERVER_ADDRESS) == "127.0.0.1"
    assert simulator.url.endswith(f":{found.pop(genai.SERVER_PORT)}")
    assert found == {
        genai.OPERATION_NAME: "chat",
        genai.PROVIDER_NAME: "simulator",
        genai.REQUEST_MODEL: model,
        genai.REQUEST_STREAM: True,
        genai.REQUEST_MAX_TOKENS: 400,
        genai.RESPONSE_ID: call["response_id"],
        genai.RESPONSE_MODEL: model,
        genai.RESPONSE_FINISH_REASONS: (ended.finish_reason,),
        genai.USAGE_INPUT_TOKENS: call["input_tokens"],
        genai.USAGE_CACHE_READ_INPUT_TOKENS: 0,
        genai.USAGE_OUTPUT_TOKENS: call["output_tokens"],
        genai.USAGE_REASONING_OUTPUT_TOKENS: 0,
        genai.USAGE_ESTIMATED: False,
        genai.COST_USD: float(usage["cost_usd"]),
        genai.GENERATION_ID: encode_id("ge", generation_id),
        genai.ATTEMPT_ID: encode_id("at", usage["attempt_id"]),
        genai.PROJECT_ID: encode_id("pj", gateway.call.project_id),
        genai.TASK: "generate_document",
        genai.SIMULATED: True,
    }


async def test_each_try_has_its_own_span_with_the_type_of_its_error(gateway: Any, spans: Spans) -> None:
    generation_id = await gateway.start("simulator/quill+500", ask=SECRET)
    await gateway.until_ended(generation_id)
    found = spans.attempts()
    rows = await gateway.attempts(generation_id)
    assert [attributes(span)[genai.ATTEMPT_ID] for span in found] == [encode_id("at", row["id"]) for row in rows]
    assert len(found) == 3
    for span in found:
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
        assert attributes(span)[genai.ERROR_TYPE] == "provider-unavailable"
        assert attributes(span)[genai.RESPONSE_FINISH_REASONS] == ("error",)
        assert attributes(span)[genai.COST_USD] == 0


async def test_neither_prompt_nor_completion_is_in_any_span(gateway: Any, spans: Spans) -> None:
    for model in ("quill", "quill+cut:6", "quill+500", "unheard-of", "reed+malformed:6"):
        await gateway.until_ended(await gateway.start(f"simulator/{model}", ask=SECRET))
    texts = [row["text"] for row in await gateway.rows("SELECT text FROM segments WHERE length(text) > 12")]
    written = " ".join(span.to_json() for span in spans.attempts())
    assert texts
    assert [text for text in [SECRET, *texts] if text in written] == []
    assert [span.events for span in spans.attempts() if span.events] == []


async def test_a_price_that_nobody_knows_is_absent(open_gateway: Any, simulator: Any, spans: Spans) -> None:
    gateway = await open_gateway(COMPATIBLE_BASE_URL=f"{simulator.url}/v1")
    await gateway.until_ended(await gateway.start("compatible/quill"))
    (span,) = spans.attempts()
    assert genai.COST_USD not in attributes(span)
    assert attributes(span)[genai.USAGE_OUTPUT_TOKENS] > 0


async def test_a_cancel_is_no_error_and_its_usage_is_an_estimate(gateway: Any, spans: Spans) -> None:
    generation_id = await gateway.start("simulator/quill+stall:4")
    await gateway.until(generation_id, lambda generation: generation.last_segment > 0)
    await gateway.cancel(generation_id)
    await gateway.until_ended(generation_id)
    (span,) = spans.attempts()
    assert span.status.status_code is StatusCode.UNSET
    assert genai.ERROR_TYPE not in attributes(span)
    assert attributes(span)[genai.USAGE_ESTIMATED]


@pytest.mark.parametrize(("limit", "error"), [("generation_seconds", "timeout"), ("provider_read_seconds", "provider")])
async def test_a_silence_is_named_by_whoever_lost_patience(
    open_gateway: Any, spans: Spans, limit: str, error: str
) -> None:
    gateway = await open_gateway(**{limit: 0.3})
    await gateway.until_ended(await gateway.start("simulator/quill+stall:4"))
    (span,) = spans.attempts()
    assert attributes(span)[genai.ERROR_TYPE].startswith(error)


async def test_what_waited_in_the_queue_stays_in_the_trace_of_its_order(open_gateway: Any, spans: Spans) -> None:
    gateway = await open_gateway(max_running=1)
    first = await gateway.start("simulator/quill+stall:2")
    with spans.provider.get_tracer("browser").start_as_current_span("browser") as browser:
        second = await gateway.start()
    await gateway.cancel(first)
    await gateway.until_ended(first)
    await take_from_queue(gateway.engine)
    await gateway.until_ended(second)
    (waited,) = [span for span in spans.attempts() if attributes(span)[genai.GENERATION_ID] == encode_id("ge", second)]
    assert waited.context.trace_id == browser.get_span_context().trace_id


async def test_outside_of_any_trace_an_order_has_none(gateway: Any) -> None:
    generation_id = await gateway.start("simulator/quill+words:10")
    await gateway.until_ended(generation_id)
    assert propagate.extract({}) == {}
    assert [row["traceparent"] for row in await gateway.rows("SELECT traceparent FROM generations")] == [None]
