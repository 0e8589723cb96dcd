"""The only wiring of web."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shared.postgres import connect_database
from shared.runtime import House, open_house
from web.api import ROUTERS
from web.api.edge import Edge
from web.api.guard import Guard
from web.api.static import add_static
from web.operations.accounts import Accounts
from web.operations.changes import Changes
from web.operations.keys import Keys
from web.operations.live_text import LiveText
from web.operations.passwords import Passwords
from web.settings import WebSettings
from web.subscribers import subscribe


@asynccontextmanager
async def opened(settings: WebSettings) -> AsyncIterator[FastAPI]:
    """Open the service: its application serves browsers while it is open."""
    async with open_house("web", settings) as house, furnished(house, settings, Passwords()) as app:
        yield app


@asynccontextmanager
async def furnished(house: House, settings: WebSettings, passwords: Passwords) -> AsyncIterator[FastAPI]:
    """Put accounts, keys and live streams into a house, and run it."""
    accounts = Accounts(house.database, passwords, settings.session_days)
    keys = Keys(house.database, settings.encryption_key.get_secret_value().encode())
    live, changes = LiveText(house.bus), Changes(house.bus)
    subscribe(house.bus, accounts, keys)
    house.on_stopping(live.close)
    house.on_stopping(changes.close)
    app = house.app(ROUTERS, outermost=Guard)
    is_secure, gateway_url = settings.public_url.startswith("https:"), settings.gateway_url
    app.state.edge = Edge(house.bus, accounts, keys, live, changes, is_secure=is_secure, gateway_url=gateway_url)
    add_static(app, settings.static_dir)
    async with house.running():
        await changes.start()
        yield app


async def sign_in_link(settings: WebSettings) -> str:
    """Make a single-use link: to setting up, or into the first admin's account."""
    database = await connect_database(
        settings.database_url.get_secret_value(),
        settings.relay_database_url.get_secret_value(),
        application_name="web sign-in-link",
    )
    try:
        token, sets_up = await Accounts(database, Passwords(), settings.session_days).make_link()
    finally:
        await database.close()
    return f"{settings.public_url.rstrip('/')}/{'setup' if sets_up else 'signin'}?token={token}"
