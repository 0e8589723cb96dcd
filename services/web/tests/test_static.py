from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from services.web.tests.conftest import CHEAP, Site

from shared.testing.fixtures import HouseFor
from web.main import furnished
from web.operations.passwords import Passwords
from web.settings import WebSettings

PAGE = {"Accept": "text/html,application/xhtml+xml"}


async def test_every_address_of_the_app_leads_to_its_page(site: Site) -> None:
    for path in ("/", "/mara/prompts/pr_1", "/login", "/setup?token=x", "/apiary"):
        for accept in ("text/html,*/*;q=0.8", "*/*"):
            answer = await site.client().get(path, headers={"Accept": accept})
            assert (path, answer.text) == (path, "<!doctype html><title>Scriptorium</title>")
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


async def test_head_answers_as_get_does_without_the_body(site: Site) -> None:
    client = site.client()
    for path in ("/", "/mara/prompts", "/assets/app-1a2b.js"):
        head, get = await client.head(path, headers=PAGE), await client.get(path, headers=PAGE)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(site: Site) -> None:
    answer = await site.client().get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (answer.text, answer.headers["cache-control"]) == ("plain()", "public, max-age=31536000, immutable")
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_a_packed_file_is_served_to_who_takes_it(site: Site) -> None:
    async with site.client().stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip, br"}) as answer:
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (body, answer.headers["content-encoding"]) == (b"packed", "br")
        assert answer.headers["vary"] == "accept-encoding"
        assert answer.headers["content-type"].startswith("text/javascript")


async def test_a_missing_file_is_404_and_not_the_page(site: Site) -> None:
    for path in ("/assets/app-0000.js", "/missing.png", "/robots.txt"):
        answer = await site.client().get(path, headers={"Accept": "*/*"})
        assert (path, answer.status_code) == (path, 404)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_name_that_no_file_has_is_404(site: Site) -> None:
    for path in ("/assets/a%00.js", "/" + "a" * 5000 + ".js", "/assets/%ff%fe"):
        answer = await site.client().get(path, headers={"Accept": "*/*"})
        assert (path[:20], answer.status_code) == (path[:20], 404)


async def test_no_address_leads_out_of_the_folder(site: Site, static_dir: Path) -> None:
    secret = static_dir.parent / "secret.txt"
    secret.write_text("a secret")
    for path in (
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        f"/{secret}",
        "/%2f" + str(secret),
    ):
        assert "a secret" not in (await site.client().get(path)).text


@pytest.fixture
async def unbuilt(
    house_for: HouseFor, databases: dict[str, str], web_settings: Callable[..., WebSettings], tmp_path: Path
) -> AsyncIterator[AsyncClient]:
    """Web before anybody built the app."""
    house = await house_for("web")
    settings = web_settings(databases["web"], static_dir=tmp_path / "nothing")
    async with (
        furnished(house, settings, Passwords(CHEAP)) as app,
        AsyncClient(transport=ASGITransport(app), base_url="http://web") as client,
    ):
        yield client


async def test_without_a_build_the_page_says_what_to_run(unbuilt: AsyncClient) -> None:
    answer = await unbuilt.get("/", headers=PAGE)
    assert answer.status_code == 503
    assert "make web" in answer.text
