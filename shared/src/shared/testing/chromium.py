"""Where Chromium is. `python -m shared.testing.chromium` prints it, or says how to get it and fails."""

import shutil
import sys
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
HOW_TO_GET_IT = """
No Chromium was found, so the stories in the browser CANNOT BE TESTED on this machine. To get it:
    Debian, Ubuntu: sudo apt-get install chromium      Fedora: sudo dnf install chromium
    macOS: brew install --cask chromium                elsewhere: .venv/bin/playwright install chromium
"""


class ChromiumMissingError(Exception):
    """No Chromium on this machine; the message says how to get it."""


def find_chromium() -> Path:
    """Return the browser of the machine, or the one that playwright has downloaded."""
    installed = [Path(found) for found in map(shutil.which, PROGRAMS) if found]
    found = next((candidate for candidate in (*installed, *APPLICATIONS) if candidate.exists()), None)
    found = found or next((candidate for candidate in _downloaded() if candidate.exists()), None)
    if found is not None:
        return found
    raise ChromiumMissingError(HOW_TO_GET_IT)


def _downloaded() -> list[Path]:
    # Only machines without a browser of their own pay for this import.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        return [Path(playwright.chromium.executable_path)]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Browser: {find_chromium()}\n")
    except ChromiumMissingError as error:
        sys.exit(str(error))
