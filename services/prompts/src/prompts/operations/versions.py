"""Versions: commit and list."""

from prompts.domain.problems import PromptVersionConflict
from prompts.domain.versions import canonical_text
from prompts.operations.desk import Desk
from prompts.operations.prompts import held_prompt, read_detail
from prompts.operations.templates import found_prompt, make_content
from prompts.store import versions as version_rows
from prompts.store.rows import VersionContent
from prompts.templating.resolution import resolve
from shared import idempotency, outbox
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.prompts import (
    CommitVersion,
    ListVersions,
    NameVersions,
    PromptDetail,
    PromptVersionCommitted,
    PromptVersionNames,
    PromptVersionPage,
)
from shared.faults import fault_point
from shared.postgres import Connection
from shared.problems import NotFound


async def list_versions(desk: Desk, call: Call, command: ListVersions) -> PromptVersionPage:
    """List the versions of one prompt, newest first. Raises NotFound."""
    async with desk.database.transaction(call.project_id) as conn:
        summary = await found_prompt(conn, call, command.prompt_id)
        return PromptVersionPage(items=await version_rows.list_versions(conn, call.project_id, summary.id))


async def name_versions(desk: Desk, call: Call, command: NameVersions) -> PromptVersionNames:
    """Say what versions are called of which only ids are known. Unknown ids are left out."""
    async with desk.database.transaction(call.project_id) as conn:
        return PromptVersionNames(items=await version_rows.name_versions(conn, call.project_id, command.ids))


async def commit_version(desk: Desk, call: Call, command: CommitVersion) -> PromptDetail:
    """Add a version. The content of the latest one again changes nothing and answers that one.

    Raises PromptVersionConflict with both texts where somebody committed since `base_version`.
    """
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, PromptDetail)
        if answered is not None:
            return answered
        summary = await found_prompt(conn, call, command.prompt_id)
        own_name = f"{summary.set_slug}/{summary.slug}"
        resolved = await resolve(conn, call.project_id, canonical_text(command.template), own_name)
    previous = summary.parameters if command.parameters is None else []
    content = await make_content(desk.templates, resolved, command.parameters, previous)
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, PromptDetail)
        if answered is not None:
            return answered
        detail = await _commit(conn, call, command, content)
        await idempotency.remember(conn, call, command, detail)
    return detail


async def _commit(conn: Connection, call: Call, command: CommitVersion, content: VersionContent) -> PromptDetail:
    head = await held_prompt(conn, call, command.prompt_id)
    latest = await version_rows.find_version(conn, call.project_id, head.id, head.latest_version)
    if latest is None:
        raise NotFound
    if latest.content_hash == content.content_hash:
        return await read_detail(conn, call, head.id)
    if head.latest_version != command.base_version:
        message = (
            f"Version {latest.number} was committed since you began with version {command.base_version}. "
            "Both texts are here: compare them, then commit again."
        )
        raise PromptVersionConflict(
            message,
            base_version=command.base_version,
            latest=latest.model_dump(mode="json"),
            yours={"template": content.template, "message": command.message},
        )
    await _append(conn, call, command, content, head.latest_version + 1)
    return await read_detail(conn, call, head.id)


async def _append(conn: Connection, call: Call, command: CommitVersion, content: VersionContent, number: int) -> None:
    version_id = new_id()
    await version_rows.insert_version(
        conn, call.project_id, command.prompt_id, version_id, number, call.actor_id, command.message, content
    )
    fault_point("version_inserted")
    await version_rows.make_latest(conn, call.project_id, command.prompt_id, number, content)
    fact = PromptVersionCommitted(
        prompt_id=command.prompt_id, prompt_version_id=version_id, number=number, content_hash=content.content_hash
    )
    await outbox.add(conn, call, fact)
    fault_point("version_committed")
