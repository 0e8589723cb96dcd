"""Changes: the facts of a project as small server-sent events that tell a browser what to read again."""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson

from shared.bus import Bus
from shared.contracts.ids import decode_id
from shared.envelope import PROJECT
from web.operations.viewers import Viewer, Viewers

PING_SECONDS = 15.0
HELLO = b"event: hello\ndata: {}\n\n"
PING = b": ping\n\n"
RECONNECT = b"retry: 500\n\n"


class Changes:
    """The facts that reach this process, and the browsers that want to know of them."""

    def __init__(self, bus: Bus) -> None:
        """Take the connection to hear them on."""
        self._bus = bus
        self._viewers: Viewers[UUID, bytes] = Viewers()
        bus.on_reconnect(self._miss_all)

    @property
    def viewers(self) -> Viewers[UUID, bytes]:
        """Who looks at which project."""
        return self._viewers

    async def start(self) -> None:
        """Hear every fact from now on."""
        await self._bus.listen("fact.>", self._hear)

    def close(self) -> None:
        """Let every browser go: this process stops."""
        self._viewers.close()

    async def _hear(self, subject: str, _data: bytes, headers: dict[str, str]) -> None:
        try:
            viewers = self._viewers.of(decode_id("pj", headers[PROJECT]))
        except (KeyError, ValueError):
            return
        if viewers:
            event = change_event(subject, headers.get("ce-subject", ""), headers.get("ce-time", ""))
            for viewer in viewers:
                viewer.tell(event, len(event))

    def _miss_all(self) -> None:
        for viewer in self._viewers.all():
            viewer.miss()


def change_event(subject: str, entity_id: str, time: str) -> bytes:
    """Say which entity changed and how: `fact.prompts.prompt.created.v1` is prompt, created."""
    _, _, entity, action, _ = subject.split(".")
    told = {"entity": entity, "id": entity_id, "action": action, "time": time}
    return b"event: change\ndata: %b\n\n" % orjson.dumps(told)


async def change_events(viewer: Viewer[bytes]) -> AsyncIterator[bytes]:
    """Yield a hello, then changes; a hello again where some were missed, so that the browser reads all anew."""
    yield HELLO
    while True:
        events = await viewer.next(PING_SECONDS)
        if viewer.ended:
            yield RECONNECT
            return
        yield HELLO if viewer.take_missed() else b"".join(events) or PING
