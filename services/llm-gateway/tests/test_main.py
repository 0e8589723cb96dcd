from collections.abc import Callable

from httpx2 import ASGITransport, AsyncClient

from llm_gateway.main import opened
from llm_gateway.settings import LlmGatewaySettings
from shared.testing.fixtures import DatabaseFor


async def test_the_service_starts_and_says_that_it_is_ready(
    database_for: DatabaseFor,
    databases: dict[str, str],
    settings_for: Callable[[str, str], dict[str, object]],
    streams: None,
) -> None:
    await database_for("llm_gateway")
    values = settings_for("llm_gateway", databases["llm_gateway"]) | {"sealing_key": "A" * 43 + "="}
    settings = LlmGatewaySettings.model_validate(values)
    async with (
        opened(settings) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://gateway") as client,
    ):
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": True, "nats": True, "serving": True})
        assert (await client.get("/v1/models")).status_code == 401
