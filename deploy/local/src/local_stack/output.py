"""What the person at the terminal reads: one coloured prefix a process, log records as sentences."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

import orjson

RESET, DIM, BOLD, RED, GREEN = "\033[0m", "\033[2m", "\033[1m", "\033[31m", "\033[32m"
COLOURS = {
    "simulator": "\033[35m",
    "prompts": "\033[36m",
    "documents": "\033[34m",
    "llm_gateway": "\033[33m",
    "workflows": "\033[95m",
    "web": "\033[32m",
}
PREFIX_WIDTH = max(map(len, COLOURS)) + 1
# Said once a record by every service: true, and of no use to the reader of a terminal.
QUIET_FIELDS = frozenset({"event", "level", "timestamp", "logger", "service", "trace_id", "span_id"})


@dataclass
class Terminal:
    """Prints whole lines; without a terminal behind it there are no colours."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def process_line(self, name: str, line: str) -> None:
        """Print one line of a process, log records made readable."""
        prefix = self._paint(COLOURS.get(name, DIM), f"{name:<{PREFIX_WIDTH}}│")
        for row in readable(line).splitlines():
            self._print(f"{prefix} {row}")

    def progress(self, text: str) -> None:
        """Print what the supervisor has just done."""
        self._print(f"{self._paint(GREEN, f'{"":<{PREFIX_WIDTH}}✓')} {text}")

    def problem(self, text: str) -> None:
        """Print what went wrong, in one sentence."""
        self._print(f"{self._paint(RED, f'{"":<{PREFIX_WIDTH}}✗')} {text}")

    def box(self, lines: list[str]) -> None:
        """Print lines that must not be overlooked."""
        width = max(map(len, lines)) + 2
        rows = [f"  │ {line:<{width - 2}} │" for line in lines]
        text = "\n".join(["", f"  ╭{'─' * width}╮", *rows, f"  ╰{'─' * width}╯", ""])
        self._print(self._paint(BOLD, text))

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self.stream.isatty() else text

    def _print(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


class Silence(Terminal):
    """Prints nothing: for tests, which find the same lines in the log files."""

    def _print(self, text: str) -> None:
        """Drop the text."""


def readable(line: str) -> str:
    """Turn a JSON log record into `level event field=value` and its traceback; leave any other line as it is."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if not isinstance(record, dict) or "event" not in record:
        return line
    traceback = record.pop("exception", "")
    return f"{record.get('level', 'info'):<7} {record['event']} {_fields(record)}".rstrip() + f"\n{traceback}".rstrip()


def _fields(record: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in record.items() if name not in QUIET_FIELDS)
