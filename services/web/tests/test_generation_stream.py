import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from services.web.tests.conftest import Browser, Event, FakeGateway, Site, eventually, read_events

from shared.contracts.ids import encode_id, new_id
from web.api import streams
from web.operations import following
from web.operations.viewers import KEPT_BYTES

OLD = UUID("01900000-0000-7000-8000-000000000001")


class Stream:
    """A browser's open stream."""

    def __init__(self, events: AsyncIterator[Event], headers: dict[str, str]) -> None:
        self._events = events
        self.headers = headers

    async def next(self, *names: str) -> Event:
        """Return the next event with one of these names; without names the next segment or end."""
        async with asyncio.timeout(10):
            async for event in self._events:
                if event.name in (names or ("segment", "end")):
                    return event
        message = "the stream ended"
        raise EOFError(message)

    async def texts(self, count: int) -> list[str]:
        return [str((await self.next("segment")).body["text"]) for _ in range(count)]

    async def rest(self) -> list[Event]:
        async with asyncio.timeout(10):
            return [event async for event in self._events]


def address(generation_id: UUID) -> str:
    return f"/api/generations/{encode_id('ge', generation_id)}/events"


@contextlib.asynccontextmanager
async def watching(
    browser: Browser, generation_id: UUID, query: str = "", headers: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    path = address(generation_id) + query
    async with browser.client.stream("GET", path, headers=browser.headers(headers)) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(read_events(answer), dict(answer.headers))


async def test_text_is_shown_as_it_comes_and_the_end_is_the_generation(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "The ")
    async with watching(browser, generation_id) as stream:
        assert (stream.headers["content-type"], stream.headers["cache-control"]) == (
            "text/event-stream; charset=utf-8",
            "no-cache",
        )
        first = await stream.next()
        assert (first.id, first.body) == ("1", {"number": 1, "text": "The ", "kind": "text"})
        await gateway.say(generation_id, "last ", "fer\nry")
        assert await stream.texts(2) == ["last ", "fer\nry"]
        progress = await stream.next("progress")
        assert progress.body == {"status": "running", "output_tokens": 3, "cost_usd": None, "estimated": True}
        await gateway.say(generation_id, ".", status="completed")
        assert await stream.texts(1) == ["."]
        end = await stream.next("end")
        assert (end.body["id"], end.body["status"]) == (encode_id("ge", generation_id), "completed")
        assert await stream.rest() == []


async def test_a_generation_that_has_ended_is_read_at_once(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "a", "b")
    gateway.write(generation_id, (), "cancelled")
    async with watching(browser, generation_id) as stream:
        assert [event.name for event in await stream.rest()] == ["segment", "segment", "progress", "end"]
    await eventually(lambda: not site.edge.live.subscribed)


@pytest.mark.parametrize(
    ("query", "headers"), [("?after=2", {}), ("", {"Last-Event-ID": "2"}), ("?after=1", {"Last-Event-ID": "2"})]
)
async def test_a_browser_that_comes_back_gets_what_it_missed_and_nothing_twice(
    site: Site, gateway: FakeGateway, query: str, headers: dict[str, str]
) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "a", "b", "c", "d")
    async with watching(browser, generation_id, query, headers) as stream:
        assert await stream.texts(2) == ["c", "d"]


@pytest.mark.parametrize("last", ["²", "-1", "1.5", "x", "99999999999999999999"])
async def test_a_last_event_id_that_is_no_number_of_ours_begins_at_the_beginning(
    site: Site, gateway: FakeGateway, last: str
) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "a")
    headers = browser.headers({"Last-Event-ID": last}).items()
    raw = [(name.encode(), value.encode()) for name, value in headers]
    async with browser.client.stream("GET", address(generation_id), headers=raw) as answer:
        assert await Stream(read_events(answer), {}).texts(1) == ["a"]


async def test_live_messages_that_come_twice_or_late_are_shown_once_and_in_order(
    site: Site, gateway: FakeGateway
) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        assert await stream.texts(1) == ["1"]
        gateway.write(generation_id, ("2", "3", "4", "5"))
        for numbers in [(2,), (2, 3), (1,), (3,), (5,), (4,), (2, 5)]:
            await gateway.tell(generation_id, *numbers)
        assert await stream.texts(4) == ["2", "3", "4", "5"]
        await gateway.say(generation_id, "6", status="completed")
        assert [event.body.get("text") for event in [await stream.next(), await stream.next()]] == ["6", None]


async def test_a_missing_number_is_read_from_the_rows_at_once(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        gateway.write(generation_id, ("2", "3", "4"))
        began = time.monotonic()
        # 2 follows what was shown, 3 was lost: the message brings news and a gap.
        await gateway.tell(generation_id, 2, 4)
        assert await stream.texts(3) == ["2", "3", "4"]
        assert time.monotonic() - began < following.SILENCE_SECONDS / 2


async def test_when_nothing_comes_live_the_rows_are_read_and_silence_costs_no_bytes(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.05)
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        await eventually(lambda: len(gateway.reads) > 5)
        gateway.write(generation_id, ("2",), "completed")
        assert [event.name for event in await stream.rest()] == ["progress", "segment", "progress", "end"]


async def test_a_silent_stream_is_kept_alive_by_comments(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.02)
    monkeypatch.setattr(following, "PING_SECONDS", 0.1)
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        assert (await stream.next(":")).body == "ping"
        assert (await stream.next(":")).body == "ping"


async def test_a_viewer_sits_out_a_gateway_that_is_away(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.05)
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        gateway.is_away = True
        gateway.write(generation_id, ("2",), "completed")
        reads = len(gateway.reads)
        await eventually(lambda: len(gateway.reads) > reads + 2)
        gateway.is_away = False
        assert await stream.texts(1) == ["2"]
        assert (await stream.next("end")).body["status"] == "completed"


async def test_a_gateway_that_refuses_in_the_middle_sends_the_browser_to_ask_again(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.05)
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        gateway.refuses = True
        assert [event.name for event in await stream.rest()][-1] == "retry"


async def test_rows_that_come_in_pages_are_all_shown_before_the_end(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    gateway.page = 2
    generation_id = gateway.start(browser.project_id, *"abcdefg")
    gateway.write(generation_id, (), "completed")
    async with watching(browser, generation_id) as stream:
        assert await stream.texts(7) == list("abcdefg")
        assert (await stream.next()).name == "end"


async def test_a_foreign_generation_is_the_same_404_as_a_missing_one(site: Site, gateway: FakeGateway) -> None:
    mine, other = await site.person(), await site.person()
    generation_id = gateway.start(mine.project_id, "secret")
    gateway.projects[OLD], gateway.generations[OLD] = mine.project_id, gateway.generations[generation_id]
    foreign = await other.get(address(OLD))
    missing = await other.get(address(UUID(int=OLD.int + 1)))
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json() | {"request_id": ""} == missing.json() | {"request_id": ""}


async def test_a_generation_whose_job_is_still_on_its_way_is_waited_for(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    gateway.arrives_at = 4
    generation_id = gateway.start(browser.project_id, "there")
    async with watching(browser, generation_id) as stream:
        assert await stream.texts(1) == ["there"]


async def test_a_young_id_that_never_arrives_is_404_in_the_end(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "ARRIVAL_SECONDS", 1.5)
    assert (await (await site.person()).get(address(new_id()))).status_code == 404
    assert gateway.finds > 1


async def test_viewers_of_a_generation_share_a_subscription_and_the_last_one_ends_it(
    site: Site, gateway: FakeGateway
) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    nats = site.house.bus._client
    before = len(nats._subs)
    async with contextlib.AsyncExitStack() as stack:
        open_streams = [await stack.enter_async_context(watching(browser, generation_id)) for _ in range(5)]
        for stream in open_streams:
            await stream.texts(1)
        assert len(nats._subs) == before + 1
        await gateway.say(generation_id, "2")
        assert [await stream.texts(1) for stream in open_streams] == [["2"]] * 5
    await eventually(lambda: not site.edge.live.subscribed and len(nats._subs) == before)


async def test_a_hundred_browsers_that_come_and_go_leave_nothing_behind(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    before = len(site.house.bus._client._subs)

    async def come_and_go(number: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02 + number % 10 * 0.02), watching(browser, generation_id) as stream:
                await stream.rest()

    for _ in range(4):
        await asyncio.gather(*(come_and_go(number) for number in range(25)))
    await eventually(lambda: not site.edge.live.subscribed and len(site.house.bus._client._subs) == before)
    async with watching(browser, generation_id) as stream:
        assert await stream.texts(1) == ["1"]


async def test_a_slow_reader_costs_bounded_memory_and_still_gets_every_byte(site: Site, gateway: FakeGateway) -> None:
    browser, gateway.page = await site.person(), 20
    generation_id = gateway.start(browser.project_id, "begin")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        most = 0
        for number in range(2, 302):
            await gateway.say(generation_id, str(number).ljust(100_000, "."))
            most = max([most, *(viewer._bytes for viewer in site.edge.live._viewers.all())])
            await asyncio.sleep(0)
        assert 0 < most <= KEPT_BYTES
        gateway.write(generation_id, (), "completed")
        texts = [text.rstrip(".") for text in await stream.texts(300)]
        assert texts == [str(number) for number in range(2, 302)]
        assert (await stream.next("end")).body["last_segment"] == 301


async def test_a_reader_that_stopped_is_let_go(
    site: Site, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SEND_SECONDS", 0.2)
    browser, gateway.page = await site.person(), 10
    generation_id = gateway.start(browser.project_id, *("x" * 500_000 for _ in range(60)))
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2]))) as connection:
        lines = [f"GET {address(generation_id)} HTTP/1.1", "Host: web", f"Scriptorium-Project: {browser.project}"]
        lines += [f"Cookie: scriptorium={browser.client.cookies['scriptorium']}", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        await eventually(lambda: bool(site.edge.live.subscribed))
        await eventually(lambda: not site.edge.live.subscribed)


async def test_a_session_that_ended_reads_no_further_though_text_keeps_coming(
    site: Site, gateway: FakeGateway, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.1)
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        await superuser.execute("DELETE FROM sessions")
        site.edge.accounts.forget_visitors()
        assert [event.name for event in await stream.rest()][-1] == "retry"
    assert (await browser.get(address(generation_id))).status_code == 401


async def test_a_removed_member_reads_no_further(
    site: Site, gateway: FakeGateway, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.1)
    owner = await site.person()
    member = await site.person("viewer", owner.project_id)
    generation_id = gateway.start(owner.project_id, "1")
    async with watching(member, generation_id) as stream:
        await stream.texts(1)
        await superuser.execute("DELETE FROM members WHERE user_id = $1 AND role = 'viewer'", member.user_id)
        site.edge.accounts.forget_visitors()
        assert [event.name for event in await stream.rest()][-1] == "retry"
    assert (await member.get(address(generation_id))).status_code == 404


async def test_a_process_that_stops_asks_browsers_to_connect_again(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        site.house.stop()
        assert [event.name for event in await stream.rest()] == ["progress", "retry"]


async def test_what_was_missed_while_nats_was_away_is_read_when_it_is_back(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "1")
    async with watching(browser, generation_id) as stream:
        await stream.texts(1)
        gateway.write(generation_id, ("2",))
        reads, began = len(gateway.reads), time.monotonic()
        await site.house.bus._reconnected()
        assert await stream.texts(1) == ["2"]
        assert time.monotonic() - began < following.SILENCE_SECONDS / 2
        # In the quiet moment after it nobody reads again and again.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.next("end"), 0.3)
        assert len(gateway.reads) == reads + 1


async def test_an_ended_generation_is_played_again_at_the_pace_that_is_asked_for(
    site: Site, gateway: FakeGateway
) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "The ", "ferry")
    path = address(generation_id).replace("/events", "/replay")
    assert (await browser.get(path)).status_code == 409
    gateway.write(generation_id, (" left.",), "completed")
    gateway.space(generation_id, seconds=0.3)
    for speed, least, most in (("instant", 0, 0.3), ("2", 0.3, 0.8)):
        begun = time.monotonic()
        async with browser.client.stream("GET", f"{path}?speed={speed}", headers=browser.headers()) as answer:
            events = [event async for event in read_events(answer)]
        assert [event.body.get("text") for event in events] == ["The ", "ferry", " left.", None]
        assert [(event.name, event.id) for event in events[:2]] == [("segment", "1"), ("segment", "2")]
        assert events[-1].name == "end"
        assert least <= time.monotonic() - begun < most


async def test_a_replay_goes_on_after_the_last_number(site: Site, gateway: FakeGateway) -> None:
    browser = await site.person()
    generation_id = gateway.start(browser.project_id, "The ", "ferry")
    gateway.write(generation_id, (), "completed")
    path = address(generation_id).replace("/events", "/replay")
    async with browser.client.stream("GET", path, headers=browser.headers({"Last-Event-ID": "1"})) as answer:
        assert [event.name async for event in read_events(answer)] == ["segment", "end"]
