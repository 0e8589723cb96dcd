"""The gateway's part of docs/benchmarks.md: the table, what it says beside the aims, and what was switched on."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.figures import machine
from tests.bench.gateway.measuring import (
    FIRST,
    MANY,
    OFFERED_CHUNKS,
    ONE,
    PACED,
    SOME,
    STREAM_COUNT,
    STREAMS,
    Figures,
)
from tests.bench.gateway.targets import DIRECT, LITELLM, OURS, PORTKEY
from tests.bench.page import write_part

PACKAGES = ("aiohttp", "uvicorn", "uvloop", "httptools", "asyncpg", "redis", "nats-py")
ABSENT = "-"
_ON = (
    "In ours all is on that is on in the house: API key and scope checked, a rate limit and a budget on the project, "
    "attempt and usage rows in PostgreSQL (fsync on) before and after each call, traces sent to a collector (a "
    "process begins a bounded number of them a second). The peers run as lightly as they go: one process, no "
    "database, no keys, no limits, no logs. Of each gateway there is one process; gateway, provider, load generator "
    "and, for ours, PostgreSQL, Valkey and NATS share the machine."
)
_HOW = (
    "Written by `make bench-gateway`; `sh deploy/peers/install.sh` installs the peers beforehand, into a folder of "
    "their own. The provider is a local one that answers at once and costs nothing. A figure over many connections is "
    "a closed loop: each asks again as soon as its answer is there. The delay of a chunk is the time from the "
    "provider's write to the reader."
)


@dataclass(frozen=True)
class Aim:
    """Something that was promised: how to work it out, the bound, and whether the figure may be above it."""

    what: str
    figure: float | None
    bound: float
    unit: str
    at_least: bool = False

    def row(self) -> str:
        """Write it as a line of a table; what could not be measured is no failure and no success."""
        sign = "at least" if self.at_least else "at most"
        if self.figure is None:
            return f"| {self.what} | {sign} {self.bound:,g}{self.unit} | {ABSENT} | not measured |"
        holds = self.figure >= self.bound if self.at_least else self.figure <= self.bound
        verdict = "holds" if holds else "missed"
        return f"| {self.what} | {sign} {self.bound:,g}{self.unit} | {_number(self.figure)}{self.unit} | {verdict} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def milliseconds(seconds: float) -> str:
    """Write a short time."""
    return f"{_number(seconds * 1000)} ms"


def write_gateways(every: list[Figures], absent: dict[str, str], accounted: str) -> None:
    """Write the part. `absent` says of each target that was not measured why; `accounted` what the ledger said."""
    missing = "".join(f"\n{name} was not measured: {why}\n" for name, why in absent.items())
    text = (
        f"## The gateway\n\n{_HOW}\n\nMachine: {machine(PACKAGES)}.\n\n{table(every)}\n{missing}\n{_ON}\n"
        f"{accounted}\n\n{aims(every)}\n"
    )
    write_part("gateway", text)


def table(every: list[Figures]) -> str:
    """Write one column a target."""
    heads = [f"{each.target.name} {each.target.version}".strip() for each in every]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for title, cell in _ROWS:
        lines.append(f"| {title} | {' | '.join(cell(each) for each in every)} |")
    return "\n".join(lines)


def _rate(plan: str) -> Callable[[Figures], str]:
    def cell(of: Figures) -> str:
        taken = of.measured.get(plan)
        if taken is None:
            return ABSENT
        return f"{taken.per_second:,.0f}" + (f" ({taken.errors:,} errors)" if taken.errors else "")

    return cell


def _times(plan: str) -> Callable[[Figures], str]:
    def cell(of: Figures) -> str:
        taken = of.measured.get(plan)
        return f"{milliseconds(taken.p50)} / {milliseconds(taken.p99)}" if taken else ABSENT

    return cell


def _paced(of: Figures) -> str:
    times = _times(PACED)(of)
    return times if times == ABSENT else f"{times} at {of.pace:,.0f}/s"


def _memory(of: Figures) -> str:
    return ABSENT if of.megabytes is None else f"{of.megabytes:,.0f} MB"


_ROWS: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    (f"{ONE}, p50 / p99", _times(ONE)),
    (f"{SOME}, requests/s", _rate(SOME)),
    (f"{SOME}, p50 / p99", _times(SOME)),
    (f"{MANY}, requests/s", _rate(MANY)),
    (f"{MANY}, p50 / p99", _times(MANY)),
    (f"{PACED}, p50 / p99", _paced),
    (f"{FIRST}, p50 / p99", _times(FIRST)),
    (f"{STREAM_COUNT} streams, {OFFERED_CHUNKS:,} chunks/s offered: chunks/s", _rate(STREAMS)),
    (f"{STREAM_COUNT} streams, delay of a chunk, p50 / p99", _times(STREAMS)),
    (f"resident memory at {STREAM_COUNT} streams", _memory),
)


def aims(every: list[Figures]) -> str:
    """Set our figures beside what was promised."""
    by_name = {each.target.name: each for each in every}
    mine, base = by_name.get(OURS), by_name.get(DIRECT)
    rows = [
        Aim(f"{SOME}, requests/s, against {LITELLM}", _ratio(mine, by_name.get(LITELLM)), 25, " times", at_least=True),
        Aim(f"{SOME}, requests/s, against {PORTKEY}", _ratio(mine, by_name.get(PORTKEY)), 3, " times", at_least=True),
        Aim(f"{ONE}, p50, over direct", _added(mine, base, ONE, "p50"), 0.8, " ms"),
        Aim(f"{PACED}, p99, over direct", _added(mine, base, PACED, "p99"), 5, " ms"),
        Aim("first token, p50, over direct", _added(mine, base, FIRST, "p50"), 1.5, " ms"),
        # A stream whose pace is a whole number of microseconds offers a little less than it is told to.
        Aim(f"{STREAM_COUNT} streams, chunks/s", _figure(mine, "per_second"), 0.99 * OFFERED_CHUNKS, "", at_least=True),
        Aim(f"{STREAM_COUNT} streams, delay of a chunk, p99", _figure(mine, "p99", 1000), 5, " ms"),
        Aim(f"resident memory at {STREAM_COUNT} streams", mine.megabytes if mine else None, 150, " MB"),
    ]
    return "| aim | bound | measured | |\n|---|---|---|---|\n" + "\n".join(row.row() for row in rows)


def _ratio(mine: Figures | None, theirs: Figures | None) -> float | None:
    if mine is None or theirs is None or SOME not in mine.measured or SOME not in theirs.measured:
        return None
    return mine.measured[SOME].per_second / theirs.measured[SOME].per_second


def _added(mine: Figures | None, base: Figures | None, plan: str, which: str) -> float | None:
    """Return by how many milliseconds a time of ours is longer than the direct one."""
    if mine is None or base is None or plan not in mine.measured or plan not in base.measured:
        return None
    ours, direct = (float(getattr(each.measured[plan], which)) for each in (mine, base))
    return (ours - direct) * 1000


def _figure(mine: Figures | None, which: str, factor: float = 1) -> float | None:
    taken = mine.measured.get(STREAMS) if mine else None
    return None if taken is None else float(getattr(taken, which)) * factor
