"""A document keeps what it was made from, over services: what is changed later does not reach it."""

from typing import Any

import asyncpg
import pytest

from local_stack.stack import LocalStack
from tests.member import Member

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def _request_of(stack: LocalStack, document: dict[str, Any]) -> str:
    """Read what the model was asked for a document, as the order keeps it."""
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_documents"))
    try:
        return str(await connection.fetchval(_REQUEST, document["title"]))
    finally:
        await connection.close()


async def _generated(admin: Member, prompt_id: str, title: str) -> dict[str, Any]:
    order = {"prompt_id": prompt_id, "values": {"topic": "hinges"}, "model": "simulator/quill+words:40", "title": title}
    made = await admin.post("/api/documents", order)
    assert (made["model"], made["simulated"]) == (order["model"], True)
    return await admin.document_at_rest(made["id"])


async def test_changing_an_included_prompt_and_a_snippet_leaves_a_document_as_it_was_made(
    stack: LocalStack, admin: Member
) -> None:
    tone = await admin.post("/api/snippets", {"name": "provenance-tone", "content": "Write calmly."})
    part = await admin.post("/api/prompts", {"title": "Provenance part", "template": "Begin with a list."})
    template = "{% render 'provenance-part' %} @provenance-tone Write about {{ topic }}."
    prompt = await admin.post("/api/prompts", {"title": "Provenance whole", "template": template})
    before = await _generated(admin, prompt["id"], "Provenance before")
    asked = await _request_of(stack, before)

    version = {"base_version": 1, "template": "Begin with a question.", "message": "Ask first"}
    changed_part = await admin.post(f"/api/prompts/{part['id']}/versions", version)
    changes = {"revision": tone["revision"], "content": "Write loudly."}
    changed_tone = await admin.send("PATCH", f"/api/snippets/{tone['id']}", changes)
    after = await _generated(admin, prompt["id"], "Provenance after")

    assert await admin.get(f"/api/documents/{before['id']}") == before
    assert await _request_of(stack, before) == asked
    assert "Begin with a list. Write calmly. Write about hinges." in asked
    assert "Begin with a question. Write loudly." in await _request_of(stack, after)
    for document, of_part, of_tone in ((before, part["latest"], tone), (after, changed_part["latest"], changed_tone)):
        assert document["prompt_content_hash"] == prompt["latest"]["content_hash"]
        assert [
            (used["address"], used["prompt_version_id"], used["content_hash"]) for used in document["included"]
        ] == [("default/provenance-part", of_part["id"], of_part["content_hash"])]
        assert [(used["version"], used["content_hash"]) for used in document["snippets"]] == [
            (of_tone["version"], of_tone["content_hash"])
        ]


_REQUEST = """
    SELECT o.request FROM generation_orders o JOIN documents d ON d.generation_id = o.id WHERE d.title = $1
"""
