"""`python -m shared.contracts.generate`: write what follows from the contracts; `--check` only compares.

AsyncAPI, OpenAPI of each service, the message tables of the READMEs, and the corpus of samples. A change that
would break an existing reader is refused: make a v2 beside it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contracts.asyncapi import asyncapi_document, kind_of, summary_of
from shared.contracts.compatibility import breaking_changes
from shared.contracts.message import SERVICES, Fact, Job, Message, Request, all_messages

ROOT = Path(__file__).parents[4]
ASYNCAPI = ROOT / "docs" / "asyncapi.json"
SAMPLES = ROOT / "shared" / "samples"
type Rows = list[tuple[type[Message], str]]

_BEGIN, _END = "<!-- generated -->", "<!-- /generated -->"


def service_folder(service: str) -> Path:
    """Find a service's folder: code says llm_gateway, only the folder has a hyphen."""
    return ROOT / "services" / service.replace("_", "-")


def wanted_files() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with the text that it should have."""
    yield ASYNCAPI, _json(asyncapi_document())
    for service in SERVICES:
        yield service_folder(service) / "openapi.json", _openapi(service)
        readme = service_folder(service) / "README.md"
        yield readme, with_tables(readme.read_text(encoding="utf-8"), service)
    yield from missing_samples()


def _openapi(service: str) -> str:
    """Ask the service itself: shared knows no service."""
    answer = subprocess.run([sys.executable, "-m", service, "openapi"], capture_output=True, text=True, check=False)  # noqa: S603  our own programs
    if answer.returncode != 0:
        sys.exit(f"{service} could not write its OpenAPI document:\n{answer.stderr}")
    return _json(json.loads(answer.stdout))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def missing_samples() -> Iterator[tuple[Path, str]]:
    """Yield samples that the corpus lacks. What is in it stays for ever: every version must still be readable."""
    for message in all_messages():
        folder = SAMPLES / message.subject
        kept = sorted(folder.glob("*.json"))
        if not any(json.loads(path.read_text(encoding="utf-8")) == message.sample for path in kept):
            yield folder / f"{len(kept) + 1:03}.json", _json(message.sample)


def with_tables(readme: str, service: str) -> str:
    """Put the service's message tables between the marks of its README."""
    before, mark, rest = readme.partition(_BEGIN)
    if not mark:
        return readme
    return before + _BEGIN + "\n" + _tables(service) + _END + rest.partition(_END)[2]


def _tables(service: str) -> str:
    messages = all_messages()
    answers: Rows = [(m, ", ".join(m.callers)) for m in messages if issubclass(m, Request) and m.owner() == service]
    tells: Rows = [
        (m, ", ".join(m.readers) or "whoever listens") for m in messages if issubclass(m, Fact) and m.owner() == service
    ]
    does: Rows = [(m, ", ".join(m.callers)) for m in messages if issubclass(m, Job) and m.owner() == service]
    reads: Rows = [(m, m.owner()) for m in messages if issubclass(m, Fact) and service in m.readers]
    parts: list[tuple[str, str, Rows]] = [
        ("Answers", "asked by", answers),
        ("Does", "ordered by", does),
        ("Tells", "read by", tells),
        ("Reads", "told by", reads),
    ]
    return "".join(_table(title, who, rows) for title, who, rows in parts if rows)


def _table(title: str, who: str, rows: Rows) -> str:
    lines = [f"| `{m.subject.removeprefix(kind_of(m) + '.')}` | {summary_of(m)} | {named} |" for m, named in rows]
    return f"\n### {title}\n\n| {kind_of(rows[0][0])} | promise | {who} |\n|---|---|---|\n" + "\n".join(lines) + "\n\n"


def main() -> None:
    """Write, or compare and exit with 1 where something differs or breaks a reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 on a difference")
    check = parser.parse_args().check
    differing = [
        (path, text) for path, text in wanted_files() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    breaks = [
        f"{path.name}: {change}"
        for path, text in differing
        if path.suffix == ".json" and path.exists()
        for change in breaking_changes(json.loads(path.read_text(encoding="utf-8")), json.loads(text))
    ]
    if breaks:
        sys.exit("These changes break existing readers; make a v2 beside them:\n  " + "\n  ".join(breaks))
    if check and differing:
        sys.exit(
            "Not up to date, run make contracts:\n  "
            + "\n  ".join(str(path.relative_to(ROOT)) for path, _ in differing)
        )
    for path, text in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
