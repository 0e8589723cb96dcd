"""Over HTTP with an API key, as other teams speak to the gateway."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from httpx2 import ASGITransport, AsyncClient

from llm_gateway.api import ROUTERS
from shared.call import Call
from shared.contracts.ids import decode_id, encode_id, new_id
from shared.contracts.web import IntrospectKey, KeyIdentity
from shared.testing.fixtures import BusFor

ASKED = {"request": {"model": "simulator/quill", "messages": [{"role": "user", "content": "A ferry at night."}]}}
SCOPES = ["generations.start", "generations.read", "generations.cancel", "models.read"]


@pytest.fixture
async def keys(gateway: Any, bus_for: BusFor) -> dict[str, KeyIdentity]:
    """Keys by their text: `sk_own` of the gateway's project, `sk_other` of another, `sk_reader` may only read."""
    owner = gateway.call.actor_id

    def key(project_id: Any, scopes: list[str]) -> KeyIdentity:
        return KeyIdentity(api_key_id=new_id(), project_id=project_id, owner_id=owner, scopes=scopes)

    known = {
        "sk_own": key(gateway.call.project_id, SCOPES),
        "sk_other": key(new_id(), SCOPES),
        "sk_reader": key(gateway.call.project_id, ["generations.read"]),
    }

    async def introspect(_call: Call, command: IntrospectKey) -> KeyIdentity:
        return known[command.api_key]

    bus = await bus_for("web")
    bus.answer(IntrospectKey, introspect)
    await bus.start_answering()
    return known


@pytest.fixture
async def client(gateway: Any, keys: dict[str, KeyIdentity]) -> AsyncIterator[AsyncClient]:
    app = gateway.house.app(routers=ROUTERS)
    app.state.engine = gateway.engine
    async with AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as opened:
        opened.headers["Authorization"] = "Bearer sk_own"
        yield opened


async def ended(client: AsyncClient, generation_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            state: dict[str, Any] = (await client.get(f"/v1/generations/{generation_id}")).json()
            if state["finished_at"]:
                return state
            await asyncio.sleep(0.02)


async def events(
    client: AsyncClient, generation_id: str, path: str = "events", **headers: str
) -> list[tuple[str, dict[str, Any]]]:
    answer = await client.get(f"/v1/generations/{generation_id}/{path}", headers=headers)
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if fields:
            found.append((fields["event"], orjson.loads(fields["data"])))
    return found


async def test_a_generation_is_started_followed_and_read(client: AsyncClient) -> None:
    started = await client.post("/v1/generations", json=ASKED)
    assert started.status_code == 202
    generation_id = started.json()["id"]
    followed = await events(client, generation_id)
    text = "".join(data["text"] for kind, data in followed if kind == "segment")
    read = (await client.get(f"/v1/generations/{generation_id}/segments")).json()
    assert text == "".join(segment["text"] for segment in read["segments"])
    assert followed[-1][0] == "end"
    assert followed[-1][1] == read["generation"]
    assert read["generation"]["status"] == "completed"


async def test_following_again_goes_on_after_the_last_number(client: AsyncClient) -> None:
    generation_id = (await client.post("/v1/generations", json=ASKED)).json()["id"]
    await ended(client, generation_id)
    whole = await events(client, generation_id)
    tail = await events(client, generation_id, **{"Last-Event-ID": "1"})
    assert [data["number"] for kind, data in tail if kind == "segment"] == [
        data["number"] for kind, data in whole if kind == "segment"
    ][1:]


async def test_a_generation_is_played_again_with_the_same_events(client: AsyncClient) -> None:
    paced = {"request": ASKED["request"] | {"model": "simulator/quill+think:5,pace:20,words:30"}}
    generation_id = (await client.post("/v1/generations", json=paced)).json()["id"]
    await ended(client, generation_id)
    once = await events(client, generation_id)
    begun = time.monotonic()
    assert await events(client, generation_id, "replay?speed=instant") == once
    at_once = time.monotonic() - begun
    assert await events(client, generation_id, "replay?speed=original") == once
    assert time.monotonic() - begun - at_once > at_once + 0.3
    assert await events(client, generation_id, "replay?speed=10", **{"Last-Event-ID": "1"}) == once[1:]
    assert (await client.get(f"/v1/generations/{generation_id}/replay?speed=3")).status_code == 422


async def test_a_generation_that_is_being_written_is_not_played(client: AsyncClient) -> None:
    slow = {"request": ASKED["request"] | {"model": "simulator/quill+stall:3"}}
    generation_id = (await client.post("/v1/generations", json=slow)).json()["id"]
    assert (await client.get(f"/v1/generations/{generation_id}/replay")).status_code == 409
    await client.post(f"/v1/generations/{generation_id}/cancel")


async def test_a_stream_is_stopped_by_its_own_address_and_the_providers_connection_with_it(
    client: AsyncClient, gateway: Any, simulator: Any
) -> None:
    slow = {"request": ASKED["request"] | {"model": "simulator/quill+pace:20,words:900"}}
    generation_id = (await client.post("/v1/generations", json=slow)).json()["id"]
    await gateway.until(decode_id("ge", generation_id), lambda generation: generation.last_segment > 1)
    (attempt,) = await gateway.attempts(decode_id("ge", generation_id))
    begun = time.monotonic()
    assert (await client.post(f"/api/streaming/cancel/{generation_id}")).status_code == 200
    (call,) = await simulator.calls(attempt["id"])
    assert time.monotonic() - begun < 0.3
    assert call["client_closed_early"]
    state = await ended(client, generation_id)
    (usage,) = await gateway.usage(decode_id("ge", generation_id))
    assert (state["status"], usage["estimated"]) == ("cancelled", True)


async def test_json_is_read_while_it_grows_and_when_it_is_whole(client: AsyncClient) -> None:
    member = {"type": "array", "items": {"type": "string"}, "minItems": 3}
    schema = {"type": "object", "properties": {"ports": member}, "required": ["ports"]}
    asked = ASKED["request"] | {"model": "simulator/quill+pace:30", "response_schema": schema}
    generation_id = (await client.post("/v1/generations", json={"request": asked})).json()["id"]
    values = [data for kind, data in await events(client, generation_id, "json/events") if kind == "value"]
    whole = (await client.get(f"/v1/generations/{generation_id}/json")).json()
    assert values[-1] == whole
    assert (whole["status"], whole["is_partial"], whole["draft"]) == ("completed", False, 1)
    assert len(whole["value"]["ports"]) >= 3
    partial = [value["value"] for value in values if value["is_partial"] and value["value"]]
    assert len(partial) > 1
    assert partial[0] != whole["value"]
    text = (await client.get(f"/v1/generations/{generation_id}/segments")).json()["segments"][-1]
    assert (text["kind"], orjson.loads(text["text"])) == ("text", whole["value"])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "https://example.org/schema"}, "/problems/response-schema-invalid"),
        ({"type": "colour"}, "/problems/response-schema-invalid"),
        ({"description": "x" * 70_000}, "/problems/invalid"),
    ],
)
async def test_a_schema_that_cannot_be_used_is_refused(client: AsyncClient, schema: Any, words: str) -> None:
    asked = {"request": ASKED["request"] | {"response_schema": schema}}
    answer = await client.post("/v1/generations", json=asked)
    assert (answer.status_code, answer.json()["type"]) == (422, words)


async def test_the_same_idempotency_key_starts_one_generation(client: AsyncClient) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = await client.post("/v1/generations", json=ASKED, headers=key)
    again = await client.post("/v1/generations", json=ASKED, headers=key)
    other = await client.post("/v1/generations", json=ASKED | {"origin": {"task": "title_prompt"}}, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert other.status_code == 422
    await ended(client, first.json()["id"])


async def test_a_generation_is_cancelled(client: AsyncClient) -> None:
    slow = {"request": ASKED["request"] | {"model": "simulator/quill+stall:3"}}
    generation_id = (await client.post("/v1/generations", json=slow)).json()["id"]
    assert (await client.post(f"/v1/generations/{generation_id}/cancel")).status_code == 200
    assert (await ended(client, generation_id))["status"] == "cancelled"


@pytest.mark.parametrize(
    ("model", "status", "words"),
    [("openai/gpt-4.1", 409, "OPENAI_API_KEY"), ("nobody/x", 404, "connection/model")],
)
async def test_a_model_that_cannot_be_asked_is_refused_before_anything_is_stored(
    client: AsyncClient, gateway: Any, model: str, status: int, words: str
) -> None:
    answer = await client.post("/v1/generations", json={"request": ASKED["request"] | {"model": model}})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert await gateway.rows("SELECT id FROM generations") == []


async def test_another_projects_key_finds_nothing(client: AsyncClient, gateway: Any) -> None:
    generation_id = encode_id("ge", await gateway.start("simulator/quill+stall:3"))
    missing = encode_id("ge", new_id())
    foreign = {"Authorization": "Bearer sk_other"}
    reading = [("GET", path) for path in ("", "/segments", "/events", "/replay", "/json", "/json/events")]
    for method, path in (*reading, ("POST", "/cancel")):
        answers = [
            await client.request(method, f"/v1/generations/{each}{path}", headers=foreign)
            for each in (generation_id, missing)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_a_key_does_only_what_its_scopes_say(client: AsyncClient) -> None:
    reader = {"Authorization": "Bearer sk_reader"}
    assert (await client.post("/v1/generations", json=ASKED, headers=reader)).status_code == 403
    assert (await client.get("/v1/catalogue", headers=reader)).status_code == 403
    assert (await client.get("/v1/catalogue")).json()["default_model"] == "simulator/quill"


async def test_bad_input_is_named(client: AsyncClient) -> None:
    bad: httpx2.Response = await client.post("/v1/generations", json={"request": {"messages": []}, "extra": 1})
    assert bad.status_code == 422
    assert {error["name"] for error in bad.json()["errors"]} == {"request.messages", "extra"}


async def test_a_burst_of_orders_is_taken_whole(client: AsyncClient, gateway: Any) -> None:
    slow = {"request": ASKED["request"] | {"model": "simulator/quill+words:20"}}
    answers = await asyncio.gather(*(client.post("/v1/generations", json=slow) for _ in range(60)))
    assert {answer.status_code for answer in answers} == {202}
    for answer in answers:
        assert (await ended(client, answer.json()["id"]))["status"] == "completed"
