"""Speed that forgets a call is no speed: the usage rows of our gateway are held against the calls of the provider."""

import asyncio

import asyncpg
import httpx2

from tests.bench.gateway.targets import Target

# Calls that the load generator hung up on are settled within seconds.
SETTLE_SECONDS = 15
_COUNTS = """
    SELECT (SELECT count(*) FROM provider_attempts WHERE endpoint = 'chat_completions') AS attempts,
           (SELECT count(*) FROM provider_attempts WHERE endpoint = 'chat_completions' AND status = 'cancelled')
               AS given_up,
           (SELECT count(*) FROM usage WHERE endpoint = 'chat_completions' AND NOT cache_hit) AS usage
"""


async def calls_of(provider_url: str) -> int:
    """Ask the provider how many calls it has answered so far."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        return int((await client.get(f"{provider_url}/calls")).text)


async def accounted_for(target: Target, calls: int) -> str:
    """Compare our rows with the provider's number of calls, in a sentence; other gateways keep none.

    A row is there before its call: whoever hangs up in between leaves a row, closed as cancelled, without a call.
    """
    if target.stack is None:
        return ""
    dsn = target.stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway")
    connection = await asyncpg.connect(dsn)
    try:
        for _ in range(SETTLE_SECONDS):
            attempts, given_up, usage = await connection.fetchrow(_COUNTS)
            if attempts == usage:
                break
            await asyncio.sleep(1)
    finally:
        await connection.close()
    is_exact = attempts == usage and attempts - given_up <= calls <= attempts
    verdict = "none is missing" if is_exact else "**they differ**"
    return (
        f"Ours asked the provider {calls:,} times and wrote {attempts:,} attempt rows ({given_up:,} of calls that the "
        f"load generator gave up) and {usage:,} usage rows: {verdict}."
    )
