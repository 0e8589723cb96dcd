"""The text of one running generation on its way into segments."""

from collections.abc import Callable
from dataclasses import dataclass, field

from llm_gateway.domain import Lease, StopReason
from llm_gateway.store.segments import Piece
from shared.contracts.llm_gateway import GenerationUsage

# A segment row is written when this much text waits, however recent the last one is (ARCHITECTURE, "one story").
FULL_SEGMENT_CHARACTERS = 2_048
# More than this waiting means that the database is away: reading on would only fill the memory.
MAX_WAITING_CHARACTERS = 262_144


@dataclass(eq=False, slots=True)
class Manuscript:
    """Text that was received, in order. Committed up to `last_segment`; `characters` counts what waits, too.

    `due` is the event loop's time at which the waiting text shall be written.
    """

    lease: Lease
    last_segment: int
    characters: int
    has_own_text: bool = False
    is_lost: bool = False
    due: float = 0.0
    last_write: float = 0.0
    _waiting: list[str] = field(default_factory=list)
    _waiting_characters: int = 0
    _on_stop: Callable[[StopReason], None] | None = None
    _usage: Callable[[], GenerationUsage] | None = None

    def watch(self, on_stop: Callable[[StopReason], None], usage: Callable[[], GenerationUsage]) -> None:
        """Name who is told of a lost lease, and who knows what the text has cost so far."""
        self._on_stop, self._usage = on_stop, usage

    def add(self, text: str) -> None:
        """Append text that a model wrote."""
        self.has_own_text = True
        self._waiting.append(text)
        self._waiting_characters += len(text)
        self.characters += len(text)

    @property
    def is_full(self) -> bool:
        """Whether a whole segment is waiting."""
        return self._waiting_characters >= FULL_SEGMENT_CHARACTERS

    @property
    def is_overfull(self) -> bool:
        """Whether so much is waiting that the model's next words have to."""
        return self._waiting_characters >= MAX_WAITING_CHARACTERS

    def take(self) -> Piece | None:
        """Take what waits as the next segment; None where nothing does. It counts as written from now on."""
        if not self._waiting:
            return None
        text = "".join(self._waiting)
        self._waiting.clear()
        self._waiting_characters = 0
        self.last_segment += 1
        return Piece(self.lease, self.last_segment, text)

    def lose(self) -> None:
        """Learn that another process has the lease."""
        self.is_lost = True
        if self._on_stop is not None:
            self._on_stop(StopReason.LEASE_LOST)

    def usage(self) -> GenerationUsage:
        """What the text has cost so far."""
        return self._usage() if self._usage is not None else GenerationUsage()
