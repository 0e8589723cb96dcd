"""A small seeded grammar: sentences drawn from a file, none twice before all were used once."""

import hashlib
import json
import random
from functools import cache
from pathlib import Path

_SENTENCES = Path(__file__).with_name("sentences.json")


@cache
def _load_sentences() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads(_SENTENCES.read_text(encoding="utf-8"))
    return loaded


def seeded_random(*parts: object) -> random.Random:
    """A generator that gives the same numbers for the same parts, in every process."""
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    return random.Random(digest)  # noqa: S311 -- repeatable on purpose; nothing secret hangs on it


class Prose:
    """Draws sentences and decides small things, always in the same way for the same seed."""

    def __init__(self, *seed: object) -> None:
        self._random = seeded_random(*seed)
        self._decks: dict[str, list[str]] = {}

    def sentence(self, kind: str, **slots: str) -> str:
        """The next sentence of a kind, its slots filled and its first letter made a capital."""
        deck = self._decks.get(kind)
        if not deck:
            deck = list(_load_sentences()[kind])
            self._random.shuffle(deck)
            self._decks[kind] = deck
        text = deck.pop().format(**slots)
        return text[:1].upper() + text[1:]

    def paragraph(self, kinds: list[str], **slots: str) -> str:
        """One sentence of each kind, in order."""
        return " ".join(self.sentence(kind, **slots) for kind in kinds)

    def choose(self, options: list[str]) -> str:
        """One of the options."""
        return self._random.choice(options)

    def is_heads(self) -> bool:
        """A seeded toss of a coin."""
        return self._random.random() < 0.5
