"""The text of one running generation on its way into segments: its answer, and what is kept apart from it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from llm_gateway.domain import Lease, StopReason
from llm_gateway.store.segments import Piece
from shared.contracts.llm_gateway import GenerationUsage, SegmentKind

# A segment row is written when this much text waits, however recent the last one is (ARCHITECTURE, "one story").
FULL_SEGMENT_CHARACTERS = 2_048
# More than this waiting means that the database is away: reading on would only fill the memory.
MAX_WAITING_CHARACTERS = 262_144


@dataclass(slots=True)
class Run:
    """Waiting text of one kind."""

    kind: SegmentKind
    parts: list[str]
    characters: int = 0


@dataclass(eq=False, slots=True)
class Manuscript:
    """Text that was received, in order. Committed up to `last_segment`.

    `has_own_text` is true from the first words of the answer on; thoughts and drafts may be followed by another
    attempt. `due` is the event loop's time at which the waiting text shall be written.
    """

    lease: Lease
    last_segment: int
    has_own_text: bool = False
    is_lost: bool = False
    due: float = 0.0
    last_write: float = 0.0
    _waiting: deque[Run] = field(default_factory=deque)
    _on_stop: Callable[[StopReason], None] | None = None
    _usage: Callable[[], GenerationUsage] | None = None

    def watch(self, on_stop: Callable[[StopReason], None], usage: Callable[[], GenerationUsage]) -> None:
        """Name who is told of a lost lease, and who knows what the text has cost so far."""
        self._on_stop, self._usage = on_stop, usage

    def add(self, text: str, kind: SegmentKind) -> None:
        """Append text of a kind. A draft that is begun anew never shares a segment with the one before."""
        self.has_own_text |= kind == "text"
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.kind != kind or not (text and last.characters):
            self._waiting.append(Run(kind, []))
        run = self._waiting[-1]
        run.parts.append(text)
        run.characters += len(text)

    @property
    def has_waiting(self) -> bool:
        """Whether anything is waiting."""
        return bool(self._waiting)

    @property
    def is_mixed(self) -> bool:
        """Whether more than one segment is waiting, because a segment has one kind."""
        return len(self._waiting) > 1

    @property
    def is_full(self) -> bool:
        """Whether a whole segment is waiting."""
        return self._waiting_characters >= FULL_SEGMENT_CHARACTERS

    @property
    def is_overfull(self) -> bool:
        """Whether so much is waiting that the model's next words have to."""
        return self._waiting_characters >= MAX_WAITING_CHARACTERS

    @property
    def _waiting_characters(self) -> int:
        return sum(run.characters for run in self._waiting)

    def take(self) -> Piece | None:
        """Take what waits first as the next segment; None where nothing does. It counts as written from now on."""
        if not self._waiting:
            return None
        run = self._waiting.popleft()
        self.last_segment += 1
        return Piece(self.lease, self.last_segment, "".join(run.parts), run.kind)

    def lose(self) -> None:
        """Learn that another process has the lease."""
        self.is_lost = True
        if self._on_stop is not None:
            self._on_stop(StopReason.LEASE_LOST)

    def usage(self) -> GenerationUsage:
        """What the text has cost so far."""
        return self._usage() if self._usage is not None else GenerationUsage()
