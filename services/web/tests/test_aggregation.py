from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from services.web.tests.conftest import FakeGateway, Site

from shared.bus import Bus
from shared.call import Call
from shared.contracts.documents import DocumentPage, DocumentSummary, ListDocuments
from shared.contracts.ids import encode_id, new_id
from shared.contracts.prompts import (
    CreatePrompt,
    GetPrompt,
    ListPrompts,
    ListSnippets,
    PromptDetail,
    PromptPage,
    PromptSummary,
    PromptVersion,
    Snippet,
    SnippetPage,
    UpdatePrompt,
)
from shared.problems import Conflict
from shared.testing.fixtures import BusFor

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class StalePrompt(Conflict):
    type = "/problems/prompt-changed"
    title = "Changed meanwhile"


def _prompt(title: str) -> PromptDetail:
    version = PromptVersion(
        id=new_id(),
        number=1,
        content_hash="0" * 64,
        template="A ferry",
        parameters=[],
        message="",
        author_id=new_id(),
        created_at=NOW,
    )
    return PromptDetail(
        id=new_id(),
        set_slug="default",
        slug="ferry",
        title=title,
        description="",
        tags=[],
        default_model=None,
        latest_version=1,
        labels={},
        parameters=[],
        snippets=[],
        archived=False,
        revision=1,
        author_id=new_id(),
        created_at=NOW,
        updated_at=NOW,
        latest=version,
    )


@dataclass
class FakePrompts:
    """Keeps what it was asked; answers with one prompt and one snippet, or refuses."""

    asked: list[tuple[Call, BaseModel]] = field(default_factory=list)
    prompt: PromptDetail = field(default_factory=lambda: _prompt("Ferry"))

    async def detail(self, call: Call, command: GetPrompt | CreatePrompt) -> PromptDetail:
        self.asked.append((call, command))
        return self.prompt

    async def stale(self, call: Call, command: UpdatePrompt) -> PromptDetail:
        self.asked.append((call, command))
        message = "Somebody changed it."
        raise StalePrompt(message, current_revision=7)

    async def page(self, call: Call, command: ListPrompts) -> PromptPage:
        self.asked.append((call, command))
        summary = PromptSummary.model_validate(self.prompt.model_dump())
        return PromptPage(items=[summary] * command.limit, total=command.limit)

    async def snippets(self, _call: Call, _command: ListSnippets) -> SnippetPage:
        snippet = Snippet(
            id=new_id(),
            name="house-style",
            description="How we write",
            content="Short.",
            version=1,
            content_hash="0" * 64,
            used_by=0,
            revision=1,
            author_id=new_id(),
            created_at=NOW,
            updated_at=NOW,
        )
        return SnippetPage(items=[snippet] * 30)


@pytest.fixture
async def prompts(bus_for: BusFor) -> FakePrompts:
    bus, fake = await bus_for("prompts"), FakePrompts()
    bus.answer(GetPrompt, fake.detail)
    bus.answer(CreatePrompt, fake.detail)
    bus.answer(UpdatePrompt, fake.stale)
    bus.answer(ListPrompts, fake.page)
    bus.answer(ListSnippets, fake.snippets)
    await bus.start_answering()
    return fake


async def test_a_create_carries_body_identity_and_idempotency_key_to_the_owner(
    site: Site, prompts: FakePrompts
) -> None:
    person = await site.person()
    body = {"title": "Ferry", "template": "A ferry"}
    answer = await person.post("/api/prompts", body, {"Idempotency-Key": "k-1"})
    assert answer.status_code == 201
    assert PromptDetail.model_validate(answer.json()) == prompts.prompt
    ((call, command),) = prompts.asked
    assert isinstance(command, CreatePrompt)
    assert (command.title, command.template) == ("Ferry", "A ferry")
    assert (call.actor_id, call.project_id, call.identity.role) == (person.user_id, person.project_id, "admin")
    assert call.idempotency_key == "k-1"
    assert 5 < call.remaining_seconds() <= 10


async def test_path_and_query_become_fields_of_the_request(site: Site, prompts: FakePrompts) -> None:
    person, prompt_id = await site.person(), new_id()
    await person.get(f"/api/prompts/{encode_id('pr', prompt_id)}")
    await person.get("/api/prompts?query=fer&tag=fiction&archived=true&limit=3&cursor=c")
    assert [command for _, command in prompts.asked] == [
        GetPrompt(prompt_id=prompt_id),
        ListPrompts(query="fer", tag="fiction", archived=True, limit=3, cursor="c"),
    ]


@pytest.mark.parametrize(
    "path", ["/api/prompts?limit=1000", "/api/prompts?colour=red", "/api/prompts/do_00000000007000400000000001"]
)
async def test_what_is_malformed_is_refused_by_name_before_anybody_is_asked(
    site: Site, prompts: FakePrompts, path: str
) -> None:
    answer = await (await site.person()).get(path)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert answer.json()["errors"][0]["name"] in {"limit", "colour", "prompt_id"}
    assert prompts.asked == []


async def test_a_problem_of_the_owner_reaches_the_browser_as_it_is(site: Site, prompts: FakePrompts) -> None:
    path = f"/api/prompts/{encode_id('pr', new_id())}"
    answer = await (await site.person()).send("PATCH", path, {"revision": 1, "title": "Other"})
    request_id = answer.json()["request_id"]
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json() == {
        "type": "/problems/prompt-changed",
        "title": "Changed meanwhile",
        "status": 409,
        "detail": "Somebody changed it.",
        "current_revision": 7,
        "request_id": request_id,
    }
    assert prompts.asked[0][0].request_id == request_id == answer.headers["scriptorium-request-id"]


async def test_a_service_that_is_away_is_503_with_the_time_to_come_back(site: Site) -> None:
    answer = await (await site.person()).get("/api/models")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_database_that_is_away_is_503_with_the_time_to_come_back(site: Site) -> None:
    person = await site.person()
    await site.house.database.close()
    answer = await person.get("/api/models")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def _documents(bus: Bus, found: Callable[[], Any]) -> None:
    async def page(_call: Call, _command: ListDocuments) -> DocumentPage:
        found()
        summary = DocumentSummary(
            id=new_id(),
            title="Ferry story",
            status="ready",
            excerpt="",
            words=3,
            tags=[],
            prompt_id=None,
            prompt_title="Outline",
            prompt_version=None,
            model=None,
            simulated=None,
            input_tokens=None,
            output_tokens=None,
            cost_usd=None,
            archived=False,
            revision=1,
            author_id=new_id(),
            created_at=NOW,
            updated_at=NOW,
        )
        return DocumentPage(items=[summary] * 7, total=7)

    bus.answer(ListDocuments, page)
    await bus.start_answering()


def _refuse() -> None:
    message = "Not now."
    raise Conflict(message)


async def test_search_brings_prompts_documents_and_snippets_together(
    site: Site, prompts: FakePrompts, bus_for: BusFor
) -> None:
    await _documents(await bus_for("documents"), lambda: None)
    items = (await (await site.person()).get(f"/api/search?q={'f' * 300}")).json()["items"]
    assert [item["kind"] for item in items] == ["prompt"] * 7 + ["document"] * 7 + ["snippet"] * 6
    shown = {item["kind"]: (item["title"], item["subtitle"]) for item in items}
    assert shown == {
        "prompt": ("Ferry", "ferry"),
        "document": ("Ferry story", "Outline"),
        "snippet": ("@house-style", "How we write"),
    }
    assert prompts.asked[0][1] == ListPrompts(query="f" * 200, limit=7)


async def test_search_leaves_out_a_part_that_refuses(site: Site, prompts: FakePrompts, bus_for: BusFor) -> None:
    await _documents(await bus_for("documents"), _refuse)
    items = (await (await site.person()).get("/api/search?q=fer")).json()["items"]
    assert {item["kind"] for item in items} == {"prompt", "snippet"}
    assert prompts.asked


async def test_search_takes_words_that_no_row_can_hold(site: Site, prompts: FakePrompts) -> None:
    assert (await (await site.person()).get("/api/search?q=fer%00ry")).status_code == 200
    assert prompts.asked[0][1] == ListPrompts(query="fer ry", limit=7)


async def test_search_is_503_when_every_part_is_away(site: Site) -> None:
    assert (await (await site.person()).get("/api/search?q=fer")).status_code == 503


async def test_status_says_to_members_what_the_models_are_and_to_others_only_whether_it_is_set_up(
    site: Site, gateway: FakeGateway
) -> None:
    stranger = site.stranger()
    told = {"version": "0.1.0", "set_up": False, "simulated": None, "default_model": None, "gateway_url": None}
    assert (await stranger.get("/api/status")).json() == told
    person = await site.person()
    status = (await person.get("/api/status")).json()
    assert status == told | {"set_up": True, "simulated": True, "default_model": "simulator/quill"}
    person.project = "not-mine"
    assert (await person.get("/api/status")).json() == told | {"set_up": True}
    assert gateway.finds == 0
