"""Small statistics and the page that they are written to."""

import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
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


def machine() -> str:
    """Describe the machine and the versions that the figures hold for."""
    cpu = _first_line(["sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2"]) or platform.processor()
    cores = _first_line(["nproc"]) or "?"
    versions = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    system = f"{platform.system()} {platform.machine()}"
    return f"{cores} cores ({cpu.strip()}), {system}, Python {platform.python_version()}, {versions}"


def _first_line(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.split("\n", 1)[0]


def write_report(rows: list[Row]) -> None:
    """Print the figures and write them to docs/benchmarks.md."""
    table = "\n".join(f"| {row.what} | {row.ours} | {row.direct} | {row.verdict} |" for row in rows)
    text = (
        "# Benchmarks\n\nWritten by `make bench`; absolute figures drift between machines, ratios of one run do not.\n"
        "The direct call goes from the same process straight to the simulator.\n\n"
        f"Machine: {machine()}.\n\n| what | ours | direct | together |\n|---|---|---|---|\n{table}\n"
    )
    REPORT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
