"""Limits as admins set and others read them, and the processes that share them."""

from collections.abc import Callable
from typing import Any

import pytest

from llm_gateway.operations.presence import Presence
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import LimitList, ListLimits, SaveLimit
from shared.contracts.message import Request
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, DatabaseFor, make_call

type AskAs = Callable[..., Any]


@pytest.fixture
async def ask_as(gateway: Any, bus_for: BusFor) -> AskAs:
    """Ask the gateway as web does for a member of the test's project, or of another one."""
    web = await bus_for("web")

    async def ask(role: str, question: Request[LimitList], project_id: Any = None) -> LimitList:
        return await web.request(make_call(role, project_id or gateway.call.project_id), question)

    return ask


async def test_an_admin_sets_changes_and_removes_a_limit(ask_as: AskAs) -> None:
    person = encode_id("us", new_id())
    await ask_as("admin", SaveLimit(scope="project", requests_per_minute=600))
    await ask_as("admin", SaveLimit(scope="user", scope_id=person, parallel=2))
    listed = await ask_as("admin", SaveLimit(scope="project", tokens_per_minute=9_000))
    assert [(each.scope, each.scope_id) for each in listed.items] == [("project", None), ("user", person)]
    assert (listed.items[0].requests_per_minute, listed.items[0].tokens_per_minute) == (None, 9_000)
    left = await ask_as("admin", SaveLimit(scope="project"))
    assert [each.parallel for each in left.items] == [2]
    assert await ask_as("admin", SaveLimit(scope="project")) == left


async def test_each_change_is_a_fact(gateway: Any, ask_as: AskAs, eventually: Any) -> None:
    heard: list[bytes] = []

    async def hear(_subject: str, payload: bytes, _headers: dict[str, str]) -> None:
        heard.append(payload)

    await gateway.bus.listen("fact.llm_gateway.limit.saved.v1", hear)
    await ask_as("admin", SaveLimit(scope="project", parallel=1))
    await ask_as("admin", SaveLimit(scope="project"))
    await eventually(lambda: len(heard) == 2)


@pytest.mark.parametrize("role", ["viewer", "context_engineer"])
async def test_others_read_limits_and_do_not_set_them(ask_as: AskAs, role: str) -> None:
    await ask_as("admin", SaveLimit(scope="project", parallel=3))
    assert [each.parallel for each in (await ask_as(role, ListLimits())).items] == [3]
    with pytest.raises(RemoteProblem) as refused:
        await ask_as(role, SaveLimit(scope="project", parallel=9))
    assert refused.value.status == 403


async def test_another_project_sees_and_changes_nothing(ask_as: AskAs) -> None:
    await ask_as("admin", SaveLimit(scope="project", parallel=3))
    elsewhere = new_id()
    assert (await ask_as("admin", ListLimits(), elsewhere)).items == []
    await ask_as("admin", SaveLimit(scope="project"), elsewhere)
    assert [each.parallel for each in (await ask_as("viewer", ListLimits())).items] == [3]


@pytest.mark.parametrize(
    ("scope", "scope_id"),
    [
        ("user", None),
        ("user", encode_id("ak", new_id())),
        ("key", "ak_nonsense"),
        ("project", encode_id("us", new_id())),
    ],
    # A test's name is the same in every worker.
    ids=["nobody", "of a key", "nonsense", "of a person"],
)
async def test_a_scope_without_its_id_is_refused_by_name(ask_as: AskAs, scope: Any, scope_id: str | None) -> None:
    with pytest.raises(RemoteProblem) as refused:
        await ask_as("admin", SaveLimit(scope=scope, scope_id=scope_id, parallel=1))
    assert refused.value.status == 422
    assert refused.value.extensions["errors"][0]["name"] == "scope_id"  # type: ignore[index,call-overload]


async def test_processes_know_how_many_they_are(database_for: DatabaseFor) -> None:
    database = await database_for("llm_gateway")
    one, other = Presence(database), Presence(database)
    for presence in (one, other, one):
        await presence.beat()
    assert (one.processes, other.processes) == (2, 2)
    await other.leave()
    await one.beat()
    assert one.processes == 1


async def test_a_silent_process_is_not_counted(database_for: DatabaseFor) -> None:
    database = await database_for("llm_gateway")
    living, silent = Presence(database), Presence(database)
    await silent.beat()
    async with database.relay() as conn:
        await conn.execute("UPDATE gateway_processes SET seen_at = now() - interval '11 seconds'")
    await living.beat()
    assert living.processes == 1
