"""The state of limits that all gateway processes share, in Redis: one call of one script for any number of callers.

A batch touches keys of several projects, so it wants a single node (with replicas, or sharded by a proxy that keeps
scripts whole), not a Redis Cluster. Everything there may be lost at any time: it then begins anew.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, cast

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from llm_gateway.domain.limits import PARALLEL_WAIT, TOLERANCE, SpeedLimit

# Whoever waits longer for a decision than for the decided call's first byte is served better without it.
PATIENCE_SECONDS = 0.1
# A busy loop is late with reading what came in time: this much more, before the answer is given up.
GRACE_SECONDS = 0.02
# How long an answer may take that nobody waits for, before the connection is given up.
SOCKET_SECONDS = 1.0
# A slot that is not renewed for so long belongs to a process that is gone; it is renewed three times as often.
SLOT_SECONDS = 10.0

_SCRIPT = files("llm_gateway.store").joinpath("limit_script.lua").read_text()
_DIGEST = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
_HEAD = {"parallel_wait": PARALLEL_WAIT, "tolerance": TOLERANCE}


class ScriptAway(Exception):  # noqa: N818  no failure of ours: Redis is away, slow, or refuses to write
    """There is no answer within the patience of callers."""


@dataclass(slots=True)
class Batch:
    """What one call of the script decides, in this order: what comes back, what is still held, who asks."""

    limits: dict[str, tuple[int, list[float]]] = field(default_factory=dict)
    returned: list[tuple[int, int, str, list[int]]] = field(default_factory=list)
    held: list[tuple[int, list[str]]] = field(default_factory=list)
    asked: list[tuple[int, str, list[int]]] = field(default_factory=list)

    def give_back(self, limits: Sequence[SpeedLimit], requests: int, tokens: int, slot: str) -> None:
        """Return a call's slot and what it took too much; a negative number takes more."""
        self.returned.append((requests, tokens, slot, self._places(limits)))

    def hold(self, limit: SpeedLimit, slots: Iterable[str]) -> None:
        """Renew the slots of calls under way."""
        self.held.append((self._place(limit), list(slots)))

    def ask(self, limits: Sequence[SpeedLimit], tokens: int, slot: str) -> None:
        """Ask for a call that expects to use so many tokens."""
        self.asked.append((tokens, slot, self._places(limits)))

    def written(self, slot_seconds: float) -> bytes:
        """Write it for the script."""
        figures = [known[1] for known in self.limits.values()]
        parts = {"limits": figures, "returned": self.returned, "held": self.held, "asked": self.asked}
        return orjson.dumps({**_HEAD, "slot": slot_seconds * 1_000_000, **parts})

    def _places(self, limits: Sequence[SpeedLimit]) -> list[int]:
        return [self._place(limit) for limit in limits]

    def _place(self, limit: SpeedLimit) -> int:
        known = self.limits.get(limit.key)
        if known is None:
            known = self.limits[limit.key] = (len(self.limits) + 1, limit.figures())
        return known[0]


class LimitScript:
    """One connection to Redis; one call at a time."""

    def __init__(self, url: str, slot_seconds: float = SLOT_SECONDS) -> None:
        """Take the address, which the first call connects to, and how long slots last that nobody renews."""
        self.renew_seconds = slot_seconds * 0.3
        self._slot_seconds = slot_seconds
        self._under_way: set[asyncio.Task[bytes]] = set()
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=SOCKET_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            max_connections=2,
            # A connection that the server closed while it was idle is opened again; nothing else is said twice.
            retry=Retry(NoBackoff(), 1, (ConnectionLost,)),
        )

    async def decide(self, batch: Batch, *, is_patient: bool = False) -> list[list[float]]:
        """Decide about everybody in the batch, soon or as soon as a slow Redis can. Raises ScriptAway."""
        work = self._begun(batch)
        await asyncio.wait((work,), timeout=None if is_patient else PATIENCE_SECONDS)
        if not work.done():
            await asyncio.wait((work,), timeout=GRACE_SECONDS)
        if not work.done():
            raise ScriptAway
        try:
            return cast("list[list[float]]", orjson.loads(work.result())) if batch.asked else []
        except (RedisError, OSError, TimeoutError) as error:
            raise ScriptAway from error

    async def close(self) -> None:
        """Close the connection once nothing is under way on it."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._redis.aclose()

    def _begun(self, batch: Batch) -> "asyncio.Task[bytes]":
        """Begin a call that comes to its own end: a connection that is cancelled in the middle is left open."""
        work = asyncio.create_task(self._evaluate(batch))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        return work

    def _ended(self, work: "asyncio.Task[bytes]") -> None:
        self._under_way.discard(work)
        if not work.cancelled():
            work.exception()

    async def _evaluate(self, batch: Batch) -> bytes:
        arguments: tuple[Any, ...] = (len(batch.limits), *batch.limits, batch.written(self._slot_seconds))
        try:
            return await cast("Awaitable[bytes]", self._redis.evalsha(_DIGEST, *arguments))
        except NoScriptError:
            return await cast("Awaitable[bytes]", self._redis.eval(_SCRIPT, *arguments))
