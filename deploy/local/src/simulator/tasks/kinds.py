"""Kinds of work that a prompt can ask for, recognised by its verbs."""

import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from simulator.tasks.vocabulary import vocabulary

_KINDS = Path(__file__).with_name("kinds.json")
_WORD = re.compile(r"[^\W\d_]+")


class Kind(BaseModel):
    """One kind of work: how to recognise it and what a good prompt for it says."""

    model_config = ConfigDict(frozen=True)

    name: str
    verbs: list[str]
    noun: str
    role: str
    steps: list[str]
    constraints: list[str]
    format: str


@cache
def _kinds_by_verb() -> dict[str, Kind]:
    kinds = TypeAdapter(list[Kind]).validate_json(_KINDS.read_bytes())
    return {verb: kind for kind in kinds for verb in kind.verbs}


def is_verb(word: str) -> bool:
    """Whether a word is one that prompts give orders with."""
    return word.lower() in _kinds_by_verb()


def starts_with_order(unit: str) -> bool:
    """Whether a sentence begins with an order, a leading "please" aside."""
    words = _WORD.findall(unit[:80].lower())
    return bool(words) and is_verb(words[1] if words[0] == "please" and words[1:] else words[0])


def continues_order(unit: str) -> bool:
    """Whether a sentence goes on with an order given before, as "include the price" does."""
    words = _WORD.findall(unit[:80].lower())
    return bool(words) and words[0] in vocabulary("goes on with an order")


def recognise_kind(text: str) -> Kind:
    """The kind of work named by the first known verb; writing, if there is none."""
    verbs = _kinds_by_verb()
    found = (verbs[word] for word in _WORD.findall(text.lower()) if word in verbs)
    return next(found, verbs["write"])
