"""Snippets: create, list, read, change, delete with undo."""

from uuid import UUID

import asyncpg

from prompts.domain.mentions import find_mentions
from prompts.domain.problems import SnippetInUse, SnippetNameTaken, SnippetRevisionConflict
from prompts.domain.versions import canonical_text, text_hash
from prompts.operations.desk import Desk
from prompts.operations.templates import make_content
from prompts.store import snippets as snippet_rows
from prompts.store.rows import SnippetHead
from prompts.templating.resolution import resolve
from shared import idempotency, outbox
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.prompts import (
    CreateSnippet,
    DeleteSnippet,
    Done,
    GetSnippet,
    ListSnippets,
    RestoreSnippet,
    Snippet,
    SnippetCreated,
    SnippetDeleted,
    SnippetPage,
    SnippetRestored,
    SnippetUpdated,
    UpdateSnippet,
)
from shared.faults import fault_point
from shared.postgres import Connection
from shared.problems import Invalid, NotFound


async def list_snippets(desk: Desk, call: Call, command: ListSnippets) -> SnippetPage:
    """List the snippets of the project by name."""
    async with desk.database.transaction(call.project_id) as conn:
        return SnippetPage(items=await snippet_rows.list_snippets(conn, call.project_id, command.query.strip()))


async def get_snippet(desk: Desk, call: Call, command: GetSnippet) -> Snippet:
    """Read one snippet by name. Raises NotFound."""
    async with desk.database.transaction(call.project_id) as conn:
        return await _read(conn, call, command.name)


async def create_snippet(desk: Desk, call: Call, command: CreateSnippet) -> Snippet:
    """Create a snippet with its version 1. Raises SnippetNameTaken, or what is wrong with its text."""
    if command.name.endswith("-"):
        message = "must not end with a hyphen, which a mention would leave out"
        raise Invalid.of([{"name": "name", "code": "name", "message": message}])
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, Snippet)
        if answered is not None:
            return answered
    content = await _checked(desk, call, command.name, command.content)
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, Snippet)
        if answered is not None:
            return answered
        snippet_id = await _insert(conn, call, command, content)
        await outbox.add(conn, call, SnippetCreated(snippet_id=snippet_id, name=command.name, version=1))
        snippet = await _read(conn, call, command.name)
        await idempotency.remember(conn, call, command, snippet)
        fault_point("snippet_created")
    return snippet


async def update_snippet(desk: Desk, call: Call, command: UpdateSnippet) -> Snippet:
    """Change a snippet; a new text becomes its next version. Raises SnippetRevisionConflict with the stored text."""
    async with desk.database.transaction(call.project_id) as conn:
        name = (await _held(conn, call, command.snippet_id)).name
    content = None if command.content is None else await _checked(desk, call, name, command.content)
    async with desk.database.transaction(call.project_id) as conn:
        head = await _held(conn, call, command.snippet_id)
        if head.revision != command.revision:
            message = "Somebody changed this snippet meanwhile. Both texts are here: compare them, then save again."
            raise SnippetRevisionConflict(message, revision=head.revision, content=head.content, yours=content)
        version = await _change(conn, call, head, command.description, content)
        await outbox.add(conn, call, SnippetUpdated(snippet_id=head.id, name=head.name, version=version))
        fault_point("snippet_updated")
        return await _read(conn, call, head.name)


async def delete_snippet(desk: Desk, call: Call, command: DeleteSnippet) -> Done:
    """Delete a snippet. Raises SnippetInUse where prompts or snippets mention it. Twice changes nothing."""
    async with desk.database.transaction(call.project_id) as conn:
        head = await _held(conn, call, command.snippet_id, with_deleted=True)
        if head.is_deleted:
            return Done()
        users = await snippet_rows.snippet_users(conn, call.project_id, head.id, head.name)
        if users:
            message = f"@{head.name} is mentioned in {len(users)} places. Take it out of them first."
            raise SnippetInUse(message, used_by=[user.listed() for user in users])
        await snippet_rows.set_snippet_deleted(conn, call.project_id, head.id, is_deleted=True)
        await outbox.add(conn, call, SnippetDeleted(snippet_id=head.id, name=head.name, version=head.version))
        fault_point("snippet_deleted")
    return Done()


async def restore_snippet(desk: Desk, call: Call, command: RestoreSnippet) -> Snippet:
    """Undo a deletion. Raises SnippetNameTaken where another snippet has the name now. Twice changes nothing."""
    try:
        async with desk.database.transaction(call.project_id) as conn:
            head = await _held(conn, call, command.snippet_id, with_deleted=True)
            if head.is_deleted:
                await snippet_rows.set_snippet_deleted(conn, call.project_id, head.id, is_deleted=False)
                fact = SnippetRestored(snippet_id=head.id, name=head.name, version=head.version)
                await outbox.add(conn, call, fact)
            return await _read(conn, call, head.name)
    except asyncpg.UniqueViolationError as error:
        message = "Another snippet has taken this one's name meanwhile. Delete that one, or keep this one deleted."
        raise SnippetNameTaken(message) from error


async def _checked(desk: Desk, call: Call, name: str, text: str) -> str:
    """Return the canonical text of a snippet that stands by itself and does not contain itself."""
    canonical = canonical_text(text)
    async with desk.database.transaction(call.project_id) as conn:
        resolved = await resolve(conn, call.project_id, canonical, f"@{name}")
    await make_content(desk.templates, resolved, None)
    return canonical


async def _read(conn: Connection, call: Call, name: str) -> Snippet:
    snippet = await snippet_rows.find_snippet(conn, call.project_id, name)
    if snippet is None:
        raise NotFound
    return snippet


async def _held(conn: Connection, call: Call, snippet_id: UUID, *, with_deleted: bool = False) -> SnippetHead:
    head = await snippet_rows.lock_snippet(conn, call.project_id, snippet_id)
    if head is None or (head.is_deleted and not with_deleted):
        raise NotFound
    return head


async def _insert(conn: Connection, call: Call, command: CreateSnippet, content: str) -> UUID:
    snippet_id, hash_ = new_id(), text_hash(content)
    inserted = await snippet_rows.insert_snippet(
        conn,
        call.project_id,
        snippet_id,
        call.actor_id,
        command.name,
        command.description,
        content,
        hash_,
        _mentioned(content),
    )
    if not inserted:
        message = f"There is a snippet @{command.name} already. Choose another name."
        raise SnippetNameTaken(message, name=command.name)
    await snippet_rows.insert_snippet_version(conn, call.project_id, snippet_id, 1, call.actor_id, content, hash_)
    return snippet_id


async def _change(conn: Connection, call: Call, head: SnippetHead, description: str | None, content: str | None) -> int:
    text = head.content if content is None else content
    hash_ = text_hash(text)
    version = head.version + (hash_ != head.content_hash)
    if version != head.version:
        await snippet_rows.insert_snippet_version(conn, call.project_id, head.id, version, call.actor_id, text, hash_)
    wording = head.description if description is None else description
    await snippet_rows.change_snippet(conn, call.project_id, head, wording, text, hash_, version, _mentioned(text))
    return version


def _mentioned(content: str) -> list[str]:
    return list(dict.fromkeys(mention.name for mention in find_mentions(content)))
