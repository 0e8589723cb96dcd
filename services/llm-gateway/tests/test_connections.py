"""Connections of projects, over NATS as the browser's side asks: keys go in and never out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from llm_gateway.operations import connections
from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    DeleteAlias,
    DeleteConnection,
    DeleteCustomModel,
    GetGatewaySettings,
    ListAliases,
    ListConnections,
    ListCustomModels,
    ListModels,
    SaveAlias,
    SaveConnection,
    SaveCustomModel,
    SaveGatewaySettings,
    TestConnection,
)
from shared.contracts.message import Request
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, make_call

CANARY = "sk-canary-0123456789-7f3a"
PLACE = "https://8.8.8.8/v1"


@pytest.fixture
async def browser(bus_for: BusFor) -> Bus:
    return await bus_for("web")


@pytest.fixture
def admin(call: Call) -> Call:
    return make_call("admin", call.project_id, seconds=30)


def saving(**changes: Any) -> SaveConnection:
    values = {"name": "own", "provider": "openai", "base_url": PLACE, "api_key": CANARY} | changes
    return SaveConnection.model_validate(values)


async def refused(asked: Awaitable[Any]) -> RemoteProblem:
    with pytest.raises(RemoteProblem) as raised:
        await asked
    return raised.value


async def test_a_connection_is_kept_shown_without_its_key_and_used(gateway: Any, browser: Bus, admin: Call) -> None:
    saved = await browser.request(admin, saving())
    listed = await browser.request(admin, ListConnections())
    (route,) = (await gateway.engine.desk.catalogue.of(admin.project_id)).routes("own/gpt-4.1", "responses")
    assert (saved.key_hint, saved.origin, saved.revision, saved.missing) == ("7f3a", "project", 1, None)
    assert [each.name for each in listed.items if each.origin == "project"] == ["own"]
    assert {"openai", "anthropic", "simulator"} <= {each.name for each in listed.items}
    assert CANARY not in listed.model_dump_json() + saved.model_dump_json()
    assert (route.api_key, route.base_url, route.is_guarded) == (CANARY, PLACE, True)


async def test_a_key_is_in_no_row_message_or_log(
    gateway: Any, browser: Bus, admin: Call, capsys: pytest.CaptureFixture[str], eventually: Any
) -> None:
    heard: list[str] = []

    async def hear(subject: str, data: bytes, headers: dict[str, str]) -> None:
        heard.append(f"{subject} {data!r} {headers}")

    await browser.listen("fact.llm_gateway.>", hear)
    await browser.request(admin, saving())
    problem = await refused(browser.request(admin, saving()))
    bad_key = await refused(browser.request(admin, saving(name="other", api_key=f"{CANARY} \u00e9")))
    await eventually(lambda: heard)
    rows = [
        await gateway.rows(f"SELECT * FROM {table}")  # noqa: S608  a constant of this test
        for table in ("connections", "outbox", "idempotency_keys")
    ]
    output = capsys.readouterr()
    told = repr((rows, heard, problem.document(), bad_key.document(), output.out, output.err))
    assert problem.type == "/problems/connection-name-taken"
    assert bad_key.status == 422
    assert CANARY not in told
    assert CANARY[:-4] not in told


async def test_another_project_sees_and_reaches_nothing_of_it(gateway: Any, browser: Bus, admin: Call) -> None:
    saved = await browser.request(admin, saving())
    await browser.request(admin, SaveAlias(name="writer", targets=["own/gpt-4.1"]))
    await browser.request(admin, SaveCustomModel(model="own/gpt-4.1", context_tokens=5))
    await browser.request(admin, SaveGatewaySettings(cache_seconds=60))
    other = make_call("admin", seconds=30)
    foreign = await refused(browser.request(other, DeleteConnection(id=saved.id or new_id())))
    missing = await refused(browser.request(other, DeleteConnection(id=new_id())))
    change = await refused(browser.request(other, saving(id=saved.id, revision=1)))
    unknown = await refused(browser.request(other, saving(id=new_id(), revision=1)))
    assert foreign.document() == missing.document()
    assert change.document() == unknown.document()
    assert foreign.status == change.status == 404
    assert (await refused(browser.request(other, TestConnection(name="own")))).status == 404
    assert (await refused(browser.request(other, DeleteAlias(name="writer")))).status == 404
    assert (await refused(browser.request(other, DeleteCustomModel(model="own/gpt-4.1")))).status == 404
    assert "own" not in {each.name for each in (await browser.request(other, ListConnections())).items}
    assert (await browser.request(other, ListAliases())).items == []
    assert (await browser.request(other, ListCustomModels())).items == []
    assert (await browser.request(other, GetGatewaySettings())).cache_seconds is None
    assert not [model for model in (await browser.request(other, ListModels())).items if model.id.startswith("own/")]
    ours = await gateway.engine.desk.catalogue.of(admin.project_id)
    assert "own" in ours.connections
    async with gateway.database.transaction(other.project_id) as conn:
        for table in ("connections", "custom_models", "model_aliases", "gateway_settings"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  a constant of this test


async def test_only_admins_change_connections(gateway: Any, browser: Bus, admin: Call) -> None:
    people = [make_call(role, admin.project_id) for role in ("viewer", "context_engineer")]
    commands: list[Request[Any]] = [
        saving(),
        DeleteConnection(id=new_id()),
        TestConnection(name="simulator"),
        SaveAlias(name="writer", targets=["simulator/quill"]),
        DeleteAlias(name="writer"),
        SaveCustomModel(model="simulator/quill"),
        DeleteCustomModel(model="simulator/quill"),
        SaveGatewaySettings(),
    ]
    for person in people:
        statuses = [(await refused(browser.request(person, command))).status for command in commands]
        assert statuses == [403] * len(commands)
        assert (await browser.request(person, ListConnections())).items


async def test_another_place_or_provider_clears_the_key(gateway: Any, browser: Bus, admin: Call) -> None:
    saved = await browser.request(admin, saving())
    renamed = await browser.request(admin, saving(id=saved.id, revision=1, name="mine", api_key=None))
    moved = await browser.request(
        admin, saving(id=saved.id, revision=2, name="mine", base_url="https://8.8.4.4/v1", api_key=None)
    )
    assert (renamed.name, renamed.key_hint, renamed.revision) == ("mine", "7f3a", 2)
    assert (moved.key_hint, moved.missing is None) == (None, False)
    assert (await gateway.rows("SELECT sealed_key FROM connections"))[0]["sealed_key"] is None


async def test_a_stale_change_is_a_409_that_saves_nothing(gateway: Any, browser: Bus, admin: Call) -> None:
    saved = await browser.request(admin, saving())
    changes = [saving(id=saved.id, revision=1, name=f"name-{number}") for number in range(5)]
    outcomes = await asyncio.gather(*(browser.request(admin, change) for change in changes), return_exceptions=True)
    problems = [outcome for outcome in outcomes if isinstance(outcome, RemoteProblem)]
    assert {(problem.status, problem.type) for problem in problems} == {(409, "/problems/connection-changed")}
    assert len(problems) == 4
    assert [row["revision"] for row in await gateway.rows("SELECT revision FROM connections")] == [2]


async def test_a_name_is_given_once_however_many_ask(gateway: Any, browser: Bus, admin: Call) -> None:
    outcomes = await asyncio.gather(*(browser.request(admin, saving()) for _ in range(8)), return_exceptions=True)
    problems = [outcome for outcome in outcomes if isinstance(outcome, RemoteProblem)]
    assert [problem.status for problem in problems] == [409] * 7
    second = await browser.request(admin, saving(name="second"))
    taken = await refused(browser.request(admin, saving(id=second.id, revision=1)))
    assert taken.type == "/problems/connection-name-taken"


ASTRAY: list[tuple[str, dict[str, Any]]] = [
    ("base_url", {"base_url": "http://8.8.8.8/v1"}),
    ("base_url", {"base_url": "https://127.0.0.1/v1"}),
    ("base_url", {"base_url": "https://localhost/v1"}),
    ("base_url", {"provider": "compatible", "base_url": None}),
    ("base_url", {"provider": "azure", "base_url": None}),
    ("api_key", {"api_key": "two words"}),
    ("api_key", {"api_key": "line\r\nX-Other: 1"}),
]


async def test_values_that_lead_astray_are_refused_by_name(gateway: Any, browser: Bus, admin: Call) -> None:
    for name, changes in ASTRAY:
        problem = await refused(browser.request(admin, saving(**changes)))
        assert (problem.status, problem.extensions["errors"][0]["name"]) == (422, name)  # type: ignore[index,call-overload]
    assert await gateway.rows("SELECT 1 FROM connections") == []


async def test_a_project_has_a_bounded_number_of_connections(
    gateway: Any, browser: Bus, admin: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    saved = await browser.request(admin, saving())
    problem = await refused(browser.request(admin, saving(name="second")))
    assert (problem.status, problem.type) == (409, "/problems/project-full")
    assert len(await gateway.rows("SELECT 1 FROM connections")) == 1
    assert (await browser.request(admin, saving(id=saved.id, revision=1, name="still"))).name == "still"


async def test_the_same_request_again_makes_one_connection_and_the_same_answer(
    gateway: Any, browser: Bus, call: Call
) -> None:
    admin = make_call("admin", call.project_id, seconds=30, idempotency_key="once")
    first, again = [await browser.request(admin, saving()) for _ in range(2)]
    assert first == again
    assert (await refused(browser.request(admin, saving(api_key="sk-another-key-1234")))).status == 422


async def test_a_connection_hides_the_installations_until_it_is_deleted(
    gateway: Any, browser: Bus, admin: Call
) -> None:
    saved = await browser.request(admin, saving(name="openai", base_url=None))
    during = await browser.request(admin, ListModels())
    after = await browser.request(admin, DeleteConnection(id=saved.id or new_id()))
    openai = next(each for each in after.items if each.name == "openai")
    assert during.default_model.startswith("openai/")
    assert (openai.origin, openai.key_hint) == ("installation", None)
    assert (await browser.request(admin, ListModels())).default_model == "simulator/quill"


async def test_every_process_hears_of_a_change_at_once(
    open_gateway: Callable[..., Awaitable[Any]], browser: Bus, admin: Call, eventually: Any
) -> None:
    first, second = await open_gateway(), await open_gateway()
    catalogues = [each.engine.desk.catalogue for each in (first, second)]
    for catalogue in catalogues:
        assert "writer" not in (await catalogue.of(admin.project_id)).aliases
    await browser.request(admin, SaveAlias(name="writer", targets=["simulator/quill"]))

    async def knows(catalogue: Any) -> bool:
        return "writer" in (await catalogue.of(admin.project_id)).aliases

    for catalogue in catalogues:
        await eventually(lambda each=catalogue: knows(each), 3)


async def test_a_burst_of_questions_reads_a_project_once(gateway: Any, admin: Call) -> None:
    catalogue = gateway.engine.desk.catalogue
    found = await asyncio.gather(*(catalogue.of(admin.project_id) for _ in range(50)))
    assert len({id(each) for each in found}) == 1
    catalogue.forget(admin.project_id)
    assert await catalogue.of(admin.project_id) is not found[0]


async def test_a_generation_is_written_through_an_alias_and_keeps_the_model_that_wrote_it(
    gateway: Any, browser: Bus, admin: Call
) -> None:
    await browser.request(admin, SaveAlias(name="writer", targets=["xai/grok-4.7", "simulator/reed"]))
    ended = await gateway.until_ended(await gateway.start("writer"))
    assert (ended.status, ended.model, ended.simulated) == ("completed", "simulator/reed", True)


async def test_a_generation_of_a_project_goes_through_its_own_connection(
    open_gateway: Callable[..., Awaitable[Any]], browser: Bus, admin: Call, simulator: Any
) -> None:
    host = simulator.url.removeprefix("http://")
    gateway = await open_gateway(allowed_hosts=[host])
    await browser.request(admin, saving(provider="compatible", base_url=f"{simulator.url}/v1"))
    await browser.request(
        admin, SaveCustomModel(model="own/quill", input_usd_per_million=Decimal(3), output_usd_per_million=Decimal(5))
    )
    generation_id = await gateway.start("own/quill")
    ended = await gateway.until_ended(generation_id)
    usage = ended.usage
    assert (ended.status, ended.provider, ended.simulated) == ("completed", "compatible", False)
    assert usage.cost_usd == (usage.input_tokens * 3 + usage.output_tokens * 5) / Decimal(1_000_000)
    failed = await gateway.until_ended(await gateway.start("own/quill+401"))
    assert "the key of the connection own" in failed.detail
    assert CANARY not in failed.detail


async def test_a_description_shows_in_the_catalogue_until_it_is_deleted(
    gateway: Any, browser: Bus, admin: Call
) -> None:
    described = SaveCustomModel(
        model="simulator/quill-next",
        context_tokens=9,
        max_output_tokens=8,
        capabilities=["tools"],
        retires_on=date(2027, 3, 1),
    )
    await browser.request(admin, described)
    await browser.request(admin, SaveAlias(name="next", targets=["simulator/quill-next", "simulator/quill-next"]))
    models = (await browser.request(admin, ListModels())).items
    shown = next(model for model in models if model.id == "simulator/quill-next")
    assert (shown.context_tokens, shown.max_output_tokens, shown.retires_on) == (9, 8, date(2027, 3, 1))
    assert (shown.capabilities, shown.aliases) == (["tools"], ["next"])
    assert (await browser.request(admin, ListAliases())).items[0].targets == ["simulator/quill-next"]
    assert (await browser.request(admin, DeleteCustomModel(model="simulator/quill-next"))).items == []
    assert (await browser.request(admin, DeleteAlias(name="next"))).items == []


async def test_models_of_unknown_connections_are_refused(gateway: Any, browser: Bus, admin: Call) -> None:
    alias = SaveAlias(name="writer", targets=["simulator/quill", "nobody/x"])
    for command in (SaveCustomModel(model="nobody/x"), alias):
        problem = await refused(browser.request(admin, command))
        assert (problem.status, "nobody/x" in problem.detail) == (422, True)


async def test_settings_are_kept_and_told(gateway: Any, browser: Bus, admin: Call) -> None:
    wanted = SaveGatewaySettings(cache_seconds=60, unknown_price_ceiling_usd_per_million=Decimal("2.5"))
    saved = await browser.request(admin, wanted)
    assert saved == await browser.request(admin, GetGatewaySettings())
    settings = (await gateway.engine.desk.catalogue.of(admin.project_id)).settings
    assert (settings.cache_seconds, settings.unknown_price_ceiling_usd_per_million) == (60, Decimal("2.5"))


@asynccontextmanager
async def provider(status: str, body: str = "", headers: str = "") -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer every request with the same; the requests are kept."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        told = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{headers}\r\n{body}"
        writer.write(told.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


OUTCOMES = [
    ("200 OK", '{"data":[{"id":"a"},{"id":"b"}]}', "lists 2 models"),
    ("200 OK", "<html>", "not with a list"),
    ("401 No", f'{{"error":{{"message":"{CANARY}"}}}}', "refused the key"),
    ("302 There", "", "not followed"),
    ("404 No", "", "status 404"),
    ("429 Slow", "", "limiting"),
    ("503 Down", "", "out of order"),
    ("400 No", f'{{"error":{{"message":"{CANARY} {"x" * 900}"}}}}', "(the key)"),
    ("418 Tea", "[1]", "status 418"),
]


async def test_each_outcome_of_a_test_is_a_sentence_without_the_key(
    open_gateway: Callable[..., Awaitable[Any]], browser: Bus, admin: Call
) -> None:
    await open_gateway(allowed_hosts=["127.0.0.1"])
    for number, (status, body, words) in enumerate(OUTCOMES):
        async with provider(status, body, "location: http://127.0.0.1:1/\r\n") as (host, asked):
            url = f"http://{host}/v1"
            await browser.request(admin, saving(name=f"own-{number}", provider="compatible", base_url=url))
            check = await browser.request(admin, TestConnection(name=f"own-{number}"))
        assert words in check.detail
        assert CANARY not in check.detail
        assert check.ok is (words == "lists 2 models")
        assert len(check.detail) < 300
        assert [request.split(b"\r\n")[0] for request in asked] == [b"GET /v1/models HTTP/1.1"]
        assert f"authorization: bearer {CANARY}".encode().lower() in asked[0].lower()


async def test_a_test_where_nobody_listens_or_nothing_is_set_says_so(
    open_gateway: Callable[..., Awaitable[Any]], browser: Bus, admin: Call
) -> None:
    await open_gateway(allowed_hosts=["127.0.0.1:9"])
    await browser.request(admin, saving(provider="compatible", base_url="http://127.0.0.1:9/v1"))
    nobody = await browser.request(admin, TestConnection(name="own"))
    keyless = await browser.request(admin, TestConnection(name="openai"))
    simulated = await browser.request(admin, TestConnection(name="simulator"))
    assert (nobody.ok, "Check host and port" in nobody.detail) == (False, True)
    assert (keyless.ok, "OPENAI_API_KEY" in keyless.detail) == (False, True)
    assert (simulated.ok, "lists" in simulated.detail) == (True, True)


async def test_a_host_that_is_not_allowed_any_more_is_not_asked(
    open_gateway: Callable[..., Awaitable[Any]], browser: Bus, admin: Call, simulator: Any
) -> None:
    host = simulator.url.removeprefix("http://")
    allowing = await open_gateway(allowed_hosts=[host])
    await browser.request(admin, saving(provider="compatible", base_url=f"{simulator.url}/v1"))
    await allowing.bus.stop_answering()
    strict = await open_gateway()
    found = (await strict.engine.desk.catalogue.of(admin.project_id)).connections["own"]
    assert "address of the connection own is refused" in (found.missing or "")
