"""Small statistics and the page that they are written to."""

import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from tests.bench.page import write_part

_VERSIONS = ("fastapi", "nats-py", "asyncpg", "openai", "uvicorn")


def quantile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@dataclass(frozen=True)
class Row:
    """One line of the report: what was measured, ours, the direct call's, and what they say together."""

    what: str
    ours: str
    direct: str
    verdict: str


def milliseconds(seconds: float) -> str:
    """Write a duration."""
    return f"{seconds * 1000:.1f} ms"


def machine(packages: Iterable[str]) -> str:
    """Describe the machine and the versions of these packages, for which the figures hold."""
    cpu = _first_line(["sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2"]) or platform.processor()
    cores = _first_line(["nproc"]) or "?"
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    system = f"{platform.system()} {platform.machine()}"
    return f"{cores} cores ({cpu.strip()}), {system}, Python {platform.python_version()}, {versions}"


def _first_line(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.split("\n", 1)[0]


def write_report(rows: list[Row]) -> None:
    """Print the figures and write them to docs/benchmarks.md."""
    table = "\n".join(f"| {row.what} | {row.ours} | {row.direct} | {row.verdict} |" for row in rows)
    text = (
        "## The whole house\n\nWritten by `make bench`. The direct call goes from the same process straight to the "
        f"simulator.\n\nMachine: {machine(_VERSIONS)}.\n\n"
        f"| what | ours | direct | together |\n|---|---|---|---|\n{table}\n"
    )
    write_part("house", text)
