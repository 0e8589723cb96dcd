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


@pytest.mark.parametrize("path", ["/", "/mara/prompts/pr_1", "/login", "/setup?token=x", "/apiary"])
@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "*/*"])
async def test_every_address_of_the_app_leads_to_its_page(site: Site, path: str, accept: str) -> None:
    answer = await site.client().get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>Scriptorium</title>")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/mara/prompts", "/assets/app-1a2b.js"])
async def test_head_answers_as_get_does_without_the_body(site: Site, path: str) -> None:
    client = site.client()
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


@pytest.mark.parametrize("path", ["/assets/app-0000.js", "/missing.png", "/robots.txt"])
async def test_a_missing_file_is_404_and_not_the_page(site: Site, path: str) -> None:
    answer = await site.client().get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fetc/passwd"]
)
async def test_no_address_leads_out_of_the_folder(site: Site, static_dir: Path, path: str) -> None:
    (static_dir.parent / "secret.txt").write_text("secret")
    for address in (path, "/..%2fsecret.txt"):
        assert "root:" not in (answer := await site.client().get(address)).text
        assert "secret" not in answer.text


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
