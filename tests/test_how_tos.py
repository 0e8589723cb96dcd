"""What the how-tos tell other teams to run is run as it stands there, against the whole house."""

import asyncio
import os
import re
import sys
import textwrap
from pathlib import Path

import pytest

from local_stack.stack import LocalStack
from tests.member import Member

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

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
