"""Ids: a UUID in Python and in rows, `prefix_` and 26 base32 characters on every wire.

The alphabet is Crockford's base32 in lower case (https://www.crockford.com/base32.html): no i, l, o, u,
so that an id can be read out on the telephone. Sorting the text sorts the UUIDs.
"""

import re
import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LENGTH = 26
_BITS = 5
_SHAPE = re.compile(rf"[0-7][{ALPHABET}]{{{_LENGTH - 1}}}")


def encode_id(prefix: str, value: UUID) -> str:
    """Write `value` as `prefix_` and 26 characters."""
    number = value.int
    return f"{prefix}_" + "".join(
        ALPHABET[(number >> shift) & 31] for shift in range((_LENGTH - 1) * _BITS, -1, -_BITS)
    )


def decode_id(prefix: str, text: str) -> UUID:
    """Read what `encode_id` wrote. Raises ValueError for another prefix, length or alphabet."""
    body = text.removeprefix(f"{prefix}_")
    if body == text or not _SHAPE.fullmatch(body):
        message = f"not an id that begins with {prefix}_"
        raise ValueError(message)
    number = 0
    for character in body:
        number = number << _BITS | _VALUES[character]
    return UUID(int=number)


def _read(prefix: str, value: object) -> UUID:
    """Take a UUID as it is, and read the wire text."""
    return value if isinstance(value, UUID) else decode_id(prefix, value if isinstance(value, str) else "")


def new_id() -> UUID:
    """Make a UUID of version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    randomness = secrets.randbits(74)
    high, low = randomness >> 62, randomness & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


@dataclass(frozen=True)
class WireId:
    """Tell pydantic how an id of this prefix is read and written; Python code sees a plain UUID."""

    prefix: str

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept a UUID or the wire text; write the wire text."""
        from_text = core_schema.no_info_after_validator_function(
            partial(decode_id, self.prefix), core_schema.str_schema(strict=True)
        )
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            # One function instead of a union: a refused value is then one error under the field's own name.
            python_schema=core_schema.no_info_plain_validator_function(partial(_read, self.prefix)),
            serialization=core_schema.plain_serializer_function_ser_schema(
                partial(encode_id, self.prefix), return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, object]:
        """Describe the wire text."""
        return {"type": "string", "pattern": f"^{self.prefix}_[0-7][{ALPHABET}]{{{_LENGTH - 1}}}$"}


ProjectId = Annotated[UUID, WireId("pj")]
UserId = Annotated[UUID, WireId("us")]
ApiKeyId = Annotated[UUID, WireId("ak")]
PromptSetId = Annotated[UUID, WireId("ps")]
PromptId = Annotated[UUID, WireId("pr")]
PromptVersionId = Annotated[UUID, WireId("pv")]
SnippetId = Annotated[UUID, WireId("sn")]
SnippetVersionId = Annotated[UUID, WireId("sv")]
OptimizationId = Annotated[UUID, WireId("op")]
DocumentId = Annotated[UUID, WireId("do")]
GenerationId = Annotated[UUID, WireId("ge")]
AttemptId = Annotated[UUID, WireId("at")]
ConnectionId = Annotated[UUID, WireId("co")]
RunId = Annotated[UUID, WireId("ru")]
BudgetId = Annotated[UUID, WireId("bu")]
EventId = Annotated[UUID, WireId("ev")]
