"""Spoiling JSON on purpose: text that ends too soon, or a value that its schema forbids."""

import json
from typing import Literal

type JsonFlaw = Literal["broken", "wrong"]


def spoil(text: str, flaw: JsonFlaw | None) -> str:
    """JSON with a flaw; nothing changes without one.

    `broken` cannot be parsed. `wrong` can, but lacks its first property, or is of another type where it has none.
    """
    if flaw is None:
        return text
    if flaw == "broken":
        return text[: max(len(text) * 2 // 3, 1)]
    value = json.loads(text)
    if not isinstance(value, dict) or not value:
        return "[]" if value == {} else "{}"
    return json.dumps(dict(list(value.items())[1:]), ensure_ascii=False)
