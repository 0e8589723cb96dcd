"""Documents for the browser."""

from typing import Annotated

from fastapi import Query

from shared.contracts import documents as contracts
from shared.contracts.ids import DocumentId
from shared.contracts.prompts import Done
from shared.http import DOCUMENT_BODY_LIMIT_BYTES
from web.api.edge import Ask, BrowserRouter

router = BrowserRouter(prefix="/api/documents", tags=["documents"])


@router.get("", action="documents.read")
async def list_documents(query: Annotated[contracts.ListDocuments, Query()], ask: Ask) -> contracts.DocumentPage:
    """List the documents of the project, newest first."""
    return await ask(query)


@router.post("", action="documents.generate", status_code=201)
async def generate_document(body: contracts.GenerateDocument, ask: Ask) -> contracts.DocumentDetail:
    """Have a model write a document; the text streams under the answer's generation."""
    return await ask(body)


@router.post("/import", action="documents.write", status_code=201, max_body_size=DOCUMENT_BODY_LIMIT_BYTES)
async def create_document(body: contracts.CreateDocument, ask: Ask) -> contracts.DocumentDetail:
    """Create a document from text that a person brought."""
    return await ask(body)


@router.get("/{document_id}", action="documents.read")
async def get_document(document_id: DocumentId, ask: Ask) -> contracts.DocumentDetail:
    """Read one document."""
    return await ask(contracts.GetDocument(document_id=document_id))


@router.patch("/{document_id}", action="documents.write", max_body_size=DOCUMENT_BODY_LIMIT_BYTES)
async def update_document(
    document_id: DocumentId, body: contracts.DocumentChanges, ask: Ask
) -> contracts.DocumentDetail:
    """Change title, text, tags or archive state; a field left out stays."""
    return await ask(contracts.UpdateDocument(document_id=document_id, **dict(body)))


@router.delete("/{document_id}", action="documents.write")
async def delete_document(document_id: DocumentId, ask: Ask) -> Done:
    """Take a document out of every list."""
    return await ask(contracts.DeleteDocument(document_id=document_id))


@router.post("/{document_id}/restore", action="documents.write")
async def restore_document(document_id: DocumentId, ask: Ask) -> contracts.DocumentDetail:
    """Undo a deletion."""
    return await ask(contracts.RestoreDocument(document_id=document_id))


@router.post("/{document_id}/continue", action="documents.generate")
async def continue_document(document_id: DocumentId, ask: Ask) -> contracts.DocumentDetail:
    """Have the model go on where it stopped."""
    return await ask(contracts.ContinueDocument(document_id=document_id))
