"""Prompts: create, list, read, change, delete with undo, labels."""

from uuid import UUID

import asyncpg

from prompts.domain.importing import read_pasted
from prompts.domain.problems import LabelReserved, PromptInUse, PromptNotFound, PromptRevisionConflict, PromptSlugTaken
from prompts.domain.search import prefix_query, read_cursor, write_cursor
from prompts.domain.versions import LATEST, canonical_text, free_slug, slug_from_title
from prompts.operations.desk import Desk
from prompts.operations.templates import found_prompt, make_content
from prompts.store import prompts as prompt_rows
from prompts.store import versions as version_rows
from prompts.store.rows import Cursor, PromptFilter, PromptHead, VersionContent
from prompts.templating.resolution import resolve
from shared import idempotency, outbox
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.prompts import (
    CreatePrompt,
    DeletePrompt,
    Done,
    GetPrompt,
    ImportPrompt,
    LabelMoved,
    ListPrompts,
    MoveLabel,
    PromptCreated,
    PromptDeleted,
    PromptDetail,
    PromptPage,
    PromptRestored,
    PromptUpdated,
    RestorePrompt,
    UpdatePrompt,
)
from shared.faults import fault_point
from shared.postgres import Connection
from shared.problems import NotFound

SLUG_BEGINNING_LENGTH = 60


async def list_prompts(desk: Desk, call: Call, command: ListPrompts) -> PromptPage:
    """List a page of prompts, newest change first."""
    wanted = PromptFilter(prefix_query(command.query), command.tag, command.archived)
    after = Cursor(*read_cursor(command.cursor)) if command.cursor else None
    async with desk.database.transaction(call.project_id) as conn:
        items = await prompt_rows.list_prompts(conn, call.project_id, wanted, after, command.limit + 1)
        total = await prompt_rows.count_prompts(conn, call.project_id, wanted)
    page = items[: command.limit]
    has_more = len(items) > len(page)
    return PromptPage(
        items=page, next_cursor=write_cursor(page[-1].updated_at, page[-1].id) if has_more else None, total=total
    )


async def import_prompt(desk: Desk, call: Call, command: ImportPrompt) -> PromptDetail:
    """Make a prompt of pasted JSON, named after the id that it had. Raises as `create_prompt`, and Invalid."""
    pasted = read_pasted(command.source)
    new = {
        "title": command.title or pasted.title,
        "template": pasted.template,
        "slug": pasted.slug,
        "default_model": pasted.model,
        "message": f"Imported from {pasted.source_id}"[:500] if pasted.source_id else "Imported",
    }
    return await create_prompt(desk, call, CreatePrompt.model_validate(new))


async def get_prompt(desk: Desk, call: Call, command: GetPrompt) -> PromptDetail:
    """Read one prompt with its latest version. Raises NotFound."""
    async with desk.database.transaction(call.project_id) as conn:
        return await read_detail(conn, call, command.prompt_id)


async def create_prompt(desk: Desk, call: Call, command: CreatePrompt) -> PromptDetail:
    """Create a prompt with its version 1. Raises PromptSlugTaken, or what is wrong with the template."""
    own_name = f"{command.set_slug}/{command.slug}" if command.slug else ""
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, PromptDetail)
        if answered is not None:
            return answered
        resolved = await resolve(conn, call.project_id, canonical_text(command.template), own_name)
    content = await make_content(desk.templates, resolved, command.parameters)
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, PromptDetail)
        if answered is not None:
            return answered
        prompt_id = await _insert(conn, call, command, content)
        await outbox.add(conn, call, PromptCreated(prompt_id=prompt_id, revision=1))
        detail = await read_detail(conn, call, prompt_id)
        await idempotency.remember(conn, call, command, detail)
        fault_point("prompt_created")
    return detail


async def update_prompt(desk: Desk, call: Call, command: UpdatePrompt) -> PromptDetail:
    """Change what is not versioned. An empty `default_model` takes the model away. Raises PromptRevisionConflict."""
    async with desk.database.transaction(call.project_id) as conn:
        head = await held_prompt(conn, call, command.prompt_id)
        if head.revision != command.revision:
            message = "Somebody changed this prompt meanwhile. Look at it again, then repeat your change."
            raise PromptRevisionConflict(message, revision=head.revision, title=head.title)
        clears = command.default_model == ""
        revision = await prompt_rows.update_prompt(conn, call.project_id, command, clears_model=clears)
        await outbox.add(conn, call, PromptUpdated(prompt_id=head.id, revision=revision))
        fault_point("prompt_updated")
        return await read_detail(conn, call, head.id)


async def delete_prompt(desk: Desk, call: Call, command: DeletePrompt) -> Done:
    """Take a prompt out of every list. Raises PromptInUse where others include it. Twice changes nothing."""
    async with desk.database.transaction(call.project_id) as conn:
        head = await held_prompt(conn, call, command.prompt_id, with_deleted=True)
        if head.is_deleted:
            return Done()
        users = await prompt_rows.includers(conn, call.project_id, head.id, head.address)
        if users:
            message = f"{len(users)} other prompts include this one. Take it out of them first."
            raise PromptInUse(message, used_by=[user.listed() for user in users])
        revision = await prompt_rows.set_deleted(conn, call.project_id, head.id, is_deleted=True)
        await outbox.add(conn, call, PromptDeleted(prompt_id=head.id, revision=revision))
        fault_point("prompt_deleted")
    return Done()


async def restore_prompt(desk: Desk, call: Call, command: RestorePrompt) -> PromptDetail:
    """Undo a deletion. Raises PromptSlugTaken where another prompt has the slug now. Twice changes nothing."""
    try:
        async with desk.database.transaction(call.project_id) as conn:
            head = await held_prompt(conn, call, command.prompt_id, with_deleted=True)
            if head.is_deleted:
                revision = await prompt_rows.set_deleted(conn, call.project_id, head.id, is_deleted=False)
                await outbox.add(conn, call, PromptRestored(prompt_id=head.id, revision=revision))
            return await read_detail(conn, call, head.id)
    except asyncpg.UniqueViolationError as error:
        message = "Another prompt has taken this one's name meanwhile. Delete that one, or keep this one deleted."
        raise PromptSlugTaken(message) from error


async def move_label(desk: Desk, call: Call, command: MoveLabel) -> PromptDetail:
    """Point a label at a version. Raises LabelReserved for `latest`, NotFound for a version that is not there."""
    if command.label == LATEST:
        message = "The label latest always names the newest version and cannot be moved."
        raise LabelReserved(message)
    async with desk.database.transaction(call.project_id) as conn:
        head = await held_prompt(conn, call, command.prompt_id)
        if command.version > head.latest_version:
            message = f"The prompt has no version {command.version}."
            raise NotFound(message)
        await version_rows.move_label(conn, call.project_id, head.id, command.label, command.version)
        await prompt_rows.touch_prompt(conn, call.project_id, head.id)
        fact = LabelMoved(prompt_id=head.id, label=command.label, version=command.version)
        await outbox.add(conn, call, fact)
        fault_point("label_moved")
        return await read_detail(conn, call, head.id)


async def read_detail(conn: Connection, call: Call, prompt_id: UUID) -> PromptDetail:
    """Read a prompt with its latest version, inside the caller's transaction."""
    summary = await found_prompt(conn, call, prompt_id)
    latest = await version_rows.find_version(conn, call.project_id, prompt_id, summary.latest_version)
    if latest is None:
        raise NotFound
    return PromptDetail(**dict(summary), latest=latest)


async def held_prompt(conn: Connection, call: Call, prompt_id: UUID, *, with_deleted: bool = False) -> PromptHead:
    """Hold a prompt's row until the transaction ends. Raises PromptNotFound."""
    head = await prompt_rows.lock_prompt(conn, call.project_id, prompt_id)
    if head is None or (head.is_deleted and not with_deleted):
        raise PromptNotFound
    return head


async def _insert(conn: Connection, call: Call, command: CreatePrompt, content: VersionContent) -> UUID:
    prompt_id = new_id()
    set_id = await prompt_rows.ensure_set(conn, call.project_id, command.set_slug)
    wanted = command.slug or slug_from_title(command.title)
    while True:
        # A long slug is shortened to make room for its number, so its own beginning is looked for, not all of it.
        taken = await prompt_rows.taken_slugs(conn, call.project_id, set_id, wanted[:SLUG_BEGINNING_LENGTH])
        slug = command.slug or free_slug(wanted, taken)
        if await prompt_rows.insert_prompt(
            conn, call.project_id, prompt_id, set_id, slug, call.actor_id, command, content
        ):
            break
        # Lost a race for a generated slug: the next round sees the winner. A chosen one is the author's to change.
        if command.slug:
            message = f"The set {command.set_slug} has a prompt {command.slug} already. Choose another name."
            raise PromptSlugTaken(message, slug=command.slug)
    version_id = new_id()
    await version_rows.insert_version(
        conn, call.project_id, prompt_id, version_id, 1, call.actor_id, command.message, content
    )
    return prompt_id
