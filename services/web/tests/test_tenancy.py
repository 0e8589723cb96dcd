import re
from typing import Any

import asyncpg
import pytest
from httpx2 import Response
from services.web.tests.conftest import Browser, Site

from shared.contracts.ids import encode_id, new_id
from web.api import ROUTERS

# Every route of the browser with the role that it needs; None where whoever comes may ask.
MATRIX: dict[str, str | None] = {
    "GET /api/session": None,
    "POST /api/session": None,
    "DELETE /api/session": None,
    "POST /api/setup": None,
    "GET /api/status": None,
    "GET /api/search": "viewer",
    "GET /api/stream": "viewer",
    "GET /api/prompts": "viewer",
    "POST /api/prompts": "context_engineer",
    "POST /api/prompts/import": "context_engineer",
    "GET /api/prompt-versions": "viewer",
    "GET /api/prompts/{prompt_id}": "viewer",
    "PATCH /api/prompts/{prompt_id}": "context_engineer",
    "DELETE /api/prompts/{prompt_id}": "context_engineer",
    "POST /api/prompts/{prompt_id}/restore": "context_engineer",
    "GET /api/prompts/{prompt_id}/versions": "viewer",
    "POST /api/prompts/{prompt_id}/versions": "context_engineer",
    "PUT /api/prompts/{prompt_id}/labels/{label}": "context_engineer",
    "POST /api/prompts/{prompt_id}/preview": "viewer",
    "POST /api/templates/check": "viewer",
    "POST /api/titles": "context_engineer",
    "POST /api/optimizations": "context_engineer",
    "GET /api/optimizations/{optimization_id}": "viewer",
    "GET /api/snippets": "viewer",
    "POST /api/snippets": "context_engineer",
    "GET /api/snippets/{name}": "viewer",
    "PATCH /api/snippets/{snippet_id}": "context_engineer",
    "DELETE /api/snippets/{snippet_id}": "context_engineer",
    "POST /api/snippets/{snippet_id}/restore": "context_engineer",
    "GET /api/documents": "viewer",
    "POST /api/documents": "context_engineer",
    "POST /api/documents/import": "context_engineer",
    "GET /api/documents/{document_id}": "viewer",
    "PATCH /api/documents/{document_id}": "context_engineer",
    "DELETE /api/documents/{document_id}": "context_engineer",
    "POST /api/documents/{document_id}/restore": "context_engineer",
    "POST /api/documents/{document_id}/continue": "context_engineer",
    "GET /api/generations/{generation_id}": "viewer",
    "GET /api/generations/{generation_id}/events": "viewer",
    "GET /api/generations/{generation_id}/replay": "viewer",
    "POST /api/streaming/cancel/{generation_id}": "context_engineer",
    "POST /api/generations/{generation_id}/cancel": "context_engineer",
    "GET /api/generations": "viewer",
    "POST /api/playground": "context_engineer",
    "GET /api/usage": "viewer",
    "GET /api/usage.csv": "viewer",
    "GET /api/budgets": "viewer",
    "POST /api/budgets": "admin",
    "POST /api/budgets/{budget_id}/raise": "admin",
    "DELETE /api/budgets/{budget_id}": "admin",
    "GET /api/limits": "viewer",
    "POST /api/limits": "admin",
    "GET /api/models": "viewer",
    "GET /api/connections": "viewer",
    "POST /api/connections": "admin",
    "PATCH /api/connections/{connection_id}": "admin",
    "DELETE /api/connections/{connection_id}": "admin",
    "POST /api/connections/{name}/test": "admin",
    "GET /api/custom-models": "viewer",
    "POST /api/custom-models": "admin",
    "DELETE /api/custom-models": "admin",
    "GET /api/aliases": "viewer",
    "POST /api/aliases": "admin",
    "DELETE /api/aliases/{name}": "admin",
    "GET /api/gateway-settings": "viewer",
    "PUT /api/gateway-settings": "admin",
    "GET /api/keys": "admin",
    "POST /api/keys": "admin",
    "DELETE /api/keys/{api_key_id}": "admin",
    "PATCH /api/projects/current": "admin",
}
GUARDED = [route for route, role in MATRIX.items() if role is not None]
ABOVE_VIEWER = [route for route, role in MATRIX.items() if role in {"context_engineer", "admin"}]
PREFIXES = {
    "prompt_id": "pr",
    "snippet_id": "sn",
    "document_id": "do",
    "generation_id": "ge",
    "optimization_id": "op",
    "api_key_id": "ak",
    "connection_id": "co",
    "budget_id": "bu",
}


def _path(route: str) -> tuple[str, str]:
    """Put an id that may exist into a route's path."""
    method, _, path = route.partition(" ")

    def value(match: "re.Match[str]") -> str:
        prefix = PREFIXES.get(match[1])
        return encode_id(prefix, new_id()) if prefix else "a-name"

    return method, re.sub(r"\{(\w+)\}", value, path)


async def _ask(browser: Browser, route: str) -> Response:
    method, path = _path(route)
    body: Any = None if method in {"GET", "DELETE"} else {}
    return await browser.send(method, path, body)


async def test_the_matrix_names_every_route_that_is_served(site: Site) -> None:
    served = {
        f"{method} {vars(route)['path']}"
        for router in ROUTERS
        for route in router.routes
        for method in vars(route)["methods"]
    }
    assert served == set(MATRIX)
    assert {f"{m.upper()} {path}" for path, item in site.app.openapi()["paths"].items() for m in item} == set(MATRIX)


async def test_without_a_session_every_guarded_route_is_401(site: Site) -> None:
    stranger = site.stranger()
    answers = {route: await _ask(stranger, route) for route in GUARDED}
    assert {route: answer.status_code for route, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer.json()["type"] for answer in answers.values()} == {"/problems/unauthenticated"}


async def test_a_member_of_another_project_gets_the_404_of_a_project_that_does_not_exist(site: Site) -> None:
    project, foreigner, lost = await site.person(), await site.person(), await site.person()
    foreigner.project, lost.project = project.project, encode_id("pj", new_id())
    for route in GUARDED:
        foreign, missing = await _ask(foreigner, route), await _ask(lost, route)
        assert (route, foreign.status_code) == (route, 404)
        assert (route, foreign.json() | {"request_id": ""}) == (route, missing.json() | {"request_id": ""})


async def test_a_viewer_is_refused_what_needs_a_higher_role(site: Site) -> None:
    owner = await site.person()
    viewer = await site.person("viewer", owner.project_id)
    statuses = {route: (await _ask(viewer, route)).status_code for route in ABOVE_VIEWER}
    assert statuses == dict.fromkeys(ABOVE_VIEWER, 403)


async def test_a_context_engineer_is_refused_what_admins_do(site: Site) -> None:
    owner = await site.person()
    engineer = await site.person("context_engineer", owner.project_id)
    admins = [route for route, role in MATRIX.items() if role == "admin"]
    assert {route: (await _ask(engineer, route)).status_code for route in admins} == dict.fromkeys(admins, 403)


async def test_a_member_who_was_removed_gets_404_on_every_route(site: Site, superuser: asyncpg.Connection) -> None:
    owner = await site.person()
    member = await site.person("admin", owner.project_id)
    assert (await member.get("/api/keys")).status_code == 200
    await superuser.execute(
        "DELETE FROM members WHERE user_id = $1 AND project_id = $2", member.user_id, owner.project_id
    )
    site.edge.accounts.forget_visitors()
    statuses = {route: (await _ask(member, route)).status_code for route in GUARDED}
    assert statuses == dict.fromkeys(GUARDED, 404)


@pytest.mark.parametrize("name", ["slug", "id"])
async def test_a_project_is_named_by_slug_or_id(site: Site, name: str) -> None:
    person = await site.person()
    project = (await person.get("/api/session")).json()["projects"][0]
    person.project = project[name]
    assert (await person.get("/api/keys")).status_code == 200
