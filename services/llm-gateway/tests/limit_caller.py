"""Processes that call under limits: each says when it is ready, waits for its word, and says how many were admitted."""

import asyncio
import os
import sys
import time
from uuid import UUID

import orjson

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import TooFast
from llm_gateway.operations.limit_book import LimitBook
from llm_gateway.operations.limiting import Limiter
from llm_gateway.operations.presence import Presence
from llm_gateway.store.limit_script import LimitScript
from shared.postgres import connect_database


async def main() -> None:
    order = orjson.loads(sys.argv[1])
    database = await connect_database(order["app"], order["relay"], application_name="limit caller")
    script = LimitScript(order["redis"], order["slot_seconds"])
    limiter = Limiter(LimitBook(database), script, Presence(database))
    assert await limiter.reach()
    renewing = asyncio.create_task(limiter.run())
    account = Account(UUID(order["project"]), UUID(order["actor"]))
    say({"ready": True})
    await asyncio.to_thread(hear)
    admitted = await flood(limiter, account, order)
    say({"admitted": admitted})
    await asyncio.to_thread(hear)
    renewing.cancel()


async def flood(limiter: Limiter, account: Account, order: dict[str, float]) -> int:
    until, admitted = time.monotonic() + order["seconds"], 0

    async def call_again() -> None:
        nonlocal admitted
        while time.monotonic() < until:
            try:
                admission = await limiter.admit(account, int(order["tokens"]))
            except TooFast:
                await asyncio.sleep(0.001)
            else:
                admitted += 1
                if not order["keeps"]:
                    limiter.finish(admission, int(order["tokens"]))

    await asyncio.gather(*(call_again() for _ in range(int(order["callers"]))))
    return admitted


def hear() -> None:
    """Wait for the one byte that is this process's, of those that all read from."""
    os.read(sys.stdin.fileno(), 1)


def say(what: dict[str, object]) -> None:
    os.write(sys.stdout.fileno(), orjson.dumps(what) + b"\n")


def begin() -> None:
    """Become so many processes, now that all is imported, and no loop or thread runs yet."""
    processes: int = orjson.loads(sys.argv[1])["processes"]
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    asyncio.run(main())


begin()
