import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from services.web.tests.conftest import Browser, Site, eventually

from shared.bus import Bus
from shared.call import SERVICE_ROLE, Call, Identity
from shared.contracts.ids import decode_id, encode_id, new_id
from shared.contracts.web import ApiKeyRevoked, GetMembership, IntrospectKey, KeyIdentity
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, make_call
from web.domain import KEY_SCOPES, KeyRefused, write_api_key

SCOPES = ["prompts.read", "documents.generate"]


async def _make(person: Browser, **fields: object) -> str:
    answer = await person.post("/api/keys", {"name": "CI", "scopes": SCOPES} | fields)
    assert answer.status_code == 201
    return str(answer.json()["api_key"])


@pytest.fixture
async def prompts(bus_for: BusFor) -> Bus:
    return await bus_for("prompts")


async def _introspect(bus: Bus, api_key: str) -> KeyIdentity:
    asker = Call(Identity(new_id(), None, SERVICE_ROLE), "rq_test").with_deadline(5)
    return await bus.request(asker, IntrospectKey(api_key=api_key))


async def _assert_refused(bus: Bus, api_key: str) -> None:
    with pytest.raises(RemoteProblem) as refused:
        await _introspect(bus, api_key)
    assert refused.value.is_a(KeyRefused)


async def test_a_key_is_shown_once_and_kept_as_a_hash(site: Site, superuser: asyncpg.Connection) -> None:
    person = await site.person()
    text = await _make(person)
    (listed,) = (await person.get("/api/keys")).json()["items"]
    assert listed["scopes"] == sorted(SCOPES)
    assert text.startswith(listed["prefix"])
    assert len(listed["prefix"]) < 12
    row = await superuser.fetchval("SELECT to_jsonb(k)::text FROM api_keys k")
    told = await superuser.fetchval("SELECT string_agg(encode(payload, 'escape'), ' ') FROM outbox")
    secret = text.split("_")[2]
    for kept in (row, told or "", (await person.get("/api/keys")).text):
        assert secret not in kept


@pytest.mark.parametrize("key", [None, "the-same"])
async def test_the_same_request_makes_one_key_and_shows_it_once(site: Site, key: str | None) -> None:
    person, body = await site.person(), {"name": "CI", "scopes": SCOPES}
    headers = {} if key is None else {"Idempotency-Key": key}
    first = await person.post("/api/keys", body, headers)
    again = await person.post("/api/keys", body, headers)
    assert first.status_code == 201
    made = (await person.get("/api/keys")).json()["items"]
    if key is None:
        assert (again.status_code, len(made)) == (201, 2)
    else:
        assert (again.status_code, again.json()["type"], len(made)) == (409, "/problems/api-key-already-made", 1)
        assert first.json()["api_key"] not in again.text


async def test_of_many_equal_requests_at_once_one_makes_a_key(site: Site) -> None:
    person, body = await site.person(), {"name": "CI", "scopes": SCOPES}
    answers = await asyncio.gather(*(person.post("/api/keys", body, {"Idempotency-Key": "k"}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len((await person.get("/api/keys")).json()["items"]) == 1


@pytest.mark.parametrize(
    "scope", ["keys.manage", "projects.manage", "open", "keys.introspect", "members.check", "prompts.fly", ""]
)
async def test_a_scope_that_no_key_may_have_is_refused_by_name(site: Site, scope: str) -> None:
    answer = await (await site.person()).post("/api/keys", {"name": "CI", "scopes": ["prompts.read", scope]})
    assert answer.status_code == 422
    assert [error["name"] for error in answer.json()["errors"]] == ["scopes"]
    assert scope in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("expires_at", ["2001-01-01T00:00:00Z", "2031-01-01T00:00:00", "soon"])
async def test_an_end_that_is_past_or_has_no_time_zone_is_refused_by_name(site: Site, expires_at: str) -> None:
    body = {"name": "CI", "scopes": SCOPES, "expires_at": expires_at}
    answer = await (await site.person()).post("/api/keys", body)
    assert (answer.status_code, [error["name"] for error in answer.json()["errors"]]) == (422, ["expires_at"])


async def test_introspection_says_who_a_key_acts_as(site: Site, prompts: Bus) -> None:
    person = await site.person()
    known = await _introspect(prompts, await _make(person))
    assert (known.owner_id, known.project_id, known.scopes) == (person.user_id, person.project_id, sorted(SCOPES))


async def test_a_key_loses_the_scopes_that_its_owners_role_lost(
    site: Site, prompts: Bus, superuser: asyncpg.Connection
) -> None:
    project = await site.person()
    owner = await site.person("admin", project.project_id)
    text = await _make(owner, scopes=sorted(KEY_SCOPES))
    assert set((await _introspect(prompts, text)).scopes) == KEY_SCOPES
    await superuser.execute("UPDATE members SET role = 'viewer' WHERE user_id = $1", owner.user_id)
    left = (await _introspect(prompts, text)).scopes
    assert "prompts.read" in left
    assert not [scope for scope in left if scope.endswith((".write", ".generate", ".start", ".cancel"))]
    await superuser.execute("DELETE FROM members WHERE user_id = $1", owner.user_id)
    await _assert_refused(prompts, text)


async def test_an_expired_key_is_refused(site: Site, prompts: Bus, superuser: asyncpg.Connection) -> None:
    text = await _make(await site.person(), expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert (await _introspect(prompts, text)).scopes == sorted(SCOPES)
    await superuser.execute("UPDATE api_keys SET expires_at = now()")
    await _assert_refused(prompts, text)


async def test_a_text_that_is_not_a_key_of_ours_is_refused(site: Site, prompts: Bus) -> None:
    text = await _make(await site.person())
    key_id = decode_id("ak", f"ak_{text.split('_')[1]}")
    forged = (
        "",
        "sk_",
        "sk_x_y_z",
        text[:-1],
        text[:40] + ("a" if text[40] != "a" else "b") + text[41:],
        write_api_key(key_id, "another-secret"),
        write_api_key(new_id(), text.split("_")[2]),
    )
    for wrong in forged:
        await _assert_refused(prompts, wrong)


@pytest.fixture
async def revocations(prompts: Bus) -> AsyncIterator[list[str]]:
    heard: list[str] = []

    async def hear(_subject: str, data: bytes, _headers: dict[str, str]) -> None:
        heard.append(ApiKeyRevoked.model_validate_json(data).entity_id())

    subscription = await prompts.listen(ApiKeyRevoked.subject, hear)
    yield heard
    await subscription.unsubscribe()


async def test_a_revoked_key_is_refused_at_once_and_everybody_is_told(
    site: Site, prompts: Bus, revocations: list[str]
) -> None:
    person = await site.person()
    text = await _make(person)
    (listed,) = (await person.get("/api/keys")).json()["items"]
    assert (await person.send("DELETE", f"/api/keys/{listed['id']}")).status_code == 200
    await _assert_refused(prompts, text)
    await eventually(lambda: revocations == [listed["id"]])
    assert (await person.get("/api/keys")).json()["items"][0]["revoked_at"]


async def test_keys_of_another_project_are_neither_listed_nor_revoked(site: Site) -> None:
    mine, other = await site.person(), await site.person()
    await _make(mine)
    (listed,) = (await mine.get("/api/keys")).json()["items"]
    assert (await other.get("/api/keys")).json()["items"] == []
    foreign = await other.send("DELETE", f"/api/keys/{listed['id']}")
    missing = await other.send("DELETE", f"/api/keys/{encode_id('ak', new_id())}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert not (await mine.get("/api/keys")).json()["items"][0]["revoked_at"]


async def _role(bus: Bus, project_id: UUID, user_id: UUID) -> str | None:
    call = make_call(SERVICE_ROLE, project_id)
    return (await bus.request(call, GetMembership(user_id=user_id))).role


async def test_membership_is_told_for_the_callers_project_as_it_is_now(
    site: Site, prompts: Bus, superuser: asyncpg.Connection
) -> None:
    project, other = await site.person(), await site.person()
    member = await site.person("viewer", project.project_id)
    assert await _role(prompts, project.project_id, member.user_id) == "viewer"
    assert await _role(prompts, other.project_id, member.user_id) is None
    await superuser.execute("DELETE FROM members WHERE user_id = $1 AND role = 'viewer'", member.user_id)
    assert await _role(prompts, project.project_id, member.user_id) is None
