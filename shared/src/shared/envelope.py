"""How a fact or job is written down: CloudEvents attributes in headers (binary mode, `ce-*`), JSON in the body.

Source: CloudEvents 1.0.2 and its NATS protocol binding, section 3.2.
"""

from datetime import UTC, datetime
from uuid import UUID

from opentelemetry import propagate

from shared.call import Call, Envelope
from shared.contracts.ids import decode_id, encode_id
from shared.contracts.message import Fact, Job

PROJECT = "scriptorium-project"
ACTOR = "scriptorium-actor"
REQUEST = "scriptorium-request-id"


def write_headers(event_id: UUID, source: str, call: Call, message: Fact | Job) -> dict[str, str]:
    """Say who caused the message, where and when, and carry the trace on."""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": encode_id("ev", event_id),
        "ce-source": source,
        "ce-type": message.subject,
        "ce-subject": entity_of(message),
        "ce-time": datetime.now(UTC).isoformat(),
        "content-type": "application/json",
        PROJECT: encode_id("pj", call.project_id),
        ACTOR: encode_id("us", call.actor_id),
        REQUEST: call.request_id,
    }
    propagate.inject(headers)
    return headers


def read_headers(headers: dict[str, str]) -> Envelope:
    """Read what `write_headers` wrote. Raises KeyError or ValueError for anything else."""
    return Envelope(
        id=decode_id("ev", headers["ce-id"]),
        subject=headers["ce-type"],
        source=headers["ce-source"],
        time=datetime.fromisoformat(headers["ce-time"]),
        project_id=decode_id("pj", headers[PROJECT]),
        actor_id=decode_id("us", headers[ACTOR]),
        request_id=headers[REQUEST],
        entity=headers["ce-subject"],
    )


def entity_of(message: Fact | Job) -> str:
    """Name the row that the message is about: the first field of every fact and job is its id, in wire form."""
    first = next(iter(type(message).model_fields))
    return str(message.model_dump(mode="json", include={first})[first])
