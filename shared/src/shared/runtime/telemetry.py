"""Traces: one story is one trace. Without an endpoint spans cost nothing and go nowhere."""

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def configure_telemetry(service: str, otlp_endpoint: str | None) -> TracerProvider | None:
    """Send spans to an OTLP/HTTP collector; returns the provider to shut down at the end, None without an endpoint."""
    if otlp_endpoint is None:
        return None
    # The exporter costs 100 ms of imports that a process without a collector does not need.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "scriptorium"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider
