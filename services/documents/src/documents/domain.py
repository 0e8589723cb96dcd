"""Documents: what may happen to one in which state, and what is read out of its text."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.documents import DocumentStatus
from shared.contracts.llm_gateway import GenerationRequest, GenerationText, GenerationUsage, Model, ModelCatalogue
from shared.contracts.prompts import RenderedPrompt
from shared.problems import Conflict, Invalid

EXCERPT_CHARACTERS = 200
TITLE_CHARACTERS = 200
TITLE_WORDS = 8
# A search for more than the first 60 characters of one word is a paste, and its beginning still finds it.
TERM_CHARACTERS = 60
# PostgreSQL keeps at most 1 MiB of words in one tsvector; beyond this a text is searched by its first words.
TERMS_BYTES = 900_000

_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"#{1,6}\s+(.*?)[\s#]*$")
_LINE_MARKS = re.compile(r"^[\s>*+\-#]+|[*`]+|__")

StoppedStatus = Literal["cancelled", "interrupted", "failed"]
EndStatus = Literal["completed", "cancelled", "interrupted", "failed"]


class RevisionConflict(Conflict):
    """The document changed since the writer read it; `current_content` and `current_revision` say what is there now."""

    type = "/problems/document-revision-conflict"
    title = "The document was changed meanwhile"


class DocumentBeingWritten(Conflict):
    """A model writes the text now, so nobody else can."""

    type = "/problems/document-being-written"
    title = "A model is writing this document"


class NotContinuable(Conflict):
    """There is nothing that a model could go on with."""

    type = "/problems/document-not-continuable"
    title = "This document cannot be continued"


class TextNotSettledError(Exception):
    """The gateway's text is not, or not yet, the one whose hash was told. Asking again later may mend it."""


@dataclass(frozen=True)
class Text:
    """A text with what lists and search keep of it. `terms` are distinct, normalised words."""

    content: str
    excerpt: str
    words: int
    terms: list[str]


@dataclass(frozen=True)
class Document:
    """A stored document, as far as rules need it.

    `text_generation_id` names the generation whose whole text `content` is; None once a person changed it.
    """

    id: UUID
    title: str
    title_is_given: bool
    status: DocumentStatus
    content: str
    tags: list[str]
    archived: bool
    revision: int
    model: str | None
    prompt_id: UUID | None
    generation_id: UUID | None
    text_generation_id: UUID | None
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    deleted: bool


@dataclass(frozen=True)
class NewDocument:
    """A document at its birth: a person's text, or an empty one that a model will fill."""

    id: UUID
    title: str
    title_is_given: bool
    text: Text
    tags: list[str]
    author_id: UUID
    generation_id: UUID | None = None
    model: str | None = None
    simulated: bool | None = None
    source: RenderedPrompt | None = None
    values: dict[str, JsonValue] | None = None


@dataclass(frozen=True)
class ChosenModel:
    """The model that an order names, and whether it is simulated; None for what the gateway alone could say."""

    name: str | None
    is_simulated: bool | None


@dataclass(frozen=True)
class Order:
    """A generation that was ordered, with the full request so that it can be sent again.

    It is also the grant of this long work: who ordered it and in which role.
    """

    id: UUID
    document_id: UUID
    actor_id: UUID
    role: str | None
    request_id: str
    request: GenerationRequest
    prompt_version_id: UUID | None
    continues: UUID | None = None


@dataclass(frozen=True)
class SilentOrder:
    """An order that nothing was heard of for too long."""

    project_id: UUID
    id: UUID
    actor_id: UUID
    request_id: str
    created_at: datetime
    is_given_up: bool


@dataclass(frozen=True)
class GenerationEnd:
    """How a generation ended: its whole text, proven by its hash, and what it used."""

    generation_id: UUID
    status: EndStatus
    text: str
    finish_reason: str | None
    detail: str | None
    model: str | None
    simulated: bool | None
    usage: GenerationUsage | None


@dataclass(frozen=True)
class Written:
    """What a document becomes when a generation ended. Without `takes_text` the stored text stays."""

    status: DocumentStatus
    title: str
    takes_text: bool
    text_generation_id: UUID
    finish_reason: str | None
    detail: str | None
    model: str | None
    simulated: bool | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None


def read_text(content: str) -> Text:
    """Take excerpt, word count and search terms out of a text. A long one takes time: not for the event loop."""
    return Text(
        content, content[:EXCERPT_CHARACTERS], sum(1 for _ in re.finditer(r"\S+", content)), search_terms(content)
    )


def search_terms(text: str) -> list[str]:
    """List the distinct words of a text, in order of appearance, without regard to case or Unicode form."""
    terms: dict[str, None] = {}
    size = 0
    for term in _normalised_words(text):
        if term in terms:
            continue
        size += len(term.encode())
        if size > TERMS_BYTES:
            break
        terms[term] = None
    return list(terms)


def titled_terms(title: str, text: Text) -> list[str]:
    """List the words by which a document is found: those of its title and those of its text."""
    return list(dict.fromkeys([*search_terms(title), *text.terms]))


def search_query(query: str) -> str | None:
    """Write a tsquery that wants a word beginning with each word of `query`; None where it holds no word."""
    return " & ".join(f"'{term}':*" for term in search_terms(query)) or None


def _normalised_words(text: str) -> Iterator[str]:
    # Our own words instead of PostgreSQL's parser: the same on both sides, whatever the database's locale.
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        yield match.group()[:TERM_CHARACTERS]


def title_from(text: str) -> str:
    """Name a text after its first Markdown heading, else by its first words; empty where it has neither."""
    first_words = ""
    is_in_fence = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            is_in_fence = not is_in_fence
        elif not is_in_fence and (heading := _HEADING.match(line)) and (title := _plain(heading[1])):
            return title[:TITLE_CHARACTERS].strip()
        elif not is_in_fence and not first_words:
            first_words = " ".join(_plain(line).split()[:TITLE_WORDS])
    return first_words[:TITLE_CHARACTERS].strip()


def _plain(line: str) -> str:
    return _LINE_MARKS.sub("", line).strip()


def choose_model(asked: str | None, catalogue: ModelCatalogue | None) -> ChosenModel:
    """Take the model that was asked for, or the installation's default.

    Raises Invalid with the gateway's own sentence where the catalogue says that it cannot be asked.
    """
    if catalogue is None:
        return ChosenModel(asked, None)
    name = asked or catalogue.default_model
    model = _find_model(catalogue, name)
    if model and not model.available:
        message = model.unavailable_reason or "This model cannot be asked here."
        raise Invalid.of([{"name": "model", "code": "unavailable", "message": message}])
    return ChosenModel(name, model.simulated if model else None)


def _find_model(catalogue: ModelCatalogue, name: str) -> Model | None:
    """Find a model, or for an unlisted name one of its provider: the key is the provider's, and so is simulation."""
    provider = name.partition("/")[0]
    candidates = [model for model in catalogue.items if model.provider == provider]
    return next((model for model in candidates if model.id == name), next(iter(candidates), None))


def check_revision(document: Document, revision: int) -> None:
    """Pass where the writer saw what is stored, else raise RevisionConflict with the stored text."""
    if document.revision != revision:
        message = (
            "Somebody changed this document since you opened it. Both texts are kept: yours here, theirs beside it."
        )
        raise RevisionConflict(message, current_content=document.content, current_revision=document.revision)


def check_text_is_writable(document: Document) -> None:
    """Raise DocumentBeingWritten while a model writes the text."""
    if document.status == "generating":
        message = "A model is writing this document. Wait for its end or stop it, then change the text."
        raise DocumentBeingWritten(message)


def continued_generation(document: Document) -> UUID:
    """Name the generation to go on from. Raises a problem where there is none, or a person's edits would be lost."""
    check_text_is_writable(document)
    if document.status == "ready" and document.finish_reason != "length":
        message = "This document is finished: there is nothing to go on with."
        raise NotContinuable(message)
    if document.text_generation_id is None:
        message = "The text was edited after the model stopped. Going on from the model's text would undo the edits."
        raise NotContinuable(message)
    return document.text_generation_id


def ended(read: GenerationText, told_hash: str | None = None) -> GenerationEnd:
    """Put an ended generation together. Raises TextNotSettledError where it runs or its text has another hash."""
    generation = read.generation
    text = "".join(segment.text for segment in read.segments if segment.kind == "text")
    found_hash = hashlib.sha256(text.encode()).hexdigest()
    if found_hash != generation.content_hash or (told_hash or found_hash) != found_hash:
        message = f"the text of {generation.id} is not the one that was told"
        raise TextNotSettledError(message)
    if generation.status == "queued" or generation.status == "running":  # noqa: PLR1714  only this form narrows the type
        message = f"{generation.id} has not ended"
        raise TextNotSettledError(message)
    return GenerationEnd(
        generation_id=generation.id,
        status=generation.status,
        text=text,
        finish_reason=generation.finish_reason,
        detail=generation.detail,
        model=generation.model,
        simulated=generation.simulated,
        usage=generation.usage,
    )


def written(document: Document, end: GenerationEnd) -> Written:
    """Say what the document becomes. A generation that stopped short of the stored text takes nothing away from it."""
    keeps = end.status != "completed" and document.content.startswith(end.text)
    has_own_title = keeps or document.title_is_given
    usage = end.usage or GenerationUsage()
    return Written(
        status="ready" if end.status == "completed" else end.status,
        title=document.title if has_own_title else title_from(end.text) or document.title,
        takes_text=not keeps,
        text_generation_id=(document.text_generation_id if keeps else None) or end.generation_id,
        finish_reason=end.finish_reason,
        detail=end.detail,
        model=end.model or document.model,
        simulated=end.simulated,
        input_tokens=(document.input_tokens or 0) + usage.input_tokens,
        output_tokens=(document.output_tokens or 0) + usage.output_tokens,
        cost_usd=_total_cost(document, usage),
    )


def _total_cost(document: Document, usage: GenerationUsage) -> Decimal | None:
    """Add up, as long as every part is known: a sum without one part would be a wrong price."""
    if document.input_tokens is None:
        return usage.cost_usd
    if document.cost_usd is None or usage.cost_usd is None:
        return None
    return document.cost_usd + usage.cost_usd
