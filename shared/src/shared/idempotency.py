"""Idempotency keys: the owner of an effect keeps key, request hash and answer in the effect's transaction.

The same key and request give the same answer for a day; another request under the key is refused; a request
that is still under way is 409, so that a hundred at once make one thing.
"""

import hashlib
from typing import TypeVar

from pydantic import BaseModel

from shared.call import Call
from shared.postgres import Connection
from shared.problems import Conflict, Problem

A = TypeVar("A", bound=BaseModel)

KEEP_HOURS = 24


class IdempotencyKeyReused(Problem):
    """The key was used for another request."""

    type = "/problems/idempotency-key-reused"
    title = "Idempotency key used for another request"
    status = 422


class RequestUnderWay(Conflict):
    """The first request with this key has not ended."""

    type = "/problems/request-under-way"
    title = "The same request is under way"


async def recall[A: BaseModel](conn: Connection, call: Call, command: BaseModel, answer_type: type[A]) -> A | None:
    """Return the answer that was given before to this key; None without a key or the first time.

    Raises IdempotencyKeyReused or RequestUnderWay. Call it at the start of the transaction.
    """
    if call.idempotency_key is None:
        return None
    await _take_lock(conn, call)
    row = await conn.fetchrow(
        "SELECT request_hash, answer FROM idempotency_keys WHERE project_id = $1 AND key = $2",
        call.project_id,
        _key(call),
    )
    if row is None:
        return None
    if row["request_hash"] != _hash(command):
        message = "This Idempotency-Key was used for another request. Take a new one."
        raise IdempotencyKeyReused(message)
    return answer_type.model_validate(row["answer"])


async def remember(conn: Connection, call: Call, command: BaseModel, answer: BaseModel) -> None:
    """Keep the answer under the key, in the transaction of the effect."""
    if call.idempotency_key is None:
        return
    await conn.execute(
        "INSERT INTO idempotency_keys (project_id, key, request_hash, answer) VALUES ($1, $2, $3, $4)",
        call.project_id,
        _key(call),
        _hash(command),
        answer.model_dump(mode="json"),
    )


async def forget_old(conn: Connection) -> None:
    """Drop what is older than a day, with the relay role."""
    await conn.execute("DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => $1)", KEEP_HOURS)


async def _take_lock(conn: Connection, call: Call) -> None:
    name = f"{call.project_id}/{_key(call)}"
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", name):
        message = "The same request is under way. Wait for its answer, or ask again in a moment."
        raise RequestUnderWay(message)


def _key(call: Call) -> str:
    # Two people of a project may choose the same key: it is theirs only together with who they are.
    return f"{call.actor_id}/{call.idempotency_key}"


def _hash(command: BaseModel) -> bytes:
    return hashlib.sha256(f"{type(command).__name__}{command.model_dump_json()}".encode()).digest()
