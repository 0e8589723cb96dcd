"""A process that calls under limits, for tests of several: it says when it is ready, and how many were admitted."""

import asyncio
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
    await asyncio.to_thread(sys.stdin.readline)
    admitted = await flood(limiter, account, order)
    say({"admitted": admitted})
    await asyncio.to_thread(sys.stdin.readline)
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


def say(what: dict[str, object]) -> None:
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


asyncio.run(main())
