"""Checking answers against schemas, away from everything else: see `check_worker` for the bounds."""

import asyncio
import contextlib
import json
import sys

from pydantic import JsonValue

from llm_gateway.domain.structured import Mismatch
from shared.runtime import logger

# The kernel ends a check by its processor time; this is for a machine on which it gets none.
WALL_SECONDS = 30.0
# Longer than any answer that a model can write.
_LONGEST_LINE = 64 * 1024 * 1024
_TOO_HEAVY = Mismatch(("At the beginning: the answer takes too long to be checked.",))

log = logger(__name__)


class Checker:
    """One process that checks, started with the first answer and replaced when it had to be ended."""

    def __init__(self) -> None:
        """Begin without a process: most gateways never need one."""
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def check(self, text: str, schema: dict[str, JsonValue], *, is_cut: bool) -> str | Mismatch:
        """Do what `check_answer` does; what it takes too long for does not fit."""
        async with self._turn:
            try:
                async with asyncio.timeout(WALL_SECONDS):
                    outcome = await self._perform(json.dumps([text, schema, is_cut]).encode())
            except (TimeoutError, EOFError, ConnectionError):
                log.warning("answer_not_checked", characters=len(text))
                await self.close()
                return _TOO_HEAVY
            except BaseException:  # cancelled too
                # Cancelled in the middle: the next line would be somebody else's.
                await self.close()
                raise
        return outcome if isinstance(outcome, str) else Mismatch(tuple(outcome))

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _perform(self, line: bytes) -> str | list[str]:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "llm_gateway.operations.check_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
                # The service's settings hold secrets; a process for what anybody sends gets none of them.
                env={},
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101  asked for as a pipe
        assert stdout is not None  # noqa: S101  the same
        stdin.write(line + b"\n")
        await stdin.drain()
        outcome: str | list[str] = json.loads(await stdout.readuntil(b"\n"))
        return outcome
