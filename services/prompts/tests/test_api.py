from collections.abc import AsyncIterator

import pytest
from httpx2 import ASGITransport, AsyncClient
from services.prompts.tests.conftest import Stage, ended

from prompts import api
from prompts.operations.optimizations import settle_optimization
from prompts.subscribers import subscribe
from shared.contracts.ids import decode_id, encode_id, new_id
from shared.contracts.web import KeyIdentity
from shared.http import BODY_LIMIT_BYTES
from shared.testing.fixtures import HouseFor, make_call
from shared.testing.hostile_requests import HostileRequests

SCOPES = ("prompts.read", "prompts.write", "prompts.generate", "generations.read", "generations.start")


def key(*scopes: str) -> KeyIdentity:
    return KeyIdentity(api_key_id=new_id(), project_id=new_id(), owner_id=new_id(), scopes=list(scopes))


@pytest.fixture
async def client(stage: Stage, house_for: HouseFor) -> AsyncIterator[AsyncClient]:
    """Ask the running service over HTTP with a key that may do everything with prompts."""
    stage.keys = {"sk_all": key(*SCOPES), "sk_other": key(*SCOPES), "sk_read": key("prompts.read")}
    house = await house_for("prompts")
    subscribe(house, stage.desk)
    async with house.running():
        app = house.app(api.ROUTERS)
        app.state.desk = stage.desk
        headers = {"Authorization": "Bearer sk_all"}
        async with AsyncClient(transport=ASGITransport(app), base_url="http://prompts", headers=headers) as opened:
            yield opened


async def made(client: AsyncClient, **rest: object) -> dict[str, str]:
    response = await client.post("/v1/prompts", json={"title": "Outline", "template": "Outline {{ premise }}"} | rest)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def test_a_prompt_is_made_read_changed_committed_labelled_rendered_and_deleted(client: AsyncClient) -> None:
    path = f"/v1/prompts/{(await made(client))['id']}"
    assert (await client.get(path)).json()["slug"] == "outline"
    assert (await client.patch(path, json={"revision": 1, "title": "New"})).json()["title"] == "New"
    committed = await client.post(f"{path}/versions", json={"base_version": 1, "template": "Now {{ premise }}"})
    assert (committed.status_code, committed.json()["latest_version"]) == (201, 2)
    labelled = await client.put(f"{path}/labels/production", json={"version": 1})
    assert labelled.json()["labels"] == {"production": 1}
    values = {"values": {"premise": "a ferry"}}
    rendered = await client.post(f"{path}/render", json={"label": "production", **values})
    assert rendered.json()["text"] == "Outline a ferry"
    assert (await client.post(f"{path}/preview", json={"template": "<{{ premise }}>", **values})).json()["text"] == (
        "<a ferry>"
    )
    assert [v["number"] for v in (await client.get(f"{path}/versions")).json()["items"]] == [2, 1]
    assert (await client.delete(path)).json() == {"done": True}
    assert (await client.get(path)).status_code == 404
    assert (await client.post(f"{path}/restore")).status_code == 200
    listed = await client.get("/v1/prompts", params={"query": "prem ne", "limit": 1})
    assert (listed.json()["total"], len(listed.json()["items"])) == (1, 1)


async def test_a_snippet_is_made_read_changed_and_deleted(client: AsyncClient) -> None:
    created = await client.post("/v1/snippets", json={"name": "style", "content": "Short."})
    path = f"/v1/snippets/{created.json()['id']}"
    assert created.status_code == 201
    changed = await client.patch(path, json={"revision": 1, "content": "Shorter."})
    assert changed.json()["version"] == 2
    assert (await client.get("/v1/snippets/style")).json() == changed.json()
    assert len((await client.get("/v1/snippets", params={"query": "SHORT"})).json()["items"]) == 1
    assert (await client.delete(path)).status_code == 200
    assert (await client.post(f"{path}/restore")).status_code == 200


async def test_a_rewrite_is_ordered_and_read(client: AsyncClient, stage: Stage) -> None:
    created = await client.post("/v1/optimizations", json={"template": "outline {{ premise }}"})
    assert (created.status_code, created.json()["status"]) == (201, "running")
    generation_id = decode_id("ge", created.json()["generation_id"])
    stage.gateway.end(generation_id, "Write {{ premise }}.")
    identity = stage.keys["sk_all"]
    call = make_call(project_id=identity.project_id, actor_id=identity.owner_id)
    await settle_optimization(stage.desk, ended(call, generation_id))
    read = await client.get(f"/v1/optimizations/{created.json()['id']}")
    assert (read.json()["status"], read.json()["text"]) == ("ready", "Write {{ premise }}.")


async def test_templates_are_checked_and_titles_suggested(client: AsyncClient) -> None:
    check = await client.post("/v1/templates/check", json={"template": "{{ a }} {{ b"})
    assert (check.status_code, check.json()["findings"][0]["code"]) == (200, "syntax")
    assert (await client.post("/v1/titles", json={"template": "x"})).json()["title"] == "The Last Ferry"


async def test_refusals_are_problem_documents(client: AsyncClient) -> None:
    prompt = await made(client)
    path = f"/v1/prompts/{prompt['id']}"
    answers = [
        (await client.post("/v1/prompts", json={"title": "X", "template": "{{ a"}), 422, "template-invalid"),
        (
            await client.post("/v1/prompts", json={"title": "X", "template": "x", "slug": "outline"}),
            409,
            "prompt-slug-taken",
        ),
        (await client.post("/v1/prompts", json={"title": "X", "template": "x", "typo": 1}), 422, "invalid"),
        (await client.post(f"{path}/render", json={"values": {"other": 1}}), 422, "invalid"),
        (await client.patch(path, json={"revision": 9, "title": "X"}), 409, "prompt-revision-conflict"),
        (await client.put(f"{path}/labels/latest", json={"version": 1}), 422, "label-reserved"),
        (await client.get(f"/v1/prompts/{encode_id('pr', new_id())}"), 404, "not-found"),
        (await client.get("/v1/prompts", params={"cursor": "nonsense"}), 422, "invalid"),
        (await client.post("/v1/prompts", content=b"x" * (BODY_LIMIT_BYTES + 1)), 413, "too-large"),
    ]
    for response, status, type_ in answers:
        assert response.headers["content-type"] == "application/problem+json"
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{type_}"), response.text


async def test_the_same_key_answers_the_same_prompt(client: AsyncClient) -> None:
    body, headers = {"title": "T", "template": "x"}, {"Idempotency-Key": "one"}
    first = await client.post("/v1/prompts", json=body, headers=headers)
    assert (await client.post("/v1/prompts", json=body, headers=headers)).json() == first.json()


async def test_another_projects_key_finds_nothing_and_a_narrow_one_may_not_write(client: AsyncClient) -> None:
    path = f"/v1/prompts/{(await made(client))['id']}"
    other, narrow = {"Authorization": "Bearer sk_other"}, {"Authorization": "Bearer sk_read"}
    missing = await client.get(f"/v1/prompts/{encode_id('pr', new_id())}")
    foreign = await client.get(path, headers=other)
    drop = {"request_id"}
    assert {k: v for k, v in foreign.json().items() if k not in drop} == {
        k: v for k, v in missing.json().items() if k not in drop
    }
    assert (await client.delete(path, headers=other)).status_code == 404
    assert (await client.delete(path, headers=narrow)).status_code == 403
    assert (await client.get(path, headers={"Authorization": "Bearer sk_wrong"})).status_code == 401


# Some hundred requests: quick alone, slow beside other test processes.
@pytest.mark.timeout(150)
async def test_no_request_whatever_it_holds_is_answered_with_a_bug(client: AsyncClient) -> None:
    prompt = await made(client)
    snippet = (await client.post("/v1/snippets", json={"name": "style", "content": "Short."})).json()
    optimization = (await client.post("/v1/optimizations", json={"template": "Outline {{ premise }}"})).json()
    known_ids = {
        "prompt_id": prompt["id"],
        "snippet_id": snippet["id"],
        "name": "style",
        "label": "production",
        "optimization_id": optimization["id"],
    }
    described = (await client.get("/openapi.json")).json()
    requests = HostileRequests(client, described, known_ids)
    assert await requests.send() == []
    assert requests.sent > 100
