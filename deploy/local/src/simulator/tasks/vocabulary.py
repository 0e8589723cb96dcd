"""Word lists of the simulator's little grammar, kept in a file of their own."""

import json
from functools import cache
from pathlib import Path

_VOCABULARY = Path(__file__).with_name("vocabulary.json")


@cache
def vocabulary(name: str) -> frozenset[str]:
    """One named list of lower-case words."""
    return frozenset(json.loads(_VOCABULARY.read_text(encoding="utf-8"))[name])
