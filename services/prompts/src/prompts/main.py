"""The only wiring: database, bus, renderers, answers, consumers, background work, HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from prompts import api
from prompts.operations.desk import Desk
from prompts.operations.sweeping import SWEEP_PAUSE_SECONDS, look_after_optimizations
from prompts.settings import PromptsSettings
from prompts.subscribers import subscribe
from prompts.templating.pool import template_pool
from shared.runtime import House, open_house


@asynccontextmanager
async def opened(settings: PromptsSettings) -> AsyncIterator[FastAPI]:
    """Open the service; the application answers until the context ends."""
    async with open_house("prompts", settings) as house, furnished(house, settings.template_workers) as app:
        yield app


@asynccontextmanager
async def furnished(house: House, template_workers: int) -> AsyncIterator[FastAPI]:
    """Put renderers, answers and background work into a house, and run it."""
    async with template_pool(template_workers) as templates:
        desk = Desk(house.database, templates, house.bus)
        subscribe(house, desk)
        house.background(partial(_sweep, desk), "optimizations")
        async with house.running():
            app = house.app(api.ROUTERS)
            app.state.desk = desk
            yield app


async def _sweep(desk: Desk) -> None:
    while True:
        await look_after_optimizations(desk)
        await asyncio.sleep(SWEEP_PAUSE_SECONDS)
