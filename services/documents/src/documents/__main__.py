"""Run documents: `python -m documents serve | migrate | openapi`."""

from pathlib import Path

from documents import api
from documents.main import opened
from documents.settings import DocumentsSettings
from shared.runtime import run

if __name__ == "__main__":
    run("documents", DocumentsSettings, opened, Path(__file__).parent / "migrations", [api.router])
