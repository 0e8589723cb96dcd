"""Run web: `python -m web serve | migrate | openapi | sign-in-link`."""

import asyncio
import sys
from pathlib import Path

from shared.runtime import run
from web.api import ROUTERS
from web.main import opened, sign_in_link
from web.settings import WebSettings

if __name__ == "__main__":
    if sys.argv[1:] == ["sign-in-link"]:
        sys.stdout.write(asyncio.run(sign_in_link(WebSettings())) + "\n")
    else:
        run("web", WebSettings, opened, Path(__file__).parent / "migrations", ROUTERS)
