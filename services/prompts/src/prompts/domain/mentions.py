"""Mentions of snippets in a template: `@name` is the latest version, `@name@3` a pinned one, `@@` a plain @.

A mention needs a boundary on its left (no letter, digit, @, / or . and not the end of an output), so that
e-mail addresses and paths stay as they are. Inside Liquid's own marks nothing is a mention.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prompts.domain.problems import TemplateTooHeavy

# Output, resolved graph and snippets share this bound, so that no text grows past it on the way.
MAX_EXPANDED_CHARACTERS = 262_144

_MENTION = re.compile(
    r"@@"
    r"|(?<![\w@/.])(?<!\}\})@(?P<name>[a-z](?:[a-z0-9-]{0,78}[a-z0-9])?)(?:@(?P<version>[1-9][0-9]{0,8}))?(?!-*[\w@])"
)
_OPENING = re.compile(r"\{[{%]")
_CLOSING = {"{{": "}}", "{%": "%}"}


@dataclass(frozen=True, order=True)
class Mention:
    """A snippet as a text names it; `version` 0 is the latest."""

    name: str
    version: int = 0

    def __str__(self) -> str:
        """Write it as the author did."""
        return f"@{self.name}@{self.version}" if self.version else f"@{self.name}"


@dataclass(frozen=True)
class Place:
    """Where a mention, or an escaped @ (`mention` None), stands in a text."""

    start: int
    end: int
    mention: Mention | None


@dataclass(frozen=True)
class Piece:
    """A run of an expanded text and where it came from; `mention` None is the author's own text."""

    expanded_start: int
    source_start: int
    mention: Mention | None


@dataclass(frozen=True)
class Expansion:
    """A text with its mentions replaced, and the map back."""

    text: str
    pieces: tuple[Piece, ...] = ()

    def source_of(self, offset: int) -> tuple[int, Mention | None]:
        """Tell where in the source an expanded offset came from, and through which snippet."""
        found = Piece(0, 0, None)
        for piece in self.pieces:
            if piece.expanded_start > offset:
                break
            found = piece
        inside = 0 if found.mention else offset - found.expanded_start
        return found.source_start + inside, found.mention


def find_places(text: str) -> Iterator[Place]:
    """Find the mentions and escaped @ of a text, in order and outside Liquid's marks."""
    for start, end in _plain_runs(text):
        for match in _MENTION.finditer(text, start, end):
            name = match["name"]
            yield Place(match.start(), match.end(), Mention(name, int(match["version"] or 0)) if name else None)


def find_mentions(text: str) -> list[Mention]:
    """List what a text mentions, each once, in the order of first mention."""
    return list(dict.fromkeys(place.mention for place in find_places(text) if place.mention))


def expand(text: str, contents: Mapping[Mention, str]) -> Expansion:
    """Put the snippets' contents in place of their mentions. Raises TemplateTooHeavy where the text grows too long.

    A mention without content stays as it is; whoever renders has asked before which are unknown.
    """
    parts: list[str] = []
    pieces: list[Piece] = []
    length = position = 0

    def take(part: str, source_start: int, mention: Mention | None) -> None:
        nonlocal length
        pieces.append(Piece(length, source_start, mention))
        parts.append(part)
        length += len(part)
        if length > MAX_EXPANDED_CHARACTERS:
            message = "With its snippets the template is longer than 256 KB. Shorten the snippets or mention fewer."
            raise TemplateTooHeavy(message, limit="size")

    for place in find_places(text):
        take(text[position : place.start], position, None)
        written = "@" if place.mention is None else contents.get(place.mention, text[place.start : place.end])
        take(written, place.start, place.mention)
        position = place.end
    take(text[position:], position, None)
    return Expansion("".join(parts), tuple(pieces))


def _plain_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs between Liquid's marks. Linear: one search for both, and what nothing closes is sought once."""
    position = search_from = 0
    unclosed: set[str] = set()
    while match := _OPENING.search(text, search_from):
        end = -1 if match[0] in unclosed else text.find(_CLOSING[match[0]], match.end())
        if end < 0:
            unclosed.add(match[0])
            search_from = match.start() + 1
            continue
        yield position, match.start()
        position = search_from = end + 2
    yield position, len(text)
