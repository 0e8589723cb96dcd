from collections.abc import Callable

import pytest
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


def test_lists_are_written_with_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "DATABASE_URL": "x",
        "RELAY_DATABASE_URL": "x",
        "NATS_URL": "x",
        "SIGNING_KEY": "x",
        "PUBLIC_KEYS": "{}",
        "SEALING_KEY": "x",
        "ALLOWED_HOSTS": "localhost:11434, gpu-box",
        "OLD_SEALING_KEYS": "canary-1,canary-2",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"LLM_GATEWAY_{name}", value)
    settings = LlmGatewaySettings()
    assert settings.allowed_hosts == ("localhost:11434", "gpu-box")
    assert [key.get_secret_value() for key in settings.old_sealing_keys] == ["canary-1", "canary-2"]
    assert "canary" not in repr(settings)
