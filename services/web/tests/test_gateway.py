"""What an admin sets about models in the browser reaches the gateway as it was meant."""

from typing import Any

import pytest
from services.web.tests.conftest import Site

from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    ConnectionCheck,
    ConnectionList,
    CustomModelList,
    DeleteConnection,
    DeleteCustomModel,
    GatewaySettings,
    ProviderConnection,
    SaveConnection,
    SaveGatewaySettings,
    TestConnection,
)
from shared.testing.fixtures import BusFor

CANARY = "sk-canary-0123456789"
SAVED = ProviderConnection(
    id=new_id(),
    name="own",
    provider="openai",
    base_url=None,
    key_hint="6789",
    origin="project",
    missing=None,
    revision=1,
    updated_at=None,
)


class Gateway:
    """Keeps what it was asked, with the seconds that the asker waits."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.seconds: list[float] = []

    def answer(self, bus: Bus, request: Any, reply: Any) -> None:
        async def told(call: Call, command: Any) -> Any:
            self.asked.append(command)
            self.seconds.append(call.remaining_seconds())
            return reply

        bus.answer(request, told)


@pytest.fixture
async def gateway(bus_for: BusFor) -> Gateway:
    gateway, bus = Gateway(), await bus_for("llm_gateway")
    gateway.answer(bus, SaveConnection, SAVED)
    gateway.answer(bus, DeleteConnection, ConnectionList(items=[]))
    gateway.answer(bus, TestConnection, ConnectionCheck(ok=True, detail="It answers.", milliseconds=3))
    gateway.answer(bus, DeleteCustomModel, CustomModelList(items=[]))
    gateway.answer(
        bus, SaveGatewaySettings, GatewaySettings(cache_seconds=60, unknown_price_ceiling_usd_per_million=None)
    )
    await bus.start_answering()
    return gateway


async def test_a_connection_is_made_changed_tested_and_deleted(site: Site, gateway: Gateway) -> None:
    admin, path = await site.person(), encode_id("co", SAVED.id or new_id())
    body = {"name": "own", "provider": "openai", "api_key": CANARY}
    made = await admin.post("/api/connections", body | {"id": encode_id("co", new_id())})
    await admin.send("PATCH", f"/api/connections/{path}", body | {"revision": 1, "id": encode_id("co", new_id())})
    tested = await admin.post("/api/connections/own/test")
    await admin.send("DELETE", f"/api/connections/{path}")
    created, changed, test, deleted = gateway.asked
    assert (made.status_code, made.json()["key_hint"], tested.json()["ok"]) == (201, "6789", True)
    assert (created.id, created.api_key, changed.id, changed.revision) == (None, CANARY, SAVED.id, 1)
    assert (test.name, deleted.id) == ("own", SAVED.id)
    assert gateway.seconds[2] > 10


async def test_a_model_is_named_in_the_query_because_it_holds_slashes(site: Site, gateway: Gateway) -> None:
    answer = await (await site.person()).send("DELETE", "/api/custom-models?model=groq/openai/gpt-oss-20b")
    assert (answer.status_code, gateway.asked[0].model) == (200, "groq/openai/gpt-oss-20b")


async def test_settings_are_put_as_a_whole(site: Site, gateway: Gateway) -> None:
    answer = await (await site.person()).send("PUT", "/api/gateway-settings", {"cache_seconds": 60})
    assert (answer.status_code, answer.json()["cache_seconds"]) == (200, 60)


@pytest.mark.parametrize(
    "changes", [{"api_key": CANARY * 40}, {"name": "Not A Name", "api_key": CANARY}, {"colour": CANARY}]
)
async def test_a_refused_body_is_not_repeated_in_the_answer(site: Site, gateway: Gateway, changes: Any) -> None:
    body = {"name": "own", "provider": "openai"} | changes
    answer = await (await site.person()).post("/api/connections", body)
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert gateway.asked == []
