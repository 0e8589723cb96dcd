"""What documents answers and tells: documents, how they were generated, and their text."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from shared.contracts.ids import DocumentId, GenerationId, PromptId, PromptVersionId, UserId
from shared.contracts.message import Command, Fact, Request, View
from shared.contracts.prompts import Done, SeenNumber, Tag, Title, UsedPrompt, UsedSnippet, VersionNumber

_DOCUMENT = "do_00000000007000400000000001"
_GENERATION = "ge_00000000007000400000000002"
_PROMPT = "pr_00000000007000400000000003"

# 5 MB is the largest body that the edge takes for a document (GUARANTEES, "What the user sees").
MAX_CONTENT_CHARACTERS = 1_500_000

DocumentStatus = Literal["generating", "ready", "cancelled", "interrupted", "failed"]
Content = Annotated[str, StringConstraints(max_length=MAX_CONTENT_CHARACTERS)]


class DocumentSummary(View):
    """A document as lists show it. `excerpt` is the first 200 characters; money is absent when the price is unknown."""

    id: DocumentId
    title: str
    status: DocumentStatus
    excerpt: str
    words: int
    tags: list[str]
    prompt_id: PromptId | None
    prompt_title: str | None
    prompt_version: int | None
    model: str | None
    simulated: bool | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    archived: bool
    revision: int
    author_id: UserId
    created_at: datetime
    updated_at: datetime


class DocumentDetail(DocumentSummary):
    """A document with its text and where it came from. `detail` says why a generation failed or stopped.

    While `status` is `generating` the text is read from the generation; `content` is what was stored last.
    `included` and `snippets` list everything that the prompt's version took in, as it was at that moment.
    """

    content: str
    generation_id: GenerationId | None
    prompt_version_id: PromptVersionId | None
    prompt_content_hash: str | None
    snippets: list[UsedSnippet]
    values: dict[str, JsonValue]
    detail: str | None
    # Since 0.1, required from 0.2 on.
    included: list[UsedPrompt] = Field(default_factory=list)


class DocumentPage(View):
    """A page of documents, newest first; `next_cursor` is None on the last one."""

    items: list[DocumentSummary]
    next_cursor: str | None = None
    total: int


class GenerateDocument(Request[DocumentDetail]):
    """Render a prompt with values and have a model write a document. Answers at once with status `generating`."""

    subject: ClassVar[str] = "request.documents.generate_document.v1"
    action: ClassVar[str] = "documents.generate"
    callers: ClassVar[tuple[str, ...]] = ("web", "workflows")
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": _PROMPT,
        "version": None,
        "values": {"premise": "A ferry"},
        "model": "simulator/quill",
        "title": None,
    }
    prompt_id: PromptId
    version: VersionNumber | None = None
    values: dict[str, JsonValue] = Field(default_factory=dict)
    model: str | None = Field(default=None, max_length=200)
    title: Title | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    max_output_tokens: int | None = Field(default=None, ge=1, le=200_000)


class ContinueDocument(Request[DocumentDetail]):
    """Have the model go on where an interrupted, cancelled or failed generation stopped; what is there stays."""

    subject: ClassVar[str] = "request.documents.continue_document.v1"
    action: ClassVar[str] = "documents.generate"
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT}
    document_id: DocumentId


class CreateDocument(Request[DocumentDetail]):
    """Create a document from text that a person brought."""

    subject: ClassVar[str] = "request.documents.create_document.v1"
    action: ClassVar[str] = "documents.write"
    callers: ClassVar[tuple[str, ...]] = ("web", "workflows")
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {"title": "Notes", "content": "# Notes"}
    title: Title
    content: Content = ""
    tags: list[Tag] = Field(default_factory=list, max_length=20)


class ListDocuments(Request[DocumentPage]):
    """List the documents of the project. `query` searches title and text, word beginnings included."""

    subject: ClassVar[str] = "request.documents.list_documents.v1"
    action: ClassVar[str] = "documents.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = DocumentPage
    sample: ClassVar[dict[str, Any]] = {
        "query": "",
        "prompt_id": _PROMPT,
        "status": "ready",
        "tag": None,
        "archived": False,
        "limit": 50,
        "cursor": None,
    }
    query: str = Field(default="", max_length=200)
    prompt_id: PromptId | None = None
    status: DocumentStatus | None = None
    tag: Tag | None = None
    archived: bool = False
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = None


class GetDocument(Request[DocumentDetail]):
    """Read one document."""

    subject: ClassVar[str] = "request.documents.get_document.v1"
    action: ClassVar[str] = "documents.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "prompts", "workflows")
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT}
    document_id: DocumentId


class DocumentChanges(Command):
    """What may change of a document; a field left out stays."""

    revision: SeenNumber
    title: Title | None = None
    content: Content | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    archived: bool | None = None


class UpdateDocument(DocumentChanges, Request[DocumentDetail]):
    """Change title, text, tags or archive state. `revision` is what the writer saw, a newer one is 409.

    Text cannot be written while a model writes it: that is 409 too.
    """

    subject: ClassVar[str] = "request.documents.update_document.v1"
    action: ClassVar[str] = "documents.write"
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT, "revision": 2, "title": "The last ferry"}
    document_id: DocumentId


class DeleteDocument(Request[Done]):
    """Take a document out of every list; `RestoreDocument` brings it back."""

    subject: ClassVar[str] = "request.documents.delete_document.v1"
    action: ClassVar[str] = "documents.write"
    answer: ClassVar[type[BaseModel]] = Done
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT}
    document_id: DocumentId


class RestoreDocument(Request[DocumentDetail]):
    """Undo `DeleteDocument`."""

    subject: ClassVar[str] = "request.documents.restore_document.v1"
    action: ClassVar[str] = "documents.write"
    answer: ClassVar[type[BaseModel]] = DocumentDetail
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT}
    document_id: DocumentId


class DocumentChanged(Fact):
    """What every fact about a document tells."""

    document_id: DocumentId
    revision: int


class DocumentCreated(DocumentChanged):
    """A document was made from a person's text."""

    subject: ClassVar[str] = "fact.documents.document.created.v1"
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT, "revision": 1}


class DocumentGenerationStarted(DocumentChanged):
    """A model was ordered to write a document or to go on with it."""

    subject: ClassVar[str] = "fact.documents.document.generation_started.v1"
    sample: ClassVar[dict[str, Any]] = {
        "document_id": _DOCUMENT,
        "revision": 1,
        "generation_id": _GENERATION,
        "prompt_id": _PROMPT,
    }
    generation_id: GenerationId
    prompt_id: PromptId | None


class DocumentGenerated(DocumentChanged):
    """A model finished a document and its text is stored."""

    subject: ClassVar[str] = "fact.documents.document.generated.v1"
    sample: ClassVar[dict[str, Any]] = {
        "document_id": _DOCUMENT,
        "revision": 2,
        "generation_id": _GENERATION,
        "prompt_id": _PROMPT,
    }
    generation_id: GenerationId
    prompt_id: PromptId | None


class DocumentGenerationStopped(DocumentChanged):
    """A generation ended early; what was written is stored."""

    subject: ClassVar[str] = "fact.documents.document.generation_stopped.v1"
    sample: ClassVar[dict[str, Any]] = {
        "document_id": _DOCUMENT,
        "revision": 2,
        "generation_id": _GENERATION,
        "status": "interrupted",
    }
    generation_id: GenerationId
    status: Literal["cancelled", "interrupted", "failed"]


class DocumentUpdated(DocumentChanged):
    """Title, text, tags or archive state changed."""

    subject: ClassVar[str] = "fact.documents.document.updated.v1"
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT, "revision": 3}


class DocumentDeleted(DocumentChanged):
    """A document left the lists."""

    subject: ClassVar[str] = "fact.documents.document.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT, "revision": 4}


class DocumentRestored(DocumentChanged):
    """A deleted document came back."""

    subject: ClassVar[str] = "fact.documents.document.restored.v1"
    sample: ClassVar[dict[str, Any]] = {"document_id": _DOCUMENT, "revision": 5}
