"""Who this gateway process is, and how many live beside it."""

import asyncio
import contextlib

from llm_gateway.store import presence
from shared.contracts.ids import new_id
from shared.postgres import Database
from shared.problems import Unavailable

BEAT_SECONDS = 3.0
# Two beats may be lost before the others count without this process.
SILENCE_SECONDS = 10.0


class Presence:
    """The process's name and heartbeat. A restarted process has a new name: it inherits nothing.

    `processes` is how many live, this one included; while the database is away it is what was last known.
    """

    def __init__(self, database: Database) -> None:
        """Choose the name; nobody knows it before the first `beat`."""
        self.process_id = new_id()
        self.processes = 1
        self._database = database

    async def beat(self) -> None:
        """Tell the others that this process lives, and count them. Raises Unavailable."""
        async with self._database.relay() as conn:
            self.processes = await presence.beat(conn, self.process_id, SILENCE_SECONDS)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.beat()

    async def leave(self) -> None:
        """Tell the others that this process ends, if the database hears it."""
        with contextlib.suppress(Unavailable):
            async with self._database.relay() as conn:
                await presence.leave(conn, self.process_id)
