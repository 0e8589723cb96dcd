"""Snippets for the browser."""

from typing import Annotated

from fastapi import Query

from shared.contracts import prompts as contracts
from shared.contracts.ids import SnippetId
from web.api.edge import Ask, BrowserRouter

router = BrowserRouter(prefix="/api/snippets", tags=["snippets"])


@router.get("", action="prompts.read")
async def list_snippets(query: Annotated[contracts.ListSnippets, Query()], ask: Ask) -> contracts.SnippetPage:
    """List the snippets of the project by name."""
    return await ask(query)


@router.post("", action="prompts.write", status_code=201)
async def create_snippet(body: contracts.CreateSnippet, ask: Ask) -> contracts.Snippet:
    """Create a snippet whose text becomes version 1."""
    return await ask(body)


@router.get("/{name}", action="prompts.read")
async def get_snippet(name: contracts.SnippetName, ask: Ask) -> contracts.Snippet:
    """Read one snippet by name."""
    return await ask(contracts.GetSnippet(name=name))


@router.patch("/{snippet_id}", action="prompts.write")
async def update_snippet(snippet_id: SnippetId, body: contracts.SnippetChanges, ask: Ask) -> contracts.Snippet:
    """Change a snippet; a changed text becomes its next version."""
    return await ask(contracts.UpdateSnippet(snippet_id=snippet_id, **dict(body)))


@router.delete("/{snippet_id}", action="prompts.write")
async def delete_snippet(snippet_id: SnippetId, ask: Ask) -> contracts.Done:
    """Delete a snippet that no prompt mentions."""
    return await ask(contracts.DeleteSnippet(snippet_id=snippet_id))


@router.post("/{snippet_id}/restore", action="prompts.write")
async def restore_snippet(snippet_id: SnippetId, ask: Ask) -> contracts.Snippet:
    """Undo a deletion."""
    return await ask(contracts.RestoreSnippet(snippet_id=snippet_id))
