"""python -m prompts serve | migrate | openapi."""

from pathlib import Path

from prompts import api
from prompts.main import opened
from prompts.settings import PromptsSettings
from shared.runtime import run

if __name__ == "__main__":
    run("prompts", PromptsSettings, opened, Path(__file__).parent / "migrations", [*api.ROUTERS])
