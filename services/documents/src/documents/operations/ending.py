"""Take over what a model wrote, when the gateway says or shows that it ended."""

import asyncio

from documents import store
from documents.domain import Document, GenerationEnd, Text, ended, read_text, titled_terms, written
from shared import inbox, outbox
from shared.bus import Bus
from shared.call import Call, Event
from shared.contracts.documents import DocumentGenerated, DocumentGenerationStopped
from shared.contracts.llm_gateway import GenerationEnded, ReadSegments
from shared.contracts.message import durable_name
from shared.faults import fault_point
from shared.postgres import Connection, Database


async def take_generation_end(database: Database, bus: Bus, event: Event[GenerationEnded]) -> None:
    """Store the text of an ended generation that was ordered here; of any other, and a second time, change nothing.

    Raises TextNotSettledError where the gateway's text has not the hash that the fact tells.
    """
    call, told = event.call(), event.message
    async with database.transaction(call.project_id) as conn:
        if not await store.is_awaited(conn, call.project_id, told.generation_id):
            return
    read = await bus.request(call, ReadSegments(generation_id=told.generation_id))
    fault_point("documents_text_fetched")
    await apply_end(database, call, ended(read, told.content_hash), event)


async def apply_end(
    database: Database, call: Call, end: GenerationEnd, event: Event[GenerationEnded] | None = None
) -> None:
    """Store an end once: the inbox knows the fact, the order knows its end. `event` is None where nobody told."""
    text = await asyncio.to_thread(read_text, end.text)
    async with database.transaction(call.project_id) as conn:
        if event and not await inbox.claim(conn, durable_name("documents", type(event.message)), event):
            return
        document_id = await store.end_order(conn, call.project_id, end.generation_id, end.status)
        if document_id is None:
            return
        document = await store.lock_document(conn, call.project_id, document_id)
        if document and document.generation_id == end.generation_id:
            await _write(conn, call, document, end, text)
        fault_point("documents_end_written")


async def _write(conn: Connection, call: Call, document: Document, end: GenerationEnd, text: Text) -> None:
    after = written(document, end)
    if after.takes_text:
        await store.update_text(conn, call.project_id, document.id, text, after.text_generation_id)
    terms = titled_terms(after.title, text) if after.takes_text else None
    revision = await store.write_end(conn, call.project_id, document.id, after, terms)
    await outbox.add(conn, call, _told(document, end, revision))


def _told(document: Document, end: GenerationEnd, revision: int) -> DocumentGenerated | DocumentGenerationStopped:
    if end.status == "completed":
        return DocumentGenerated(
            document_id=document.id, revision=revision, generation_id=end.generation_id, prompt_id=document.prompt_id
        )
    return DocumentGenerationStopped(
        document_id=document.id, revision=revision, generation_id=end.generation_id, status=end.status
    )
