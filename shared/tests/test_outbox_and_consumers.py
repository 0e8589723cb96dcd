import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import nats
import pytest

from shared import inbox, outbox
from shared.bus import Bus
from shared.call import Call, Event
from shared.consumers import Consumers
from shared.contracts.llm_gateway import GenerationCompleted
from shared.outbox import OutboxRelay
from shared.postgres import Database
from shared.problems import Invalid, Unavailable
from shared.testing.fixtures import BusFor, DatabaseFor, make_call
from shared.testing.servers import Servers

READER = "documents_on_generation_completed"


def _fact() -> GenerationCompleted:
    return GenerationCompleted(
        generation_id=uuid4(),
        task="other",
        model="simulator/quill",
        simulated=True,
        last_segment=1,
        content_hash="0" * 64,
        finish_reason="stop",
    )


class Story:
    """A gateway that tells facts, and documents that reads them."""

    def __init__(
        self, gateway: Bus, reader: Bus, told: Database, kept: Database, servers: Servers, names: dict[str, str]
    ) -> None:
        self.gateway, self.reader, self.told, self.kept = gateway, reader, told, kept
        self.relay = OutboxRelay(told, gateway, servers.dsn("llm_gateway_relay", names["llm_gateway"]))
        self.seen: list[Event[GenerationCompleted]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def tell(self, count: int = 1) -> None:
        call = make_call()
        async with self.told.transaction(call.project_id) as conn:
            for _ in range(count):
                await outbox.add(conn, call, _fact())

    def start(self, handler: Callable[[Event[GenerationCompleted]], Awaitable[None]] | None = None) -> None:
        self.reader.consume(GenerationCompleted, handler or self._keep)
        self.tasks += [
            asyncio.create_task(self.relay.run()),
            asyncio.create_task(Consumers(self.reader, self.kept).run()),
        ]

    async def _keep(self, event: Event[GenerationCompleted]) -> None:
        self.seen.append(event)

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  the condition is the other side's, it cannot set our event
                await asyncio.sleep(0.01)

    async def until_outbox_is_empty(self, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while await self._waiting():  # noqa: ASYNC110  the row goes after the message was published
                await asyncio.sleep(0.01)

    async def _waiting(self) -> int:
        async with self.told.relay() as conn:
            return int(await conn.fetchval("SELECT count(*) FROM outbox"))

    async def buried(self) -> list[str]:
        async with self.kept.relay() as conn:
            return [row["error"] for row in await conn.fetch("SELECT error FROM dead_letters")]


@pytest.fixture
async def story(bus_for: BusFor, database_for: DatabaseFor, servers: Servers, databases: dict[str, str]):  # type: ignore[no-untyped-def]  # noqa: ANN201
    told, kept = await database_for("llm_gateway"), await database_for("documents")
    made = Story(await bus_for("llm_gateway"), await bus_for("documents"), told, kept, servers, databases)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_a_committed_fact_reaches_its_reader_with_who_caused_it(story: Story) -> None:
    story.start()
    await story.tell()
    await story.until(lambda: len(story.seen) == 1)
    envelope = story.seen[0].envelope
    assert (envelope.subject, envelope.source) == (GenerationCompleted.subject, "/llm_gateway")
    assert envelope.entity.startswith("ge_")
    await story.until_outbox_is_empty()


async def _tell_and_fail(story: Story, call: Call) -> None:
    async with story.told.transaction(call.project_id) as conn:
        await outbox.add(conn, call, _fact())
        raise ZeroDivisionError


async def test_a_fact_of_a_rolled_back_transaction_is_never_told(story: Story) -> None:
    story.start()
    call = make_call()
    with pytest.raises(ZeroDivisionError):
        await _tell_and_fail(story, call)
    await story.tell()
    await story.until(lambda: len(story.seen) == 1)
    assert story.seen[0].envelope.project_id != call.project_id


async def test_facts_are_published_within_half_a_second_at_p99(story: Story) -> None:
    story.start()
    await story.tell()
    await story.until(lambda: len(story.seen) == 1)
    delays = []
    for count in range(2, 102):
        began = time.monotonic()
        await story.tell()
        await story.until(lambda count=count: len(story.seen) == count)  # type: ignore[misc]
        delays.append(time.monotonic() - began)
    assert sorted(delays)[98] < 0.5


async def test_an_event_that_comes_twice_has_its_effect_once(story: Story) -> None:
    effects: list[bool] = []

    async def apply(event: Event[GenerationCompleted]) -> None:
        async with story.kept.transaction(event.envelope.project_id) as conn:
            effects.append(await inbox.claim(conn, READER, event))

    async def apply_twice(event: Event[GenerationCompleted]) -> None:
        await asyncio.gather(apply(event), apply(event))
        await apply(event)

    story.start(apply_twice)
    await story.tell()
    await story.until(lambda: len(effects) == 3)
    assert sorted(effects) == [False, False, True]


async def test_a_part_that_is_away_is_waited_for_longer_than_five_deliveries(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.consumers._backoff", lambda _message: 0.01)
    tries = 0

    async def away(_event: Event[GenerationCompleted]) -> None:
        nonlocal tries
        tries += 1
        if tries < 8:
            message = "away"
            raise Unavailable(message)

    story.start(away)
    await story.tell()
    await story.until(lambda: tries == 8)
    assert await story.buried() == []


async def test_a_bug_is_buried_as_a_row_after_five_deliveries_and_its_neighbour_passes(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.consumers._backoff", lambda _message: 0.01)
    tries: dict[object, int] = {}
    passed: list[object] = []

    async def fails_for_the_first(event: Event[GenerationCompleted]) -> None:
        key = event.envelope.id
        tries[key] = tries.get(key, 0) + 1
        if key == next(iter(tries)):
            message = "a bug"
            raise ZeroDivisionError(message)
        passed.append(key)

    story.start(fails_for_the_first)
    await story.tell()
    await story.until(lambda: len(tries) == 1)
    await story.tell()
    await story.until(lambda: len(passed) == 1 and next(iter(tries.values())) == 5)
    for _ in range(200):
        if await story.buried():
            break
        await asyncio.sleep(0.01)
    assert await story.buried() == ["ZeroDivisionError: a bug"]


async def test_a_problem_is_buried_at_once(story: Story) -> None:
    async def refuses(_event: Event[GenerationCompleted]) -> None:
        message = "no"
        raise Invalid(message)

    story.start(refuses)
    await story.tell()
    for _ in range(500):
        if await story.buried():
            break
        await asyncio.sleep(0.01)
    assert await story.buried() == ["/problems/invalid: no"]


async def test_each_payload_that_cannot_be_read_is_buried_and_the_next_one_passes(
    story: Story, servers: Servers
) -> None:
    story.start()
    client = await nats.connect(servers.nats_url("operator"))
    for payload in (b"{nonsense", b"\xff"):
        await client.jetstream().publish(GenerationCompleted.subject, payload, headers={"ce-id": "x"})
    await client.close()
    await story.tell()
    await story.until(lambda: len(story.seen) == 1)
    for _ in range(200):
        if len(await story.buried()) == 2:
            break
        await asyncio.sleep(0.01)
    async with story.kept.relay() as conn:
        kept = await conn.fetch("SELECT payload FROM dead_letters ORDER BY payload")
    assert [row["payload"] for row in kept] == [b"{nonsense", b"\xff"]


async def test_nothing_is_lost_when_the_store_of_the_stream_is_wiped_under_load(story: Story, servers: Servers) -> None:
    story.start()
    await story.tell(20)
    await story.until(lambda: len(story.seen) == 20)
    client = await nats.connect(servers.nats_url("operator"))
    await client.jetstream().delete_stream("FACTS")
    await client.close()
    await story.tell(20)
    await story.until(lambda: len({event.envelope.id for event in story.seen}) == 40, 30)
