"""What JSON in Python can hold and a row or a message cannot."""

import math

from pydantic_core import PydanticCustomError

# What orjson writes and PostgreSQL's bigint holds.
_LARGEST_INTEGER = 2**63 - 1
_MESSAGES = {
    "integer_size": "This number has more than 64 bits.",
    "finite_number": "This is not a finite number.",
    "nul_character": "The character U+0000 cannot be stored.",
    "string_unicode": "This text holds half of a surrogate pair.",
}


def refuse_unstorable(value: object) -> None:
    """Raise PydanticCustomError where a value, or one inside it, cannot be stored or sent on.

    These are U+0000, which PostgreSQL keeps in no text; half a surrogate pair, which UTF-8 cannot write; integers
    beyond 64 bits; and what JSON has no number for.
    """
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += [*inner, *inner.values()]
        elif isinstance(inner, list):
            waiting += inner
        elif code := _fault(inner):
            raise PydanticCustomError(code, _MESSAGES[code])


def _fault(value: object) -> str | None:
    if isinstance(value, str):
        return _fault_of_text(value)
    if isinstance(value, int):
        return "integer_size" if abs(value) > _LARGEST_INTEGER else None
    return "finite_number" if isinstance(value, float) and not math.isfinite(value) else None


def _fault_of_text(text: str) -> str | None:
    if "\0" in text:
        return "nul_character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "string_unicode"
    return None
