"""Logs: one JSON object a line, a constant name with fields, the trace's id beside it. Never prompt text or keys."""

import logging
import re
import sys
from typing import Any

import orjson
import structlog
from opentelemetry import trace

# Whatever slips into a field under such a name is not written.
_SECRET = re.compile(r"authorization|password|secret|token|api_key|cookie|session_id", re.IGNORECASE)


def configure_logs(service: str, level: str, form: str) -> None:
    """Set up structlog and send what libraries log through it. Called once, at start."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if form == "text"
        else structlog.processors.JSONRenderer(serializer=_dumps)
    )
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Stamp(service),
        _hide_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=chain
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("httpx2", "httpcore2", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # While PostgreSQL is away each pool says so every second with a traceback; our own records say it once a part.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def logger(name: str) -> Any:
    """Return the logger of a module: `log.info("constant_name", field=...)`."""
    return structlog.get_logger(name)


class _Stamp:
    """Adds the service and, inside a span, the ids that lead to its trace."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = self._service
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            event["trace_id"], event["span_id"] = f"{span.trace_id:032x}", f"{span.span_id:016x}"
        return event


def _hide_secrets(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: "hidden" if _SECRET.search(key) else value for key, value in event.items()}


def _dumps(value: object, **_options: object) -> str:
    return orjson.dumps(value, default=str).decode()
