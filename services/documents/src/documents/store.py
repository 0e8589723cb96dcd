"""Every SQL statement of documents. The caller owns the transaction."""

from dataclasses import dataclass
from uuid import UUID

from documents.domain import Document, EndStatus, NewDocument, Order, SilentOrder, Text, Written, titled_terms
from shared.contracts.documents import DocumentDetail, DocumentStatus, DocumentSummary
from shared.postgres import Connection, many, one


@dataclass(frozen=True)
class Filter:
    """Which documents a list shows. `terms` is a tsquery; `before_id` is where the page before ended."""

    terms: str | None
    prompt_id: UUID | None
    status: DocumentStatus | None
    tag: str | None
    archived: bool
    before_id: UUID | None
    limit: int


@dataclass(frozen=True)
class Found:
    """What a list holds: how many over all pages, and the ids of one page, newest first."""

    total: int
    ids: list[UUID]


async def insert_document(conn: Connection, project_id: UUID, document: NewDocument) -> None:
    """Store a new document: `generating` where it names a generation, else `ready`."""
    source = document.source
    await conn.execute(
        """
        INSERT INTO documents (
            project_id, id, title, title_is_given, status, content, excerpt, words, tags, author_id,
            prompt_id, prompt_title, prompt_version, prompt_version_id, prompt_content_hash, snippets, included,
            prompt_values, model, simulated, generation_id, search
        ) VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            array_to_tsvector($22::text[])
        )
        """,
        project_id,
        document.id,
        document.title,
        document.title_is_given,
        "generating" if document.generation_id else "ready",
        document.text.content,
        document.text.excerpt,
        document.text.words,
        document.tags,
        document.author_id,
        source and source.prompt_id,
        source and source.prompt_title,
        source and source.version,
        source and source.prompt_version_id,
        source and source.content_hash,
        [snippet.model_dump(mode="json") for snippet in source.snippets] if source else [],
        [prompt.model_dump(mode="json") for prompt in source.included] if source else [],
        document.values or {},
        document.model,
        document.simulated,
        document.generation_id,
        titled_terms(document.title, document.text),
    )


async def insert_order(conn: Connection, project_id: UUID, order: Order, patience_seconds: float) -> None:
    """Store an order; it counts as silent when nothing is heard for `patience_seconds`."""
    await conn.execute(
        """
        INSERT INTO generation_orders (
            project_id, id, document_id, actor_id, role, request_id, request, prompt_version_id, continues, check_after
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10))
        """,
        project_id,
        order.id,
        order.document_id,
        order.actor_id,
        order.role,
        order.request_id,
        order.request.model_dump(mode="json"),
        order.prompt_version_id,
        order.continues,
        patience_seconds,
    )


async def get_document(conn: Connection, project_id: UUID, document_id: UUID) -> DocumentDetail | None:
    """Read a document that is not deleted."""
    record = await conn.fetchrow(
        """
        SELECT id, title, status, excerpt, words, tags, prompt_id, prompt_title, prompt_version, model, simulated,
            input_tokens, output_tokens, cost_usd, archived, revision, author_id, created_at, updated_at,
            content, generation_id, prompt_version_id, prompt_content_hash, snippets, included,
            prompt_values AS values, detail
        FROM documents WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL
        """,
        project_id,
        document_id,
    )
    return one(DocumentDetail, record)


async def lock_document(conn: Connection, project_id: UUID, document_id: UUID) -> Document | None:
    """Read a document, deleted or not, and keep others from changing it until the transaction ends."""
    record = await conn.fetchrow(
        """
        SELECT id, title, title_is_given, status, content, tags, archived, revision, model, prompt_id, generation_id,
            text_generation_id, finish_reason, input_tokens, output_tokens, cost_usd, deleted_at IS NOT NULL AS deleted
        FROM documents WHERE project_id = $1 AND id = $2 FOR UPDATE
        """,
        project_id,
        document_id,
    )
    return one(Document, record)


async def get_status(conn: Connection, project_id: UUID, document_id: UUID) -> str | None:
    """Read the status of a document that is not deleted."""
    status: str | None = await conn.fetchval(
        "SELECT status FROM documents WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL", project_id, document_id
    )
    return status


async def find_documents(conn: Connection, project_id: UUID, wanted: Filter) -> Found:
    """Find one page and count what all pages hold, in one scan."""
    record = await conn.fetchrow(
        """
        SELECT count(*) AS total,
            coalesce((array_agg(id ORDER BY id DESC) FILTER (WHERE $7::uuid IS NULL OR id < $7))[:$8], '{}') AS ids
        FROM documents
        WHERE project_id = $1 AND deleted_at IS NULL AND archived = $2
            AND ($3::uuid IS NULL OR prompt_id = $3)
            AND ($4::text IS NULL OR status = $4)
            AND ($5::text IS NULL OR $5 = ANY (tags))
            AND ($6::text IS NULL OR search @@ $6::text::tsquery)
        """,
        project_id,
        wanted.archived,
        wanted.prompt_id,
        wanted.status,
        wanted.tag,
        wanted.terms,
        wanted.before_id,
        wanted.limit,
    )
    return one(Found, record) or Found(0, [])


async def get_summaries(conn: Connection, project_id: UUID, ids: list[UUID]) -> list[DocumentSummary]:
    """Read documents as lists show them, newest first."""
    records = await conn.fetch(
        """
        SELECT id, title, status, excerpt, words, tags, prompt_id, prompt_title, prompt_version, model, simulated,
            input_tokens, output_tokens, cost_usd, archived, revision, author_id, created_at, updated_at
        FROM documents WHERE project_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id DESC
        """,
        project_id,
        ids,
    )
    return many(DocumentSummary, records)


async def update_details(conn: Connection, project_id: UUID, changed: Document, terms: list[str] | None) -> None:
    """Store title, tags and archive state as a new revision; `terms` None leaves what search knows."""
    await conn.execute(
        """
        UPDATE documents SET title = $3, title_is_given = $4, tags = $5, archived = $6,
            search = coalesce(array_to_tsvector($7::text[]), search), revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        """,
        project_id,
        changed.id,
        changed.title,
        changed.title_is_given,
        changed.tags,
        changed.archived,
        terms,
    )


async def update_text(
    conn: Connection, project_id: UUID, document_id: UUID, text: Text, text_generation_id: UUID | None
) -> None:
    """Store a text, a model's where `text_generation_id` says so; revision and search words come separately."""
    await conn.execute(
        """
        UPDATE documents SET content = $3, excerpt = $4, words = $5, text_generation_id = $6
        WHERE project_id = $1 AND id = $2
        """,
        project_id,
        document_id,
        text.content,
        text.excerpt,
        text.words,
        text_generation_id,
    )


async def write_end(
    conn: Connection, project_id: UUID, document_id: UUID, written: Written, terms: list[str] | None
) -> int:
    """Store how a generation ended, beside its text, and return the new revision. `terms` as in `update_details`."""
    revision: int = await conn.fetchval(
        """
        UPDATE documents SET status = $3, title = $4, finish_reason = $6,
            search = coalesce(array_to_tsvector($5::text[]), search), detail = $7, model = $8,
            simulated = coalesce($9, simulated),
            input_tokens = $10, output_tokens = $11, cost_usd = $12,
            text_generation_id = $13, revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2 RETURNING revision
        """,
        project_id,
        document_id,
        written.status,
        written.title,
        terms,
        written.finish_reason,
        written.detail,
        written.model,
        written.simulated,
        written.input_tokens,
        written.output_tokens,
        written.cost_usd,
        written.text_generation_id,
    )
    return revision


async def begin_generation(conn: Connection, project_id: UUID, document_id: UUID, generation_id: UUID) -> int:
    """Put a document back to `generating`, as a new revision, which is returned."""
    revision: int = await conn.fetchval(
        """
        UPDATE documents SET status = 'generating', generation_id = $3, finish_reason = NULL, detail = NULL,
            revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2 RETURNING revision
        """,
        project_id,
        document_id,
        generation_id,
    )
    return revision


async def delete_document(conn: Connection, project_id: UUID, document_id: UUID) -> int | None:
    """Mark a document as deleted; return its new revision, or None where it was not there."""
    revision: int | None = await conn.fetchval(
        """
        UPDATE documents SET deleted_at = now(), revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING revision
        """,
        project_id,
        document_id,
    )
    return revision


async def restore_document(conn: Connection, project_id: UUID, document_id: UUID) -> int | None:
    """Take the mark off again; return the new revision, or None where the document was not deleted."""
    revision: int | None = await conn.fetchval(
        """
        UPDATE documents SET deleted_at = NULL, revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2 AND deleted_at IS NOT NULL RETURNING revision
        """,
        project_id,
        document_id,
    )
    return revision


async def get_order(conn: Connection, project_id: UUID, generation_id: UUID) -> Order | None:
    """Read an order, ended or not."""
    record = await conn.fetchrow(
        """
        SELECT id, document_id, actor_id, role, request_id, request, prompt_version_id, continues
        FROM generation_orders WHERE project_id = $1 AND id = $2
        """,
        project_id,
        generation_id,
    )
    return one(Order, record)


async def is_awaited(conn: Connection, project_id: UUID, generation_id: UUID) -> bool:
    """Say whether this generation was ordered here and has not ended yet."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM generation_orders WHERE project_id = $1 AND id = $2 AND ended_at IS NULL",
            project_id,
            generation_id,
        )
    )


async def end_order(conn: Connection, project_id: UUID, generation_id: UUID, status: EndStatus) -> UUID | None:
    """End an order and return its document; None where it is not ours or ended before: the end is taken once."""
    document_id: UUID | None = await conn.fetchval(
        """
        UPDATE generation_orders SET ended_at = now(), status = $3
        WHERE project_id = $1 AND id = $2 AND ended_at IS NULL RETURNING document_id
        """,
        project_id,
        generation_id,
        status,
    )
    return document_id


async def await_order(conn: Connection, project_id: UUID, generation_id: UUID, patience_seconds: float) -> None:
    """Note that something was heard, or sent again: the order is silent only after another while."""
    await conn.execute(
        """
        UPDATE generation_orders SET check_after = now() + make_interval(secs => $3)
        WHERE project_id = $1 AND id = $2 AND ended_at IS NULL
        """,
        project_id,
        generation_id,
        patience_seconds,
    )


async def claim_silent_orders(
    conn: Connection, claim_seconds: float, give_up_seconds: float, limit: int
) -> list[SilentOrder]:
    """Take silent orders of all projects, so that no other process asks for them in the next `claim_seconds`."""
    records = await conn.fetch(
        """
        UPDATE generation_orders SET check_after = now() + make_interval(secs => $1)
        WHERE (project_id, id) IN (
            SELECT project_id, id FROM generation_orders
            WHERE ended_at IS NULL AND check_after < now()
            ORDER BY check_after LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        RETURNING project_id, id, actor_id, request_id, created_at,
            created_at < now() - make_interval(secs => $2) AS is_given_up
        """,
        claim_seconds,
        give_up_seconds,
        limit,
    )
    return many(SilentOrder, records)
