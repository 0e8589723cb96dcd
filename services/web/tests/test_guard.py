from collections.abc import AsyncIterator

import asyncpg
from httpx2 import Response
from services.web.tests.conftest import Browser, Site

OWN = {"Scriptorium-Request": "1", "Content-Type": "application/json"}


async def _change(browser: Browser, headers: dict[str, str]) -> Response:
    """Ask for a change with exactly these headers."""
    return await browser.client.post("/api/templates/check", content=b'{"template": "x"}', headers=headers)


NOTHING = ("default-src", "object-src", "frame-ancestors", "base-uri")
FOREIGN = [
    {"Content-Type": "application/json"},
    OWN | {"Scriptorium-Request": "0"},
    OWN | {"Origin": "https://evil.example"},
    OWN | {"Origin": "null"},
    OWN | {"Origin": "http://127.0.0.1:1"},
    OWN | {"Sec-Fetch-Site": "cross-site"},
    OWN | {"Sec-Fetch-Site": "same-site"},
    OWN | {"Content-Type": "text/plain"},
    OWN | {"Content-Type": "application/x-www-form-urlencoded"},
    OWN | {"Content-Type": ""},
]


async def test_a_change_from_elsewhere_is_refused_though_the_session_is_good(site: Site) -> None:
    person = await site.person()
    for headers in FOREIGN:
        answer = await _change(person, headers)
        assert (headers, answer.status_code, answer.json()["type"]) == (headers, 403, "/problems/not-from-our-pages")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_change_from_our_own_page_passes_the_guard(site: Site) -> None:
    person = await site.person()
    own = OWN | {"Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    answer = await person.client.patch("/api/projects/current", json={"name": "Tides"}, headers=own)
    assert answer.status_code == 200
    assert (await person.get("/api/session")).json()["projects"][0]["name"] == "Tides"


async def test_no_other_origin_is_ever_given_a_permission(site: Site) -> None:
    client = site.client()
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        await client.options("/api/prompts", headers=asked),
        await client.get("/api/session", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    for path in ("/", "/api/session", "/api/prompts", "/api/nowhere", "/assets/missing.js", "/healthz"):
        headers = (await site.client().get(path)).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["script-src"] == "'self'"
        assert {policy[name] for name in NOTHING} == {"'none'"}
        assert policy["connect-src"] == policy["form-action"] == "'self'"
        assert policy["img-src"] == "'self' data:"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]


async def test_what_a_member_sees_is_not_kept_by_caches(site: Site) -> None:
    assert (await (await site.person()).get("/api/session")).headers["cache-control"] == "no-store"


async def test_an_unknown_address_below_api_is_the_same_problem_for_every_method(site: Site) -> None:
    person = await site.person()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api", "/api/", "/api/nowhere", "/api/prompts/a/b/c/d"):
            answer = await person.send(method, path)
            assert (method, path, answer.status_code) == (method, path, 404)
            assert answer.headers["content-type"] == "application/problem+json"
            assert method == "HEAD" or answer.json()["type"] == "/problems/not-found"


async def test_bodies_above_a_megabyte_are_413_and_documents_may_have_five(site: Site) -> None:
    person = await site.person()
    two, six = "x" * 2_000_000, "x" * 6_000_000
    refused = await person.post("/api/templates/check", {"template": two})
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
    assert (await person.post("/api/documents/import", {"title": "T", "content": six})).status_code == 413
    taken = await person.post("/api/documents/import", {"title": "T", "content": two, "misspelt": 1})
    assert taken.status_code == 422


async def test_a_body_without_a_declared_length_is_limited_too(site: Site) -> None:
    person = await site.person()

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"template": "'
        for _ in range(40):
            yield b"x" * 50_000

    answer = await person.client.post("/api/templates/check", content=endless(), headers=OWN)
    assert answer.status_code == 413


async def test_an_oversized_body_and_a_bug_are_marked_as_every_answer_is(
    site: Site, superuser: asyncpg.Connection
) -> None:
    oversized = await (await site.person()).post("/api/prompts", {"title": "x" * 1_100_000, "template": "x"})
    await superuser.execute("ALTER TABLE users RENAME TO nobody")
    bug = await site.client().get("/api/session")
    assert (oversized.status_code, bug.status_code) == (413, 500)
    for answer in (oversized, bug):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
