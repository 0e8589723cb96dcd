import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from services.web.tests.conftest import Browser, Event, Site, eventually, read_events

from shared.bus import Bus
from shared.contracts.ids import encode_id, new_id
from shared.contracts.prompts import PromptCreated
from shared.envelope import write_headers
from shared.testing.fixtures import BusFor, make_call
from web.api import streams
from web.operations import changes


@pytest.fixture
async def prompts(bus_for: BusFor) -> Bus:
    return await bus_for("prompts")


async def _tell(bus: Bus, project_id: UUID) -> str:
    """Publish a fact as the outbox relay does; return the id of its prompt."""
    fact = PromptCreated(prompt_id=new_id(), revision=1)
    headers = write_headers(new_id(), "/prompts", make_call(project_id=project_id), fact)
    await bus.publish_stored(fact.subject, fact.model_dump_json().encode(), headers)
    return encode_id("pr", fact.prompt_id)


@contextlib.asynccontextmanager
async def _watching(browser: Browser) -> AsyncIterator[AsyncIterator[Event]]:
    async with browser.client.stream("GET", "/api/stream", headers=browser.headers()) as answer:
        assert answer.status_code == 200
        events = read_events(answer)
        assert await _next(events) == Event("hello", {})
        yield events


async def _next(events: AsyncIterator[Event]) -> Event:
    async with asyncio.timeout(5):
        return await anext(events)


async def test_a_fact_of_the_project_is_told_as_a_small_change(site: Site, prompts: Bus) -> None:
    browser = await site.person()
    async with _watching(browser) as events:
        prompt_id = await _tell(prompts, browser.project_id)
        change = await _next(events)
    assert change.name == "change"
    assert change.body.pop("time")
    assert change.body == {"entity": "prompt", "id": prompt_id, "action": "created"}


async def test_facts_of_other_projects_are_never_told(site: Site, prompts: Bus) -> None:
    mine, other = await site.person(), await site.person()
    async with _watching(mine) as events, _watching(other) as others:
        for _ in range(20):
            await _tell(prompts, other.project_id)
        own = await _tell(prompts, mine.project_id)
        assert (await _next(events)).body["id"] == own
        assert own not in [(await _next(others)).body["id"] for _ in range(20)]


async def test_a_hello_after_nats_came_back_has_the_browser_read_all_anew(site: Site, prompts: Bus) -> None:
    browser = await site.person()
    async with _watching(browser) as events:
        await site.house.bus._reconnected()
        assert (await _next(events)).name == "hello"
        prompt_id = await _tell(prompts, browser.project_id)
        assert (await _next(events)).body["id"] == prompt_id


async def test_a_quiet_project_is_kept_alive_by_comments(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PING_SECONDS", 0.05)
    async with _watching(await site.person()) as events:
        assert [await _next(events), await _next(events)] == [Event(":", "ping")] * 2


async def test_the_stream_ends_with_its_session(
    site: Site, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.05)
    async with _watching(await site.person()) as events:
        await superuser.execute("DELETE FROM sessions")
        site.edge.accounts.forget_visitors()
        assert [event.name async for event in events] == ["retry"]
    await eventually(lambda: not site.edge.changes.viewers.all())


async def test_a_process_that_stops_asks_browsers_to_connect_again(site: Site) -> None:
    async with _watching(await site.person()) as events:
        site.house.stop()
        assert [event.name async for event in events] == ["retry"]


async def test_a_fact_that_does_not_say_its_project_reaches_nobody(site: Site, prompts: Bus) -> None:
    browser = await site.person()
    async with _watching(browser) as events:
        fact = PromptCreated(prompt_id=new_id(), revision=1)
        headers = write_headers(new_id(), "/prompts", make_call(project_id=browser.project_id), fact)
        for project in (None, "pj_nonsense"):
            less = {name: value for name, value in headers.items() if name != "scriptorium-project"}
            less["ce-id"] = encode_id("ev", new_id())
            named = less if project is None else less | {"scriptorium-project": project}
            await prompts.publish_stored(fact.subject, fact.model_dump_json().encode(), named)
        prompt_id = await _tell(prompts, browser.project_id)
        assert (await _next(events)).body["id"] == prompt_id
