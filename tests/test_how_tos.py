"""What the how-tos tell other teams to run is run as it stands there, against the whole house."""

import asyncio
import os
import re
import sys
import textwrap
from pathlib import Path

import pytest

from llm_gateway.api import errors, models
from local_stack.stack import LocalStack
from shared.problems import Problem
from tests.member import Member

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "point-your-sdk-here.md"
_FENCE = re.compile(r"^( *)```(sh|python)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PROVIDERS = ("OPENAI_", "ANTHROPIC_")


def _script(page: str) -> str:
    """All blocks of shell, then all of Python in one process, because importing an SDK takes longer than its call."""
    blocks = [(language, textwrap.dedent(block)) for _, language, block in _FENCE.findall(page)]
    shell, programs = ("\n".join(code for each, code in blocks if each == kind) for kind in ("sh", "python"))
    return f"set -eu\n{shell}\npython - <<'PROGRAM'\n{programs}\nPROGRAM\n"


async def _run(script: str, environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(180)
async def test_every_call_of_the_page_for_other_teams_is_answered(stack: LocalStack, admin: Member) -> None:
    await admin.post("/api/prompts", {"title": "Tide guide", "template": "Write about the tides of {{ harbour }}."})
    await admin.post("/api/aliases", {"name": "writer", "targets": ["simulator/quill+500", "simulator/quill"]})
    key = await admin.post(
        "/api/keys", {"name": "Other team", "scopes": ["models.call", "models.read", "prompts.read"]}
    )
    address = (await admin.get("/api/status"))["gateway_url"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(_PROVIDERS)}
    environment = own | {
        "GATEWAY": address,
        "KEY": key["api_key"],
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    code, output = await _run(_script(PAGE.read_text(encoding="utf-8")), environment)
    assert code == 0, output
    assert "Brest" in output
    assert "model_not_found" in output
    assert re.search(r"^simulator/quill \d$", output, re.MULTILINE)


def _kinds(problem: type[Problem]) -> list[type[Problem]]:
    return [kind for child in problem.__subclasses__() for kind in (child, *_kinds(child))]


def test_every_code_of_the_page_is_said_with_the_status_that_stands_beside_it() -> None:
    assert models.router.routes  # the whole gateway is imported, and with it all of its problems
    said = set()
    for kind in _kinds(Problem):
        name = kind.type.rpartition("/")[2]
        status = errors._STATUSES.get(kind.status, kind.status)
        said.add((str(status), errors._OPENAI_CODES.get(name, name.replace("-", "_"))))
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {(status, code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert told <= said
    assert len(told) > 10
