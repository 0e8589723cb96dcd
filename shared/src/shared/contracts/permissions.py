"""Who may send and hear what on NATS, read from the contracts.

One user a service: it publishes its own facts, the jobs and requests that name it as a caller, and replies;
it hears its own requests, all facts, its own jobs and its own inbox. JetStream's API is reached only for the
two streams and for durables that carry the service's name.
"""

from shared.contracts.llm_gateway import live_cancel_subject, live_generation_subject
from shared.contracts.message import Fact, Job, Request, all_messages, durable_name

FACT_STREAM = "FACTS"
JOB_STREAM = "JOBS"
INBOXES = "_INBOX."


def inbox_prefix(service: str) -> str:
    """Name the subject below which only this service hears replies."""
    return f"{INBOXES}{service}"


def nats_permissions(service: str) -> dict[str, list[str]]:
    """List the subjects that the NATS user of `service` may publish and subscribe; replies are allowed beside."""
    return {
        "publish": [f"fact.{service}.>", *_addressed_by(service), *_live_sends(service), *_jetstream(service)],
        "subscribe": [f"request.{service}.>", "fact.>", f"{inbox_prefix(service)}.>", *_live_hears(service)],
    }


def durables(service: str) -> list[tuple[str, str]]:
    """List (stream, durable) of every consumer that `service` keeps."""
    messages = all_messages()
    facts = [(FACT_STREAM, durable_name(service, m)) for m in messages if issubclass(m, Fact) and service in m.readers]
    jobs = [(JOB_STREAM, durable_name(service, m)) for m in messages if issubclass(m, Job) and m.owner() == service]
    return facts + jobs


def _addressed_by(service: str) -> list[str]:
    return [m.subject for m in all_messages() if issubclass(m, Request | Job) and service in m.callers]


def _live_sends(service: str) -> list[str]:
    return [live_generation_subject("*"), live_cancel_subject("*")] if service == "llm_gateway" else []


def _live_hears(service: str) -> list[str]:
    cancels = [live_cancel_subject("*")] if service == "llm_gateway" else []
    return [live_generation_subject("*"), *cancels]


def _jetstream(service: str) -> list[str]:
    reached = [f"$JS.API.STREAM.{verb}.{stream}" for stream in (FACT_STREAM, JOB_STREAM) for verb in ("INFO", "CREATE")]
    for stream, durable in durables(service):
        reached += [f"$JS.API.CONSUMER.{verb}.{stream}.{durable}" for verb in ("CREATE", "INFO", "MSG.NEXT")]
        reached += [f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.>", f"$JS.ACK.{stream}.{durable}.>"]
    return reached
