"""Who asks, for which project, until when: what travels beside every request, fact and job."""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shared.contracts.ids import encode_id, new_id
from shared.contracts.message import Fact, Job
from shared.problems import Forbidden

M = TypeVar("M", bound=Fact | Job)

# A question that has not been answered by then is not worth waiting for at a screen.
DEFAULT_DEADLINE_SECONDS = 10.0
SERVICE_ROLE = "service"


@dataclass(frozen=True)
class Identity:
    """A person or key in one project.

    `role` is a member's role, `service` for a service acting by itself, or None for a key with `scopes`.
    `api_key_id` is known only where the key itself came in.
    """

    subject: UUID
    project_id: UUID | None
    role: str | None
    scopes: frozenset[str] = frozenset()
    api_key_id: UUID | None = None


@dataclass(frozen=True)
class Call:
    """One request on its way through the house. `deadline` is on this process's monotonic clock, in seconds."""

    identity: Identity
    request_id: str
    deadline: float = field(default_factory=lambda: time.monotonic() + DEFAULT_DEADLINE_SECONDS)
    idempotency_key: str | None = None

    @property
    def project_id(self) -> UUID:
        """The project that is acted in. Raises Forbidden where the caller named none."""
        if self.identity.project_id is None:
            message = "Choose a project first."
            raise Forbidden(message)
        return self.identity.project_id

    @property
    def actor_id(self) -> UUID:
        """The person behind the call, also where a service carries it on."""
        return self.identity.subject

    def remaining_seconds(self) -> float:
        """How long the caller still waits; 0 when it no longer does."""
        return max(0.0, self.deadline - time.monotonic())

    def with_deadline(self, seconds: float) -> "Call":
        """The same call with another time to wait from now."""
        return replace(self, deadline=time.monotonic() + seconds)


def service_call(
    project_id: UUID, actor_id: UUID, request_id: str, *, seconds: float = DEFAULT_DEADLINE_SECONDS
) -> Call:
    """Act as a service in a project, on behalf of the person who began the work."""
    return Call(Identity(actor_id, project_id, SERVICE_ROLE), request_id, time.monotonic() + seconds)


def new_request_id() -> str:
    """Name one request for logs, facts and the person who reports a fault."""
    return encode_id("rq", new_id())


@dataclass(frozen=True)
class Envelope:
    """What CloudEvents and the house say about a fact or job: its own id, where it came from, who caused it."""

    id: UUID
    subject: str
    source: str
    time: datetime
    project_id: UUID
    actor_id: UUID
    request_id: str
    entity: str


@dataclass(frozen=True)
class Event[M: Fact | Job]:
    """A fact or job as a consumer gets it. It may come twice: `shared.inbox.claim` tells."""

    envelope: Envelope
    message: M

    def call(self, seconds: float = DEFAULT_DEADLINE_SECONDS) -> Call:
        """Go on with the story as a service, for the same person and project."""
        return service_call(self.envelope.project_id, self.envelope.actor_id, self.envelope.request_id, seconds=seconds)
