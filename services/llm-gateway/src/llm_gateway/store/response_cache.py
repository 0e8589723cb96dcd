"""Answers that are kept for equal questions, in Redis: everything there may be lost at any time."""

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from llm_gateway.domain.caching import KeptAnswer
from shared.runtime import logger

SOCKET_SECONDS = 0.5
_CONNECTIONS = 8

log = logger(__name__)


class ResponseCache:
    """Keeps answers under the whole hash of their question. Without Redis nothing is kept and nothing fails."""

    def __init__(self, url: str | None) -> None:
        """Take the address; the first call connects to it."""
        self._redis: Redis | None = (
            Redis.from_url(
                url,
                socket_connect_timeout=SOCKET_SECONDS,
                socket_timeout=SOCKET_SECONDS,
                max_connections=_CONNECTIONS,
                retry=Retry(NoBackoff(), 0),
            )
            if url
            else None
        )

    async def find(self, key: str) -> KeptAnswer | None:
        """Find the answer to a question. What does not carry the question's own key is no answer to it."""
        if self._redis is None:
            return None
        try:
            found = await self._redis.get(_name(key))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("response_cache_away", error=type(error).__name__)
            return None
        answer = _read(found) if isinstance(found, bytes) else None
        return answer if answer is not None and answer.key == key else None

    async def keep(self, answer: KeptAnswer, seconds: int) -> None:
        """Keep an answer for so long."""
        if self._redis is None:
            return
        head = orjson.dumps(answer.head())
        try:
            await self._redis.set(_name(answer.key), head + b"\n" + answer.body, ex=seconds)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("response_cache_away", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()


def _name(key: str) -> str:
    return f"llm_gateway:answer:{key}"


def _read(value: bytes) -> KeptAnswer | None:
    head, _, body = value.partition(b"\n")
    try:
        return KeptAnswer(body=body, **orjson.loads(head))
    except (ValueError, TypeError):
        return None
