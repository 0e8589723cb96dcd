import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx2
import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from shared import outbox
from shared.call import Call
from shared.contracts.prompts import Done
from shared.contracts.web import ApiKeyRevoked, IntrospectKey, KeyIdentity
from shared.http import CallOf, ServiceRouter
from shared.problems import Conflict, Unauthenticated
from shared.runtime.house import House
from shared.testing.fixtures import HouseFor, make_call

KEY = {"Authorization": "Bearer sk_good"}
router = ServiceRouter(prefix="/v1/things")


class Thing(BaseModel):
    name: str
    size: int


@router.get("/whoami", action="prompts.read")
async def whoami(call: CallOf) -> dict[str, str]:
    return {"project": str(call.project_id), "request": call.request_id, "key": call.idempotency_key or ""}


@router.post("", action="prompts.write")
async def make_thing(thing: Thing, call: CallOf) -> Thing:
    del call
    return thing


@router.get("/conflict", action="prompts.read")
async def conflict(call: CallOf) -> Done:
    del call
    message = "Somebody was faster."
    raise Conflict(message, current_revision=4)


@router.get("/bug", action="prompts.read")
async def bug(call: CallOf) -> Done:
    del call
    message = "a secret inside"
    raise ZeroDivisionError(message)


@pytest.fixture
async def prompts(house_for: HouseFor) -> House:
    return await house_for("prompts")


@asynccontextmanager
async def _client(house: House, web: House, scopes: list[str] | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the routes above as prompts, with a web that knows one key."""
    asked: list[str] = []

    async def introspect(_call: Call, request: IntrospectKey) -> KeyIdentity:
        asked.append(request.api_key)
        if request.api_key != "sk_good" or "revoked" in asked:
            message = "This key is not good."
            raise Unauthenticated(message)
        return KeyIdentity(api_key_id=uuid4(), project_id=uuid4(), owner_id=uuid4(), scopes=scopes or ["prompts.read"])

    web.bus.answer(IntrospectKey, introspect)
    async with web.running(), house.running():
        transport = httpx2.ASGITransport(app=house.app([router]), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://prompts") as client:
            client.asked = asked  # type: ignore[attr-defined]
            yield client


async def test_a_key_becomes_a_call_of_its_project(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.get("/v1/things/whoami", headers=KEY | {"Idempotency-Key": "k"})
        assert answer.status_code == 200
        assert answer.json()["key"] == "k"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"Authorization": b"Bearer sk_bad"},
        {b"Authorization": b"Basic eA=="},
        {b"Authorization": b"Bearer sk_" + b"a" * 5000},
        {b"Authorization": b"Bearer sk_\xe9"},
    ],
)
async def test_without_a_good_key_the_answer_is_401_with_a_problem(
    prompts: House, house_for: HouseFor, headers: dict[bytes, bytes]
) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.get("/v1/things/whoami", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_without_the_scope_is_forbidden(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.post("/v1/things", headers=KEY, json={"name": "a", "size": 1})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


async def test_refused_values_are_named(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web"), ["prompts.write"]) as client:
        answer = await client.post("/v1/things", headers=KEY, json={"size": "many"})
        assert answer.status_code == 422
        assert {error["name"] for error in answer.json()["errors"]} == {"name", "size"}


async def test_a_problem_keeps_its_extensions_and_names_the_request(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.get("/v1/things/conflict", headers=KEY)
        assert answer.json()["current_revision"] == 4
        assert answer.json()["request_id"] == answer.headers["scriptorium-request-id"]


async def test_a_bug_is_told_without_its_words(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.get("/v1/things/bug", headers=KEY)
        assert answer.status_code == 500
        assert "secret" not in answer.text


async def test_a_bug_is_recorded_once_under_the_id_that_the_caller_can_quote(
    prompts: House, house_for: HouseFor
) -> None:
    async with _client(prompts, await house_for("web")) as client:
        with capture_logs() as records:
            answer = await client.get("/v1/things/bug", headers=KEY)
    assert [record["request_id"] for record in records] == [answer.json()["request_id"]]


async def test_json_that_cannot_be_read_has_no_name(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web"), ["prompts.write"]) as client:
        answer = await client.post(
            "/v1/things", headers=KEY | {"Content-Type": "application/json"}, content=b'{"name":'
        )
        assert [error["name"] for error in answer.json()["errors"]] == ["body"]


async def test_an_oversized_body_is_413(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web"), ["prompts.write"]) as client:
        answer = await client.post("/v1/things", headers=KEY, json={"name": "x" * 1_100_000, "size": 1})
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


async def test_an_unknown_address_is_404_in_our_form(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        answer = await client.get("/v1/nothing")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def test_a_key_is_asked_for_once_and_forgotten_at_once_when_revoked(prompts: House, house_for: HouseFor) -> None:
    web = await house_for("web")
    async with _client(prompts, web) as client:
        for _ in range(3):
            await client.get("/v1/things/whoami", headers=KEY)
        assert client.asked == ["sk_good"]  # type: ignore[attr-defined]
        client.asked.append("revoked")  # type: ignore[attr-defined]
        call = make_call()
        async with web.database.transaction(call.project_id) as conn:
            await outbox.add(conn, call, ApiKeyRevoked(api_key_id=uuid4()))
        async with asyncio.timeout(5):
            while (await client.get("/v1/things/whoami", headers=KEY)).status_code != 401:  # noqa: ASYNC110  heard over NATS
                await asyncio.sleep(0.01)


async def test_readiness_names_each_part(prompts: House, house_for: HouseFor) -> None:
    async with _client(prompts, await house_for("web")) as client:
        assert (await client.get("/readyz")).json() == {"database": True, "nats": True, "serving": True}
        prompts.stopping.set()
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


def test_a_route_without_an_action_fails_where_it_is_declared() -> None:
    with pytest.raises(KeyError):
        ServiceRouter().get("/x", action="things.unknown")(whoami)
    with pytest.raises(TypeError):
        ServiceRouter().get("/x")(whoami)  # type: ignore[call-arg]
