"""docs/benchmarks.md: one part for each bench, each rewritten by its own command only."""

import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_HEAD = (
    "# Benchmarks\n\nEach part is written by the command that it names. Absolute figures drift between machines; "
    "ratios of one run do not.\n"
)


def write_part(name: str, text: str) -> None:
    """Print a part of the page and put it where the last one of that name was."""
    sys.stdout.write(text)
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEAD
    PAGE.write_text(with_part(before, name, text), encoding="utf-8")


def with_part(page: str, name: str, text: str) -> str:
    """Return the page with this part in place of the one of the same name, or at its end where there was none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    part = f"{begin}\n\n{text.strip()}\n\n{end}\n"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}\n", re.DOTALL)
    if marked.search(page):
        return marked.sub(lambda _: part, page, count=1)
    return f"{page.rstrip()}\n\n{part}"
