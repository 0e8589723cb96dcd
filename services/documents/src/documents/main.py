"""The only wiring of documents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from documents import api
from documents.operations.models import KnownModels
from documents.settings import DocumentsSettings
from documents.subscribers import subscribe
from shared.http import DOCUMENT_BODY_LIMIT_BYTES
from shared.runtime import open_house


@asynccontextmanager
async def opened(settings: DocumentsSettings) -> AsyncIterator[FastAPI]:
    """Open the service: what it answers, hears and does by itself runs while the application is open."""
    async with open_house("documents", settings) as house:
        models = KnownModels(house.bus)
        subscribe(house, models)
        async with house.running():
            app = house.app([api.router], body_limit=DOCUMENT_BODY_LIMIT_BYTES)
            app.state.models = models
            yield app
