"""Create, change, delete and restore documents by hand."""

import asyncio
from dataclasses import replace
from uuid import UUID

from documents import store
from documents.domain import (
    Document,
    NewDocument,
    Text,
    check_revision,
    check_text_is_writable,
    read_text,
    titled_terms,
)
from shared import idempotency, outbox
from shared.call import Call
from shared.contracts.documents import (
    CreateDocument,
    DeleteDocument,
    DocumentCreated,
    DocumentDeleted,
    DocumentDetail,
    DocumentRestored,
    DocumentUpdated,
    RestoreDocument,
    UpdateDocument,
)
from shared.contracts.ids import new_id
from shared.contracts.prompts import Done
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.problems import NotFound


async def create_document(database: Database, call: Call, command: CreateDocument) -> DocumentDetail:
    """Create a document from a person's text. The same idempotency key creates one."""
    document = NewDocument(
        id=new_id(),
        title=command.title,
        title_is_given=True,
        text=await asyncio.to_thread(read_text, command.content),
        tags=command.tags,
        author_id=call.actor_id,
    )
    async with database.transaction(call.project_id) as conn:
        if earlier := await idempotency.recall(conn, call, command, DocumentDetail):
            return earlier
        await store.insert_document(conn, call.project_id, document)
        fault_point("documents_created")
        await outbox.add(conn, call, DocumentCreated(document_id=document.id, revision=1))
        created = await stored(conn, call, document.id)
        await idempotency.remember(conn, call, command, created)
    return created


async def update_document(database: Database, call: Call, command: UpdateDocument) -> DocumentDetail:
    """Change what the command names. Raises RevisionConflict with the stored text, or DocumentBeingWritten.

    A command that changes nothing makes no new revision.
    """
    text = None if command.content is None else await asyncio.to_thread(read_text, command.content)
    async with database.transaction(call.project_id) as conn:
        document = await _locked(conn, call, command)
        check_revision(document, command.revision)
        await _change(conn, call, document, _changed(document, command), text)
        return await stored(conn, call, document.id)


async def _locked(conn: Connection, call: Call, command: UpdateDocument) -> Document:
    document = await store.lock_document(conn, call.project_id, command.document_id)
    if document is None or document.deleted:
        raise NotFound
    return document


def _changed(document: Document, command: UpdateDocument) -> Document:
    return replace(
        document,
        title=document.title if command.title is None else command.title,
        title_is_given=document.title_is_given or command.title is not None,
        tags=document.tags if command.tags is None else command.tags,
        archived=document.archived if command.archived is None else command.archived,
    )


async def _change(conn: Connection, call: Call, before: Document, after: Document, text: Text | None) -> None:
    new_text = text if text and text.content != before.content else None
    if new_text is None and after == before:
        return
    if new_text:
        check_text_is_writable(before)
        await store.update_text(conn, call.project_id, before.id, new_text, None)
    await store.update_details(conn, call.project_id, after, await _changed_terms(before, after, new_text))
    fault_point("documents_updated")
    await outbox.add(conn, call, DocumentUpdated(document_id=before.id, revision=before.revision + 1))


async def _changed_terms(before: Document, after: Document, new_text: Text | None) -> list[str] | None:
    if new_text is None and after.title == before.title:
        return None
    if new_text is None:
        new_text = await asyncio.to_thread(read_text, before.content)
    return titled_terms(after.title, new_text)


async def delete_document(database: Database, call: Call, command: DeleteDocument) -> Done:
    """Take a document out of every list. A model that writes it goes on, so that restoring finds the text."""
    async with database.transaction(call.project_id) as conn:
        revision = await store.delete_document(conn, call.project_id, command.document_id)
        if revision is None:
            raise NotFound
        fault_point("documents_deleted")
        await outbox.add(conn, call, DocumentDeleted(document_id=command.document_id, revision=revision))
    return Done()


async def restore_document(database: Database, call: Call, command: RestoreDocument) -> DocumentDetail:
    """Bring a deleted document back; one that is not deleted is answered as it is."""
    async with database.transaction(call.project_id) as conn:
        revision = await store.restore_document(conn, call.project_id, command.document_id)
        if revision is not None:
            fault_point("documents_restored")
            await outbox.add(conn, call, DocumentRestored(document_id=command.document_id, revision=revision))
        return await stored(conn, call, command.document_id)


async def stored(conn: Connection, call: Call, document_id: UUID) -> DocumentDetail:
    """Read a document as this transaction will leave it. Raises NotFound."""
    document = await store.get_document(conn, call.project_id, document_id)
    if document is None:
        raise NotFound
    return document
