"""What identifies a version, and how slugs are made."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

from shared.contracts.prompts import Parameter

LATEST = "latest"
MAX_SLUG_LENGTH = 80
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def canonical_text(text: str) -> str:
    """Write line ends as LF, so that the same text has one hash on every system."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def content_hash(template: str, parameters: Sequence[Parameter]) -> str:
    """SHA-256 over the canonical template and its parameters in their order, in hexadecimal."""
    content = {
        "template": canonical_text(template),
        "parameters": [parameter.model_dump(mode="json") for parameter in parameters],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def slug_from_title(title: str) -> str:
    """Make a slug of the title's letters and digits; a title that has none in ASCII becomes `prompt`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain).strip("-")[:MAX_SLUG_LENGTH].rstrip("-") or "prompt"


def free_slug(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3`, … that is not taken."""
    used = set(taken)
    number = 1
    slug = wanted
    while slug in used:
        number += 1
        ending = f"-{number}"
        slug = wanted[: MAX_SLUG_LENGTH - len(ending)].rstrip("-") + ending
    return slug
