"""Read and list documents."""

import asyncio

from documents import store
from documents.domain import search_query
from shared.call import Call
from shared.contracts.documents import DocumentDetail, DocumentPage, GetDocument, ListDocuments
from shared.contracts.ids import decode_id, encode_id
from shared.postgres import Database
from shared.problems import Invalid, NotFound

# Short enough to be unnoticed behind a model's answer, long enough that a waiting caller costs the database nothing.
POLL_SECONDS = 0.2


async def get_document(database: Database, call: Call, command: GetDocument) -> DocumentDetail:
    """Read one document. Raises NotFound, the same for deleted and foreign ones."""
    async with database.transaction(call.project_id) as conn:
        document = await store.get_document(conn, call.project_id, command.document_id)
    if document is None:
        raise NotFound
    return document


async def list_documents(database: Database, call: Call, command: ListDocuments) -> DocumentPage:
    """Read one page, newest first. `total` counts what the filters leave, over all pages."""
    wanted = _filter(command)
    async with database.transaction(call.project_id) as conn:
        found = await store.find_documents(conn, call.project_id, wanted)
        items = await store.get_summaries(conn, call.project_id, found.ids[: command.limit])
    is_last = len(found.ids) <= command.limit
    return DocumentPage(items=items, next_cursor=None if is_last else encode_id("do", items[-1].id), total=found.total)


def _filter(command: ListDocuments) -> store.Filter:
    try:
        before_id = decode_id("do", command.cursor) if command.cursor else None
    except ValueError as error:
        raise Invalid.of([{"name": "cursor", "code": "cursor", "message": "Not a cursor of this list."}]) from error
    return store.Filter(
        terms=search_query(command.query),
        prompt_id=command.prompt_id,
        status=command.status,
        tag=command.tag,
        archived=command.archived,
        before_id=before_id,
        limit=command.limit + 1,
    )


async def wait_for_end(database: Database, call: Call, command: GetDocument) -> DocumentDetail:
    """Read a document once no model writes it any more, or as it stands when the call's time is over."""
    while True:
        # The row says it, and no message: any process of this service may have written it.
        if call.remaining_seconds() == 0 or not await _is_being_written(database, call, command):
            return await get_document(database, call, command)
        await asyncio.sleep(POLL_SECONDS)


async def _is_being_written(database: Database, call: Call, command: GetDocument) -> bool:
    async with database.transaction(call.project_id) as conn:
        return await store.get_status(conn, call.project_id, command.document_id) == "generating"
