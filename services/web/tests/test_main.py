import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from services.web.tests.conftest import CHEAP, Site

from shared.testing.fixtures import DatabaseFor, HouseFor
from web.main import furnished, opened, sign_in_link
from web.operations.passwords import Passwords
from web.settings import WebSettings


async def test_the_service_starts_and_says_that_it_is_ready(
    database_for: DatabaseFor, databases: dict[str, str], web_settings: Callable[..., WebSettings], streams: None
) -> None:
    await database_for("web")
    async with (
        opened(web_settings(databases["web"])) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://web") as client,
    ):
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": True, "nats": True, "serving": True})
        assert (await client.get("/api/prompts")).status_code == 401


def _environment(settings: WebSettings) -> Mapping[str, str]:
    """Write settings as a process gets them."""
    values: dict[str, str] = {}
    for name in ("database_url", "relay_database_url", "nats_url", "signing_key", "encryption_key"):
        secret = getattr(settings, name)
        assert isinstance(secret, SecretStr)
        values[f"WEB_{name.upper()}"] = secret.get_secret_value()
    values["WEB_PUBLIC_KEYS"] = orjson.dumps(settings.public_keys).decode()
    values["WEB_PUBLIC_URL"] = "https://write.example.org/"
    return values


async def test_the_command_prints_one_link_and_nothing_else(
    site: Site, databases: dict[str, str], web_settings: Callable[..., WebSettings]
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "web",
        "sign-in-link",
        env=os.environ | dict(_environment(web_settings(databases["web"]))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    assert (child.returncode, errors) == (0, b"")
    (line,) = output.decode().splitlines()
    assert line.startswith("https://write.example.org/setup?token=")
    assert (await site.set_up(site.stranger(), parse_qs(urlsplit(line).query)["token"][0])).status_code == 201


async def test_after_setting_up_the_link_signs_in(
    site: Site, databases: dict[str, str], web_settings: Callable[..., WebSettings]
) -> None:
    await site.set_up(site.stranger())
    link = urlsplit(await sign_in_link(web_settings(databases["web"])))
    assert (link.hostname, link.path) == ("localhost", "/signin")
    answer = await site.stranger().post("/api/session", {"token": parse_qs(link.query)["token"][0]})
    assert answer.json()["user"]["name"] == "Mara"


async def test_over_tls_the_cookie_is_bound_to_this_host_and_never_sent_in_clear(
    house_for: HouseFor, databases: dict[str, str], web_settings: Callable[..., WebSettings]
) -> None:
    house = await house_for("web")
    settings = web_settings(databases["web"], public_url="https://write.example.org")
    async with (
        furnished(house, settings, Passwords(CHEAP)) as app,
        AsyncClient(transport=ASGITransport(app), base_url="https://write.example.org") as client,
    ):
        token, _ = await app.state.edge.accounts.make_link()
        body = {"token": token, "email": "m@example.org", "name": "Mara", "password": "long enough, surely"}
        answer = await client.post("/api/setup", json=body, headers={"Scriptorium-Request": "1"})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-scriptorium=")
        assert "; secure" in cookie.lower()
        assert "domain" not in cookie.lower()
        assert (await client.get("/api/session")).json()["user"]["name"] == "Mara"


@pytest.mark.parametrize("missing", ["encryption_key", "database_url"])
def test_a_missing_secret_stops_the_start(settings_for: Callable[[str, str], dict[str, object]], missing: str) -> None:
    values = settings_for("web", "x") | {"encryption_key": "k" * 32}
    del values[missing]
    with pytest.raises(ValueError, match=missing):
        WebSettings.model_validate(values)
