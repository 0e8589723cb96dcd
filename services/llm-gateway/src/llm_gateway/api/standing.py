"""Headers that tell a caller who answered and where its limits stand, under the names that official SDKs' users read.

Sources: https://platform.openai.com/docs/guides/rate-limits and https://docs.claude.com/en/api/rate-limits.
"""

from datetime import UTC, datetime, timedelta

from llm_gateway.domain.calls import Wire
from llm_gateway.domain.limits import Standing
from llm_gateway.operations.endpoints.reply import Answered

type Headers = list[tuple[bytes, bytes]]


def answer_headers(wire: Wire, answered: Answered) -> Headers:
    """Say which model answered after how many attempts, whether it was simulated, and what may still be asked."""
    headers = [
        (b"scriptorium-model", answered.model.encode("latin-1", "replace")),
        (b"scriptorium-attempts", b"%d" % answered.attempts),
    ]
    if answered.answered_by is not None:
        headers.append((b"scriptorium-cache", b"hit"))
    if answered.route.simulated:
        headers.append((b"scriptorium-simulated", b"true"))
    if answered.admission.limits:
        for kind, standing in ((b"requests", answered.admission.requests), (b"tokens", answered.admission.tokens)):
            if standing is not None:
                headers += _anthropic(kind, standing) if wire == "messages" else _openai(kind, standing)
    return headers


def _openai(kind: bytes, standing: Standing) -> Headers:
    return [
        (b"x-ratelimit-limit-" + kind, b"%d" % standing.limit),
        (b"x-ratelimit-remaining-" + kind, b"%d" % standing.remaining),
        (b"x-ratelimit-reset-" + kind, f"{standing.reset_seconds:g}s".encode()),
    ]


def _anthropic(kind: bytes, standing: Standing) -> Headers:
    until = datetime.now(UTC) + timedelta(seconds=standing.reset_seconds)
    name = b"anthropic-ratelimit-" + kind
    return [
        (name + b"-limit", b"%d" % standing.limit),
        (name + b"-remaining", b"%d" % standing.remaining),
        (name + b"-reset", until.isoformat(timespec="seconds").replace("+00:00", "Z").encode()),
    ]
