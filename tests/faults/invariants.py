"""Questions to every database whose answer must be empty, asked after each fault test.

Each service keeps its own in `invariants.sql`: statements separated by blank lines, each begun by a comment that
says what a row would mean.
"""

from pathlib import Path

import asyncpg

from local_stack.stack import LocalStack
from shared.contracts.message import SERVICES

ROOT = Path(__file__).parents[2]


def invariants_of(service: str) -> list[str]:
    """Read a service's statements."""
    path = ROOT / "services" / service.replace("_", "-") / "invariants.sql"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [statement for statement in (part.strip() for part in text.split(";")) if _asks(statement)]


def _asks(statement: str) -> bool:
    return any(line and not line.startswith("--") for line in statement.splitlines())


async def violations(stack: LocalStack) -> list[str]:
    """Ask every service's questions; return the questions that had an answer."""
    found: list[str] = []
    for service in SERVICES:
        connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", f"scriptorium_{service}"))
        try:
            for statement in invariants_of(service):
                rows = await connection.fetch(statement)
                found += [f"{service}: {statement.splitlines()[0]} {dict(row)}" for row in rows[:3]]
        finally:
            await connection.close()
    return found
