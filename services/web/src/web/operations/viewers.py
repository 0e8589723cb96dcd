"""Viewers: one subscription a process, many browsers behind it, each with a bounded memory.

A browser that reads too slowly loses what is live, never what is stored: it is told that it missed something
and reads the rows again.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# Twenty seconds of a fast model, or the text of a book: who left more unread has stopped reading.
KEPT_MESSAGES = 600
KEPT_BYTES = 1_000_000


class Viewer[T]:
    """One browser's share of what is live."""

    def __init__(self) -> None:
        """Begin with nothing missed."""
        self._messages: deque[T] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self.missed = False
        self.ended = False

    def tell(self, message: T, size: int) -> None:
        """Keep a message of `size` bytes, or note that one was missed."""
        if len(self._messages) >= KEPT_MESSAGES or self._bytes + size > KEPT_BYTES:
            self.miss()
        else:
            self._messages.append(message)
            self._bytes += size
            self._wake.set()

    def miss(self) -> None:
        """Drop what is kept: the reader must look at the rows again."""
        self._take()
        self.missed = True
        self._wake.set()

    def end(self) -> None:
        """Let the reader go: the process stops, or the session ended. A browser that may, connects again."""
        self.ended = True
        self._wake.set()

    async def next(self, seconds: float) -> list[T]:
        """Return what came, as soon as something did; nothing after `seconds`, or when something was missed."""
        if not self._messages and not self.missed and not self.ended:
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                return []
        return self._take()

    def _take(self) -> list[T]:
        taken = list(self._messages)
        self._messages.clear()
        self._bytes = 0
        return taken

    def take_missed(self) -> bool:
        """Say once whether something was missed."""
        missed, self.missed = self.missed, False
        return missed


class Viewers[K, T]:
    """The viewers of this process by what they look at."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_key: dict[K, set[Viewer[T]]] = {}
        self._closing = False

    @contextmanager
    def viewing(self, key: K) -> Iterator[Viewer[T]]:
        """Look at `key` for as long as the context lasts."""
        viewer: Viewer[T] = Viewer()
        viewer.ended = self._closing
        self._by_key.setdefault(key, set()).add(viewer)
        try:
            yield viewer
        finally:
            self._by_key[key].discard(viewer)
            if not self._by_key[key]:
                del self._by_key[key]

    def of(self, key: K) -> list[Viewer[T]]:
        """List who looks at `key`."""
        return list(self._by_key.get(key, ()))

    def all(self) -> list[Viewer[T]]:
        """List everybody."""
        return [viewer for viewers in self._by_key.values() for viewer in viewers]

    def keys(self) -> set[K]:
        """List what is looked at."""
        return set(self._by_key)

    def close(self) -> None:
        """Let everybody go, and whoever comes later too."""
        self._closing = True
        for viewer in self.all():
            viewer.end()
