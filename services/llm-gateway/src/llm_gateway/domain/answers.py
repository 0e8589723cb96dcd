"""The answer of one generation while its attempts bring it: thoughts apart, nothing said twice at a seam. Pure."""

from llm_gateway.domain.thinking import Part, ThinkSplitter
from shared.contracts.llm_gateway import GenerationRequest, SegmentKind

# Models that go on repeat a sentence at most; looking further back would find chance likenesses.
SEAM_CHARACTERS = 500
# Less than this is as often meant as repeated: "ha" after "ha", a space after a space.
LEAST_OVERLAP_CHARACTERS = 12


class Seam:
    """Drops from the beginning of a text what repeats the end of the text before it, in whatever pieces it comes."""

    def __init__(self, before: str) -> None:
        """Take the text that the new one follows on."""
        self._before = before[-SEAM_CHARACTERS:]
        self._held = ""
        self._is_open = bool(self._before)

    def feed(self, text: str) -> str:
        """Take the next piece and return what is surely new."""
        if not self._is_open:
            return text
        self._held += text
        return "" if self._may_still_repeat() else self.close()

    def close(self) -> str:
        """Return what is new of what is still held."""
        held, self._held, self._is_open = self._held, "", False
        return held[self._overlap(held) :]

    def _may_still_repeat(self) -> bool:
        """Whether everything that came could be the beginning of a longer repetition."""
        return any(self._before.startswith(self._held, start) for start in range(len(self._before) - len(self._held)))

    def _overlap(self, text: str) -> int:
        longest = min(len(self._before), len(text))
        sizes = range(longest, LEAST_OVERLAP_CHARACTERS - 1, -1)
        return next((size for size in sizes if self._before.endswith(text[:size])), 0)


class Answer:
    """What the attempts of a generation have written together.

    Where a schema must hold it is a draft until it was checked. The text is kept only where something follows on it.
    """

    def __init__(self, request: GenerationRequest) -> None:
        """Begin with nothing."""
        self.kind: SegmentKind = "text" if request.response_schema is None else "draft"
        self._is_kept = request.response_schema is not None or request.continue_up_to > 0
        self._parts: list[str] = []
        self._settled = ""
        self._is_begun = False
        self._thinking = ThinkSplitter()
        self._seam = Seam("")

    @property
    def text(self) -> str:
        """The answer so far, thoughts excluded, as far as it is kept."""
        return self._settled + "".join(self._parts)

    def follow(self, text: str) -> None:
        """Let the next attempts go on after `text`, or begin anew where it is empty."""
        self._settled = text if self._is_kept else text[-SEAM_CHARACTERS:]
        self._parts.clear()
        self._is_begun = bool(text)

    def begin_attempt(self) -> list[Part]:
        """Drop what an attempt wrote that failed, and expect the next one; return what is written down before it.

        That is a draft's new beginning: an empty part, and what the attempt goes on from.
        """
        is_draft_good = self._is_begun and not self._parts
        self._parts.clear()
        self._thinking = ThinkSplitter()
        self._seam = Seam(self._settled)
        self._is_begun = True
        if self.kind == "text" or is_draft_good:
            return []
        return [("draft", ""), ("draft", self._settled)] if self._settled else [("draft", "")]

    def feed(self, text: str) -> list[Part]:
        """Take text as the model sends it; return what shall be written down."""
        return self._sorted(self._thinking.feed(text), is_last=False)

    def close(self) -> list[Part]:
        """Return what was held back, when nothing more comes of this attempt."""
        return self._sorted(self._thinking.close(), is_last=True)

    def _sorted(self, parts: list[Part], *, is_last: bool) -> list[Part]:
        found: list[Part] = []
        for kind, text in parts:
            found.append(("think", text) if kind == "think" else self._kept(self._seam.feed(text)))
        if is_last:
            found.append(self._kept(self._seam.close()))
        return [part for part in found if part[1]]

    def _kept(self, text: str) -> Part:
        if self._is_kept and text:
            self._parts.append(text)
        return self.kind, text
