"""Thinking that a model writes into its text, told apart from the answer while both arrive. Pure.

Models served without a parser of their own put their thoughts before the answer, between `<think>` and `</think>`
or `<thinking>` and `</thinking>`. The same tags further on are text: an answer may be about them.
"""

from collections.abc import Iterator

from shared.contracts.llm_gateway import SegmentKind

Part = tuple[SegmentKind, str]

_OPENINGS = {"<think>": "</think>", "<thinking>": "</thinking>"}
_LONGEST_OPENING = max(map(len, _OPENINGS))


class ThinkSplitter:
    """Splits one answer, in whatever pieces it comes: the parts joined by kind are always the same.

    White space before a thought and between a thought and the answer belongs to neither.
    """

    def __init__(self) -> None:
        """Begin before the first character."""
        self._held = ""
        self._closing: str | None = None
        self._is_answering = False
        self._has_thought = False

    def feed(self, text: str) -> list[Part]:
        """Take the next piece and return what is decided; up to a tag's length may be held back."""
        if self._is_answering:
            return [("text", text)] if text else []
        self._held += text
        return list(self._decided())

    def close(self) -> list[Part]:
        """Return what is still held when nothing more comes. A thought that was never closed stays one."""
        held, self._held = self._held, ""
        if self._closing is not None:
            return [("think", held)] if held else []
        return [] if not held or (self._has_thought and held.isspace()) else [("text", held)]

    def _decided(self) -> Iterator[Part]:
        while True:
            if self._closing is None and not self._opened():
                yield from self._answered()
                return
            if self._closing is not None and (thought := self._take_thought()):
                yield "think", thought
            if self._closing is not None:
                return

    def _opened(self) -> bool:
        start = self._held.lstrip()
        for opening, closing in _OPENINGS.items():
            if start.startswith(opening):
                self._held = start.removeprefix(opening)
                self._closing = closing
                return True
        return False

    def _answered(self) -> Iterator[Part]:
        """Begin the answer, unless what is held may still become a tag."""
        start = self._held.lstrip()
        if len(start) < _LONGEST_OPENING and any(opening.startswith(start) for opening in _OPENINGS):
            return
        text = start if self._has_thought else self._held
        self._is_answering, self._held = True, ""
        yield "text", text

    def _take_thought(self) -> str:
        """Take what surely is thought; the tag that closes it may be split over pieces."""
        closing = self._closing or ""
        thought, tag, rest = self._held.partition(closing)
        if tag:
            self._held, self._closing, self._has_thought = rest, None, True
            return thought
        kept = _longest_beginning(self._held, closing)
        cut = len(self._held) - kept
        thought, self._held = self._held[:cut], self._held[cut:]
        return thought


def _longest_beginning(text: str, tag: str) -> int:
    """Count the characters at the end of `text` with which `tag` may begin."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
