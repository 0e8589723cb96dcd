"""The only wiring of workflows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shared.runtime import open_house
from workflows.settings import WorkflowsSettings


@asynccontextmanager
async def opened(settings: WorkflowsSettings) -> AsyncIterator[FastAPI]:
    """Open the service: its application answers `/healthz` and `/readyz` while it is open."""
    async with open_house("workflows", settings) as house, house.running():
        yield house.app([])
