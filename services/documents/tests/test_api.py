import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from services.documents.tests.conftest import NO_KEY, PROMPT_ID, TEXT, Stage

from documents import api
from documents.subscribers import subscribe
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import GenerationStatus
from shared.contracts.web import KeyIdentity
from shared.http import DOCUMENT_BODY_LIMIT_BYTES
from shared.testing.fixtures import HouseFor
from shared.testing.hostile_requests import HostileRequests

PATH = "/v1/documents"
ORDER = {"prompt_id": encode_id("pr", PROMPT_ID), "values": {"premise": "A ferry"}}


def _key(*scopes: str) -> KeyIdentity:
    return KeyIdentity(api_key_id=new_id(), project_id=new_id(), owner_id=new_id(), scopes=list(scopes))


@pytest.fixture
async def client(stage: Stage, house_for: HouseFor) -> AsyncIterator[AsyncClient]:
    """Ask the running service over HTTP with a key that may do everything with documents."""
    stage.web.keys = {
        "sk_all": _key("documents.read", "documents.write", "documents.generate", "prompts.read"),
        "sk_other": _key("documents.read", "documents.write", "documents.generate", "prompts.read"),
        "sk_read": _key("documents.read"),
    }
    house = await house_for("documents")
    subscribe(house, stage.models)
    async with house.running():
        app = house.app([api.router], body_limit=DOCUMENT_BODY_LIMIT_BYTES)
        app.state.models = stage.models
        headers = {"Authorization": "Bearer sk_all"}
        async with AsyncClient(transport=ASGITransport(app), base_url="http://documents", headers=headers) as opened:
            yield opened


async def test_a_document_is_created_read_listed_and_tagged_with_its_revision(client: AsyncClient) -> None:
    created = await client.post(PATH, json={"title": "Notes", "content": "# Notes"})
    assert (created.status_code, created.headers["etag"]) == (201, '"1"')
    read = await client.get(f"{PATH}/{created.json()['id']}")
    assert (read.status_code, read.json()) == (200, created.json())
    listed = await client.get(PATH, params={"query": "not", "limit": 5})
    assert [item["id"] for item in listed.json()["items"]] == [created.json()["id"]]


async def test_the_revision_comes_from_if_match_or_the_body_and_must_be_there(client: AsyncClient) -> None:
    path = f"{PATH}/{(await client.post(PATH, json={'title': 'Notes'})).json()['id']}"
    by_header = await client.patch(path, json={"content": "one"}, headers={"If-Match": '"1"'})
    by_body = await client.patch(path, json={"content": "two", "revision": 2})
    assert (by_header.status_code, by_body.status_code, by_body.headers["etag"]) == (200, 200, '"3"')
    stale = await client.patch(path, json={"content": "three"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current_content"], stale.json()["current_revision"]) == (409, "two", 3)
    assert stale.headers["content-type"] == "application/problem+json"
    for nonsense in (b"", b"*", b"\xb2", b"9" * 5000):
        refused = await client.patch(path, json={"content": "four"}, headers={b"If-Match": nonsense})
        assert refused.status_code == 409


async def test_a_document_is_deleted_and_restored(client: AsyncClient) -> None:
    path = f"{PATH}/{(await client.post(PATH, json={'title': 'Notes'})).json()['id']}"
    assert (await client.delete(path)).json() == {"done": True}
    assert (await client.get(path)).status_code == 404
    assert (await client.post(f"{path}/restore")).json()["title"] == "Notes"


async def test_generating_answers_202_and_the_key_makes_it_safe_to_repeat(client: AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = [await client.post(f"{PATH}/generate", json=ORDER, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "generating"


async def _until(client: AsyncClient, status: str) -> dict[str, Any]:
    """Wait for the first document in this state."""
    async with asyncio.timeout(20):
        while True:
            if found := (await client.get(PATH, params={"status": status})).json()["items"]:
                return dict(found[0])
            await asyncio.sleep(0.02)


async def _write(client: AsyncClient, stage: Stage, status: GenerationStatus, text: str) -> None:
    """Let the model of the only generating document end, so that the sweeper finds it."""
    await _until(client, "generating")
    async with stage.database.relay() as conn:
        generation_id = await conn.fetchval("SELECT id FROM generation_orders WHERE ended_at IS NULL")
    stage.gateway.write(generation_id, text, status)
    await stage.silence()


async def test_generating_with_wait_answers_200_with_the_text(client: AsyncClient, stage: Stage) -> None:
    waiting = asyncio.create_task(client.post(f"{PATH}/generate", params={"wait": "true"}, json=ORDER, timeout=30))
    await _write(client, stage, "completed", TEXT)
    answer = await waiting
    assert (answer.status_code, answer.json()["status"], answer.json()["content"]) == (200, "ready", TEXT)


async def test_generating_with_wait_answers_202_when_the_time_is_over(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "WAIT_SECONDS", 0.3)
    answer = await client.post(f"{PATH}/generate", params={"wait": "true"}, json=ORDER)
    assert (answer.status_code, answer.json()["status"]) == (202, "generating")


async def test_a_stopped_document_is_continued_over_http(client: AsyncClient, stage: Stage) -> None:
    document = (await client.post(f"{PATH}/generate", json=ORDER)).json()
    await _write(client, stage, "cancelled", "# Half")
    await _until(client, "cancelled")
    answer = await client.post(f"{PATH}/{document['id']}/continue")
    assert (answer.status_code, answer.json()["status"], answer.json()["content"]) == (202, "generating", "# Half")


async def test_refused_values_are_named(client: AsyncClient) -> None:
    answer = await client.post(f"{PATH}/generate", json={**ORDER, "values": {"refused": 1}})
    assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "refused")
    unknown = await client.post(PATH, json={"title": "x", "colour": "red"})
    assert (unknown.status_code, unknown.json()["errors"][0]["name"]) == (422, "colour")
    for parameters in ({"limit": "0"}, {"cursor": "x"}, {"prompt_id": "do_1"}):
        assert (await client.get(PATH, params=parameters)).status_code == 422


async def test_a_model_without_a_key_is_refused_under_its_name(client: AsyncClient) -> None:
    answer = await client.post(f"{PATH}/generate", json={**ORDER, "model": "openai/gpt"})
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"name": "model", "code": "unavailable", "message": NO_KEY}],
    )


@pytest.mark.parametrize("number", [2**31, 10**12])
async def test_numbers_that_no_row_reaches_are_refused_by_name(client: AsyncClient, number: int) -> None:
    generate = await client.post(f"{PATH}/generate", json={**ORDER, "version": number})
    path = f"{PATH}/{(await client.post(PATH, json={'title': 'Notes'})).json()['id']}"
    change = await client.patch(path, json={"title": "x", "revision": number})
    assert [(a.status_code, a.json()["errors"][0]["name"]) for a in (generate, change)] == [
        (422, "version"),
        (422, "revision"),
    ]
    assert (await client.patch(path, json={"title": "x"}, headers={"If-Match": f'"{number}"'})).status_code == 409


async def test_a_foreign_id_and_a_missing_one_give_the_same_404(client: AsyncClient) -> None:
    document = (await client.post(PATH, json={"title": "Mine"})).json()
    other = {"Authorization": "Bearer sk_other"}
    foreign = await client.get(f"{PATH}/{document['id']}", headers=other)
    missing = await client.get(f"{PATH}/{encode_id('do', new_id())}", headers=other)
    told = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in (foreign, missing)]
    assert (foreign.status_code, told[0]) == (404, told[1])


async def test_a_narrower_key_is_refused_and_none_is_asked_for(client: AsyncClient) -> None:
    narrow = {"Authorization": "Bearer sk_read"}
    assert (await client.get(PATH, headers=narrow)).status_code == 200
    assert (await client.post(PATH, json={"title": "x"}, headers=narrow)).status_code == 403
    assert (await client.post(f"{PATH}/generate", json=ORDER, headers=narrow)).status_code == 403
    assert (await client.get(PATH, headers={"Authorization": ""})).status_code == 401


async def test_the_largest_text_is_taken_and_a_larger_body_is_413(client: AsyncClient) -> None:
    largest = await client.post(PATH, json={"title": "Long", "content": "word " * 300_000})
    assert largest.status_code == 201
    too_large = await client.post(PATH, json={"title": "Long", "content": "x" * (DOCUMENT_BODY_LIMIT_BYTES + 1)})
    assert too_large.status_code == 413


# Some hundred requests: quick alone, slow beside other test processes.
@pytest.mark.timeout(150)
async def test_no_request_whatever_it_holds_is_answered_with_a_bug(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "WAIT_SECONDS", 0.05)
    document = (await client.post(PATH, json={"title": "Notes"})).json()
    described = (await client.get("/openapi.json")).json()
    requests = HostileRequests(client, described, {"document_id": document["id"]})
    assert await requests.send() == []
    assert requests.sent > 50
