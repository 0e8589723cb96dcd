"""Traces: one story is one trace. Without an endpoint spans cost nothing and go nowhere."""

import time
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

# A span costs 0.1 ms of a core, which is more than the rest of a call through the gateway. People and their stories
# stay far below this; a thousand calls a second are understood from a sample, and counted from the ledger.
TRACES_A_SECOND = 50


class BoundedSampler(Sampler):
    """Begins at most so many traces a second; a trace that was begun elsewhere is followed in any case."""

    def __init__(self, traces_a_second: int) -> None:
        """Take the bound of this process."""
        self._bound = traces_a_second
        self._second, self._begun = 0, 0

    def should_sample(  # noqa: PLR0913, PLR0917  the SDK's signature
        self,
        parent_context: Context | None,  # noqa: ARG002  ParentBased has looked at it
        trace_id: int,  # noqa: ARG002
        name: str,  # noqa: ARG002
        kind: SpanKind | None = None,  # noqa: ARG002
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        """Take the first ones of every second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._begun = second, 0
        self._begun += 1
        return SamplingResult(Decision.RECORD_AND_SAMPLE if self._begun <= self._bound else Decision.DROP, attributes)

    def get_description(self) -> str:
        """Name the sampler and its bound."""
        return f"BoundedSampler{{{self._bound}}}"


def configure_telemetry(service: str, otlp_endpoint: str | None) -> TracerProvider | None:
    """Send spans to an OTLP/HTTP collector; returns the provider to shut down at the end, None without an endpoint."""
    if otlp_endpoint is None:
        return None
    # The exporter costs 100 ms of imports that a process without a collector does not need.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    resource = Resource.create({"service.name": service, "service.namespace": "scriptorium"})
    provider = TracerProvider(resource=resource, sampler=ParentBased(BoundedSampler(TRACES_A_SECOND)))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider
