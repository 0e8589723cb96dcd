"""`python -m tests.bench.gateway.load PLAN`: asks one target as the plan says and prints the figures as JSON.

A process of its own, so that neither the target nor the bench itself steals its time.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import uvloop

from tests.bench.figures import quantile
from tests.bench.gateway.connection import AnswerError, Connection, connected, question
from tests.bench.gateway.provider import ORDER
from tests.bench.gateway.stamps import STAMPED, seconds_since

# Long enough for pools to fill and for the first garbage collections to be over.
WARM_UP_SECONDS = 1.0
PROMPT = "You are a careful editor. Say in one sentence what a door is, for a reader who has never seen one. "
# The chunks of a first-token call come far enough apart that no gateway's first is another's third.
FEW_CHUNKS, FEW_PACE_MICROSECONDS = 3, 2000


@dataclass(frozen=True)
class Plan:
    """What to ask and how. `per_second` is the rate of a paced load, or of chunks over all streams."""

    kind: str
    url: str
    headers: dict[str, str]
    model: str
    connections: int = 1
    seconds: float = 3.0
    per_second: float = 0.0

    def question(self, order: str | None = None) -> bytes:
        """Write the request; with an `order` the answer is streamed."""
        asked = [{"role": "user", "content": PROMPT + (order or "")}]
        streamed = {"stream": True, "stream_options": {"include_usage": True}} if order else {}
        return question(self.url, self.headers, {"model": self.model, "messages": asked, **streamed})


@dataclass(frozen=True)
class Measured:
    """What one plan gave; `p50` and `p99` are seconds."""

    count: int
    per_second: float
    p50: float
    p99: float
    errors: int = 0
    error: str = ""


class Samples:
    """Times of the answers that fell into the measured window."""

    def __init__(self, seconds: float, warm_up: float = WARM_UP_SECONDS) -> None:
        """Open the window after the warm-up."""
        self.begin = time.perf_counter() + warm_up
        self.end = self.begin + seconds
        self.times: list[float] = []
        self.errors: list[str] = []

    @property
    def is_open(self) -> bool:
        """Say whether to go on asking."""
        return time.perf_counter() < self.end

    def add(self, began: float, ended: float) -> None:
        """Count an answer if it ended inside the window."""
        if self.begin <= ended <= self.end:
            self.times.append(ended - began)

    def summed(self) -> Measured:
        """Return the figures; without a single answer there are none."""
        return measured(self.times, self.end - self.begin, self.errors)


def measured(times: list[float], seconds: float, errors: list[str]) -> Measured:
    """Sum up times that were taken within so many seconds. Raises AnswerError where there is none."""
    if not times:
        raise AnswerError(errors[0] if errors else "there was no answer in time")
    failed = (len(errors), errors[0]) if errors else (0, "")
    return Measured(len(times), len(times) / seconds, quantile(times, 0.5), quantile(times, 0.99), *failed)


async def closed(plan: Plan) -> Measured:
    """Ask on every connection again as soon as the answer is there."""
    samples, asked = Samples(plan.seconds), plan.question()

    async def ask_on(connection: Connection) -> None:
        while samples.is_open:
            began = time.perf_counter()
            samples.add(began, await connection.ask(asked))

    await _on_every_connection(plan, samples, ask_on)
    return samples.summed()


async def paced(plan: Plan) -> Measured:
    """Ask at a fixed rate; a question that had to wait for the answer before it counts from when it was due."""
    samples, asked = Samples(plan.seconds), plan.question()
    interval, start = plan.connections / plan.per_second, time.perf_counter()
    offsets = iter(range(plan.connections))

    async def ask_on(connection: Connection) -> None:
        due = start + next(offsets) / plan.per_second
        while samples.is_open:
            early = due - time.perf_counter()
            await asyncio.sleep(early)
            # The loop wakes up to a millisecond late, which is not the target's doing.
            began = time.perf_counter() if early > 0 else due
            samples.add(began, await connection.ask(asked))
            due += interval

    await _on_every_connection(plan, samples, ask_on)
    return samples.summed()


async def _on_every_connection(plan: Plan, samples: Samples, ask_on: Callable[[Connection], Any]) -> None:
    async def keep_asking() -> None:
        while samples.is_open:
            connection = await connected(plan.url)
            try:
                await ask_on(connection)
            except AnswerError as error:
                samples.errors.append(str(error))
            finally:
                connection.close()

    await asyncio.gather(*(keep_asking() for _ in range(plan.connections)))


async def first_token(plan: Plan) -> Measured:
    """Ask for short streams one after the other; the time ends with the first text."""
    samples = Samples(plan.seconds, warm_up=WARM_UP_SECONDS / 2)
    asked = plan.question(ORDER.format(chunks=FEW_CHUNKS, microseconds=FEW_PACE_MICROSECONDS))
    connection = await connected(plan.url)
    while samples.is_open:
        reader = StampReader()
        began = time.perf_counter()
        await connection.ask(asked, reader)
        samples.add(began, reader.first_at)
    return samples.summed()


class StampReader:
    """Finds the stamps in a stream that may be cut at any byte."""

    def __init__(self) -> None:
        """Begin without text."""
        self.first_at = 0.0
        self.count = 0
        self.delays: list[float] | None = None
        self._rest = b""

    def __call__(self, body: bytes) -> None:
        """Read a piece; where `delays` is a list, what each chunk needed to come here goes into it."""
        events, end, rest = (self._rest + body).rpartition(b"\n\n")
        self._rest = rest
        if not end:
            return
        found = STAMPED.findall(events)
        if found and not self.first_at:
            self.first_at = time.perf_counter()
        self.count += len(found)
        if self.delays is not None:
            now = time.monotonic_ns()
            self.delays.extend(seconds_since(each, now) for each in found)


async def streams(plan: Plan) -> Measured:
    """Hold many streams open and read them for a while, once each of them has begun."""
    pace = int(plan.connections / plan.per_second * 1e6)
    asked = plan.question(ORDER.format(chunks=1_000_000, microseconds=pace))
    connections = [await connected(plan.url) for _ in range(plan.connections)]
    readers = [StampReader() for _ in connections]
    asking = [asyncio.create_task(each.ask(asked, reader)) for each, reader in zip(connections, readers, strict=True)]
    await _until_begun(readers, asking)
    errors = [str(task.exception()) for task in asking if task.done()]
    delays: list[float] = []
    for reader in readers:
        reader.delays = delays
    await asyncio.sleep(plan.seconds)
    result = measured(delays, plan.seconds, errors)
    for each in connections:
        each.close()
    await asyncio.gather(*asking, return_exceptions=True)
    return result


async def _until_begun(readers: Iterable[StampReader], asking: list["asyncio.Task[float]"]) -> None:
    """Wait until every stream has shown text; a gateway that needs longer than this is measured as it is."""
    deadline = time.perf_counter() + 10
    while time.perf_counter() < deadline and not all(reader.count for reader in readers):
        if all(task.done() for task in asking):
            return
        await asyncio.sleep(0.05)
    await asyncio.sleep(WARM_UP_SECONDS)


KINDS = {"closed": closed, "paced": paced, "first_token": first_token, "streams": streams}


def main() -> None:
    """Carry out the plan of the command line; one sentence and 1 where the target does not answer."""
    plan = Plan(**orjson.loads(sys.argv[1]))
    try:
        result = asyncio.run(KINDS[plan.kind](plan), loop_factory=uvloop.new_event_loop)
    except (AnswerError, OSError) as error:
        sys.exit(f"{error}"[:500])
    sys.stdout.write(orjson.dumps(asdict(result)).decode())


if __name__ == "__main__":
    main()
