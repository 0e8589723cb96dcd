"""The two streams and the durable consumers: made by `migrate`, compared by `serve`, made again if they vanish."""

from dataclasses import replace

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from shared.contracts.message import Fact, Job, all_messages, durable_name
from shared.contracts.permissions import FACT_STREAM, JOB_STREAM

# A consumer that was away for longer than this reads rows, not facts.
FACT_AGE_SECONDS = 7 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 120
ACK_WAIT_SECONDS = 30
MAX_UNACKNOWLEDGED = 1000


class StreamDiffersError(Exception):
    """NATS holds another configuration than this version of the code wants."""


def wanted_streams() -> list[StreamConfig]:
    """List the streams: facts are kept for whoever comes later, a job goes when it is acknowledged."""
    facts = StreamConfig(
        name=FACT_STREAM, subjects=["fact.>"], retention=RetentionPolicy.LIMITS, max_age=FACT_AGE_SECONDS
    )
    jobs = StreamConfig(name=JOB_STREAM, subjects=["job.>"], retention=RetentionPolicy.WORK_QUEUE, max_age=0)
    return [replace(s, storage=StorageType.FILE, duplicate_window=DUPLICATE_WINDOW_SECONDS) for s in (facts, jobs)]


def wanted_consumer(service: str, message: type[Fact] | type[Job]) -> tuple[str, ConsumerConfig]:
    """Return (stream, configuration) of one durable.

    Deliveries are counted by us: a bad message becomes a row, not a silence.
    """
    stream = FACT_STREAM if issubclass(message, Fact) else JOB_STREAM
    name = durable_name(service, message)
    return stream, ConsumerConfig(
        name=name,
        durable_name=name,
        filter_subject=message.subject,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=MAX_UNACKNOWLEDGED,
    )


def consumed_by(service: str) -> list[type[Fact] | type[Job]]:
    """List the facts that `service` reads and the jobs that it does."""
    return [
        m
        for m in all_messages()
        if (issubclass(m, Fact) and service in m.readers) or (issubclass(m, Job) and m.owner() == service)
    ]


async def ensure_streams(jetstream: JetStreamContext) -> None:
    """Make what is missing. Raises StreamDiffersError where one exists with another configuration."""
    for wanted in wanted_streams():
        try:
            found: StreamInfo = await jetstream.stream_info(str(wanted.name))
        except NotFoundError:
            found = await jetstream.add_stream(wanted)
        _compare(
            str(wanted.name),
            vars(wanted),
            vars(found.config),
            ("subjects", "retention", "storage", "max_age", "duplicate_window"),
        )


async def ensure_consumer(jetstream: JetStreamContext, service: str, message: type[Fact] | type[Job]) -> None:
    """Make the durable if it is missing. Raises StreamDiffersError where it exists with another configuration."""
    stream, wanted = wanted_consumer(service, message)
    try:
        found: ConsumerInfo = await jetstream.consumer_info(stream, str(wanted.durable_name))
    except NotFoundError:
        found = await jetstream.add_consumer(stream, wanted)
    _compare(
        str(wanted.durable_name),
        vars(wanted),
        vars(found.config),
        ("filter_subject", "ack_policy", "ack_wait", "max_deliver", "max_ack_pending"),
    )


def _compare(name: str, wanted: dict[str, object], found: dict[str, object], fields: tuple[str, ...]) -> None:
    differing = [
        f"{field}: wanted {wanted[field]}, found {found[field]}" for field in fields if wanted[field] != found[field]
    ]
    if differing:
        message = f"{name} differs ({'; '.join(differing)}). Delete it in NATS, or start the version that made it."
        raise StreamDiffersError(message)
