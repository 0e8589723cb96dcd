"""The README's commands are run as they stand there, and its links lead somewhere."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx2
import pytest

from shared.embedded.ports import free_ports

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKED = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")]
# `make test` is what runs this file; the others are played below, or here without carrying them out.
COMMANDS = sorted(set(re.findall(r"make ([a-z-]+)", README)))


@pytest.mark.parametrize("target", COMMANDS)
async def test_every_command_of_the_readme_is_one_that_make_knows(target: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "make", "--dry-run", target, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


@pytest.mark.timeout(180)
async def test_make_run_prints_a_link_that_opens_and_ends_cleanly(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = {"SCRIPTORIUM_PORT": str(port), "SCRIPTORIUM_DATA": str(tmp_path / "data")}
    process = await asyncio.create_subprocess_exec(
        *("make", "run"),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        link = await _link(process)
        async with httpx2.AsyncClient(trust_env=False) as client:
            page = await client.get(link)
            assert page.status_code == 200
            assert "<title>" in page.text
    finally:
        os.killpg(process.pid, signal.SIGINT)
        output, _ = await asyncio.wait_for(process.communicate(), 40)
    assert b"Traceback" not in output


async def _link(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(150):
        async for line in process.stdout:
            found = re.search(rb"http://localhost:\d+/\S+token=\S+", line)
            if found:
                return found.group().decode()
    sys.stderr.write("make run ended without a link\n")
    raise AssertionError


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_our_pages_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []
