"""How a list is searched and paged."""

import base64
import binascii
import re
from datetime import datetime
from uuid import UUID

from shared.problems import Invalid

_WORD = re.compile(r"\w+")


def prefix_query(query: str) -> str | None:
    """Write a tsquery in which every word of `query` begins a word of the text; None where it has no word."""
    words = _WORD.findall(query.lower())
    return " & ".join(f"'{word}':*" for word in words) or None


def write_cursor(updated_at: datetime, id_: UUID) -> str:
    """Name the last row of a page."""
    return base64.urlsafe_b64encode(f"{updated_at.isoformat()}|{id_.hex}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Read what `write_cursor` wrote. Raises Invalid for anything else."""
    try:
        moment, _, id_ = base64.urlsafe_b64decode(cursor).decode().partition("|")
        updated_at = datetime.fromisoformat(moment)
        return updated_at, UUID(hex=id_)
    except (ValueError, binascii.Error) as error:
        message = "is not a cursor of this list"
        raise Invalid.of([{"name": "cursor", "code": "cursor", "message": message}]) from error
