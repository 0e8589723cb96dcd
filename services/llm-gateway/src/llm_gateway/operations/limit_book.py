"""What this process knows of the projects' limits."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import SpeedLimit
from llm_gateway.store import limits
from shared.bus import Bus
from shared.contracts.llm_gateway import LimitSaved
from shared.envelope import read_headers
from shared.postgres import Database

# A change is told at once; this bounds what a lost message costs.
CACHE_SECONDS = 10.0
_CACHE_SIZE = 10_000

type _Limits = dict[tuple[str, UUID], SpeedLimit]


@dataclass(slots=True)
class _Page:
    reading: "asyncio.Task[_Limits]"
    until: float = field(default_factory=lambda: time.monotonic() + CACHE_SECONDS)


class LimitBook:
    """Limits by project, each remembered for ten seconds and forgotten when it changes."""

    def __init__(self, database: Database) -> None:
        """Begin with nothing known."""
        self._database = database
        self._pages: dict[UUID, _Page] = {}

    def known(self, account: Account) -> tuple[SpeedLimit, ...] | None:
        """Return the limits that hold for this account, the widest first; None where they must be read first."""
        page = self._pages.get(account.project_id)
        if page is None or page.until < time.monotonic() or not page.reading.done():
            return None
        return _applying(account, page.reading.result())

    async def find(self, account: Account) -> tuple[SpeedLimit, ...]:
        """Read the limits that hold for this account. Who asks meanwhile waits for the same answer."""
        page = self._pages.get(account.project_id)
        if page is None or page.until < time.monotonic():
            page = self._turn_to(account.project_id)
        return _applying(account, await asyncio.shield(page.reading))

    async def listen(self, bus: Bus) -> None:
        """Hear every change from now on."""
        await bus.listen(LimitSaved.subject, self._forget)

    def _turn_to(self, project_id: UUID) -> _Page:
        if len(self._pages) >= _CACHE_SIZE:
            self._pages.clear()
        page = self._pages[project_id] = _Page(asyncio.create_task(self._read(project_id)))
        page.reading.add_done_callback(lambda reading: self._close_failed(project_id, reading))
        return page

    async def _read(self, project_id: UUID) -> _Limits:
        async with self._database.transaction(project_id) as conn:
            rows = await limits.find_limits(conn, project_id)
        return {(row.scope, row.scope_id): SpeedLimit.of(project_id, row) for row in rows}

    def _close_failed(self, project_id: UUID, reading: "asyncio.Task[_Limits]") -> None:
        page = self._pages.get(project_id)
        if page is not None and page.reading is reading and (reading.cancelled() or reading.exception() is not None):
            del self._pages[project_id]

    async def _forget(self, _subject: str, _data: bytes, headers: dict[str, str]) -> None:
        self._pages.pop(read_headers(headers).project_id, None)


def _applying(account: Account, known: _Limits) -> tuple[SpeedLimit, ...]:
    if not known:
        return ()
    return tuple(known[scope] for scope in account.scopes() if scope in known)
