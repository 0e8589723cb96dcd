"""The HTTP API of documents, for other teams with an API key. Answers carry the revision as their ETag."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from documents.operations import editing, generating, reading
from documents.operations.models import KnownModels
from documents.schemas import DocumentChanges
from shared.contracts import documents as contracts
from shared.contracts.documents import DocumentDetail, DocumentPage
from shared.contracts.ids import DocumentId
from shared.contracts.prompts import Done
from shared.http import CallOf, HouseOf, ServiceRouter, revision_of

# As long as proxies and HTTP clients usually wait; what takes longer is asked for with GET.
WAIT_SECONDS = 60.0

router = ServiceRouter(prefix="/v1/documents", tags=["documents"])


def models_of(request: Request) -> KnownModels:
    """Return what the running service knows of the gateway's models."""
    models: KnownModels = request.app.state.models
    return models


ModelsOf = Annotated[KnownModels, Depends(models_of)]


@router.post("", action="documents.write", status_code=201)
async def create_document(
    command: contracts.CreateDocument, call: CallOf, house: HouseOf, response: Response
) -> DocumentDetail:
    """Create a document from your own text. With an `Idempotency-Key` repeating is safe."""
    return _tagged(response, await editing.create_document(house.database, call, command))


@router.post("/generate", action="documents.generate", status_code=202)
async def generate_document(
    command: contracts.GenerateDocument,
    call: CallOf,
    house: HouseOf,
    models: ModelsOf,
    response: Response,
    *,
    wait: bool = False,
) -> DocumentDetail:
    """Have a model write a document: 202 at once, or with `wait=true` 200 when it ended, 202 when 60 s were too short.

    With an `Idempotency-Key` repeating is safe. The key needs the scope `prompts.read` too.
    """
    document = await generating.generate_document(house.database, house.bus, models, call, command)
    if wait:
        waiting = call.with_deadline(WAIT_SECONDS)
        document = await reading.wait_for_end(house.database, waiting, contracts.GetDocument(document_id=document.id))
    if document.status != "generating":
        response.status_code = 200
    return _tagged(response, document)


@router.get("", action="documents.read")
async def list_documents(
    command: Annotated[contracts.ListDocuments, Query()], call: CallOf, house: HouseOf
) -> DocumentPage:
    """List documents, newest first, with filters and a search for word beginnings in title and text."""
    return await reading.list_documents(house.database, call, command)


@router.get("/{document_id}", action="documents.read")
async def get_document(document_id: DocumentId, call: CallOf, house: HouseOf, response: Response) -> DocumentDetail:
    """Read one document."""
    command = contracts.GetDocument(document_id=document_id)
    return _tagged(response, await reading.get_document(house.database, call, command))


@router.patch("/{document_id}", action="documents.write")
async def update_document(
    document_id: DocumentId,
    changes: DocumentChanges,
    call: CallOf,
    house: HouseOf,
    request: Request,
    response: Response,
) -> DocumentDetail:
    """Change title, text, tags or archive state. A newer revision than yours is 409, with the stored text beside it."""
    revision = revision_of(request) if changes.revision is None else changes.revision
    named = changes.model_dump(exclude_unset=True, exclude={"revision"})
    command = contracts.UpdateDocument(document_id=document_id, revision=revision, **named)
    return _tagged(response, await editing.update_document(house.database, call, command))


@router.delete("/{document_id}", action="documents.write")
async def delete_document(document_id: DocumentId, call: CallOf, house: HouseOf) -> Done:
    """Take a document out of every list; restoring brings it back."""
    return await editing.delete_document(house.database, call, contracts.DeleteDocument(document_id=document_id))


@router.post("/{document_id}/restore", action="documents.write")
async def restore_document(document_id: DocumentId, call: CallOf, house: HouseOf, response: Response) -> DocumentDetail:
    """Undo a deletion."""
    command = contracts.RestoreDocument(document_id=document_id)
    return _tagged(response, await editing.restore_document(house.database, call, command))


@router.post("/{document_id}/continue", action="documents.generate", status_code=202)
async def continue_document(
    document_id: DocumentId, call: CallOf, house: HouseOf, response: Response
) -> DocumentDetail:
    """Have the model go on where it stopped; what is there stays."""
    command = contracts.ContinueDocument(document_id=document_id)
    return _tagged(response, await generating.continue_document(house.database, call, command))


def _tagged(response: Response, document: DocumentDetail) -> DocumentDetail:
    response.headers["ETag"] = f'"{document.revision}"'
    return document
