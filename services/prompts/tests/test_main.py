from collections.abc import Callable

from httpx2 import ASGITransport, AsyncClient

from prompts.main import opened
from prompts.settings import PromptsSettings
from shared.testing.fixtures import DatabaseFor


async def test_the_service_starts_with_its_renderers_and_says_that_it_is_ready(
    database_for: DatabaseFor,
    databases: dict[str, str],
    settings_for: Callable[[str, str], dict[str, object]],
    streams: None,
) -> None:
    await database_for("prompts")
    settings = PromptsSettings.model_validate(settings_for("prompts", databases["prompts"]))
    async with (
        opened(settings) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://prompts") as client,
    ):
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": True, "nats": True, "serving": True})
        assert (await client.get("/v1/prompts")).status_code == 401
        assert app.state.desk.templates._idle.qsize() == settings.template_workers
