"""Prompts inside prompts: `{% render 'set/slug' %}`; a slug alone means the set `default`."""

import re

DEFAULT_SET = "default"
# A person can still follow four prompts inside one; deeper is nearly always a mistake.
MAX_DEPTH = 5
# Past this the graph is no text that anybody reads, and each node costs a query and a parse.
MAX_NODES = 100

# Bounded repetition keeps the search linear on hostile text.
_RENDER = re.compile(r"\{%-?\s{0,20}render\s{1,20}(?P<quote>['\"])(?P<address>[^'\"]{1,170})(?P=quote)")


def find_includes(template: str) -> list[str]:
    """List the addresses that a template renders, as they are written, each once."""
    return list(dict.fromkeys(match["address"] for match in _RENDER.finditer(template)))


def full_address(address: str) -> str:
    """Write an address with its set."""
    return address if "/" in address else f"{DEFAULT_SET}/{address}"
