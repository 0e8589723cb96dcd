"""Statements on sets, prompts and their lists."""

from uuid import UUID

from prompts.store.rows import Cursor, PromptFilter, PromptHead, User, VersionContent
from shared.contracts.prompts import CreatePrompt, PromptSummary, UpdatePrompt
from shared.postgres import Connection, many, one


async def ensure_set(conn: Connection, project_id: UUID, slug: str) -> UUID:
    """Return the set's id; two callers at once make one set."""
    await conn.execute(
        "INSERT INTO prompt_sets (project_id, slug) VALUES ($1, $2) ON CONFLICT (project_id, slug) DO NOTHING",
        project_id,
        slug,
    )
    set_id: UUID = await conn.fetchval(
        "SELECT id FROM prompt_sets WHERE project_id = $1 AND slug = $2", project_id, slug
    )
    return set_id


async def taken_slugs(conn: Connection, project_id: UUID, set_id: UUID, beginning: str) -> list[str]:
    """List the slugs of the set that begin so."""
    rows = await conn.fetch(
        """
        SELECT slug FROM prompts
        WHERE project_id = $1 AND set_id = $2 AND deleted_at IS NULL AND starts_with(slug, $3)
        """,
        project_id,
        set_id,
        beginning,
    )
    return [row["slug"] for row in rows]


async def insert_prompt(  # noqa: PLR0913, PLR0917  a row has these parts
    conn: Connection,
    project_id: UUID,
    prompt_id: UUID,
    set_id: UUID,
    slug: str,
    author_id: UUID,
    command: CreatePrompt,
    content: VersionContent,
) -> bool:
    """Insert a prompt that is at version 1. False where its slug is taken; a racing insert is waited for."""
    status = await conn.execute(
        """
        INSERT INTO prompts (
            project_id, id, set_id, slug, title, description, tags, default_model, author_id,
            latest_version, template, parameters, snippet_uses, snippet_names, includes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, $13, $14)
        ON CONFLICT (project_id, set_id, slug) WHERE deleted_at IS NULL DO NOTHING
        """,
        project_id,
        prompt_id,
        set_id,
        slug,
        command.title,
        command.description,
        command.tags,
        command.default_model,
        author_id,
        content.template,
        content.stored_parameters(),
        content.stored_uses(),
        content.snippet_names,
        content.includes,
    )
    return bool(status.endswith(" 1"))


async def lock_prompt(conn: Connection, project_id: UUID, prompt_id: UUID) -> PromptHead | None:
    """Read a prompt, deleted ones included, and hold its row until the transaction ends."""
    row = await conn.fetchrow(
        """
        SELECT p.id, s.slug AS set_slug, p.slug, p.title, p.latest_version, p.revision,
            p.deleted_at IS NOT NULL AS is_deleted
        FROM prompts p
        JOIN prompt_sets s ON s.project_id = p.project_id AND s.id = p.set_id
        WHERE p.project_id = $1 AND p.id = $2
        FOR UPDATE OF p
        """,
        project_id,
        prompt_id,
    )
    return one(PromptHead, row)


async def find_prompt(conn: Connection, project_id: UUID, prompt_id: UUID) -> PromptSummary | None:
    """Read a prompt that is not deleted."""
    row = await conn.fetchrow(
        """
        SELECT id, set_slug, slug, title, description, tags, default_model, latest_version, labels, parameters,
            snippets, archived, revision, author_id, created_at, updated_at
        FROM live_prompts WHERE project_id = $1 AND id = $2
        """,
        project_id,
        prompt_id,
    )
    return one(PromptSummary, row)


async def find_prompt_id(conn: Connection, project_id: UUID, set_slug: str, slug: str) -> UUID | None:
    """Find a prompt that is not deleted by its address."""
    found: UUID | None = await conn.fetchval(
        "SELECT id FROM live_prompts WHERE project_id = $1 AND set_slug = $2 AND slug = $3", project_id, set_slug, slug
    )
    return found


async def list_prompts(
    conn: Connection, project_id: UUID, wanted: PromptFilter, after: Cursor | None, limit: int
) -> list[PromptSummary]:
    """List prompts, newest change first, below `after`."""
    rows = await conn.fetch(
        """
        SELECT id, set_slug, slug, title, description, tags, default_model, latest_version, labels, parameters,
            snippets, archived, revision, author_id, created_at, updated_at
        FROM live_prompts
        WHERE project_id = $1 AND archived = $2
            AND ($3::text IS NULL OR words @@ to_tsquery('simple', $3))
            AND ($4::text IS NULL OR tags @> ARRAY[$4])
            AND ($5::timestamptz IS NULL OR (updated_at, id) < ($5, $6::uuid))
        ORDER BY updated_at DESC, id DESC
        LIMIT $7
        """,
        project_id,
        wanted.archived,
        wanted.words,
        wanted.tag,
        after.updated_at if after else None,
        after.id if after else None,
        limit,
    )
    return many(PromptSummary, rows)


async def count_prompts(conn: Connection, project_id: UUID, wanted: PromptFilter) -> int:
    """Count what `list_prompts` would show on all pages."""
    total: int = await conn.fetchval(
        """
        SELECT count(*) FROM prompts
        WHERE project_id = $1 AND deleted_at IS NULL AND archived = $2
            AND ($3::text IS NULL OR words @@ to_tsquery('simple', $3))
            AND ($4::text IS NULL OR tags @> ARRAY[$4])
        """,
        project_id,
        wanted.archived,
        wanted.words,
        wanted.tag,
    )
    return total


async def update_prompt(conn: Connection, project_id: UUID, command: UpdatePrompt, *, clears_model: bool) -> int:
    """Change what is not versioned; None leaves a field as it is. Returns the new revision."""
    revision: int = await conn.fetchval(
        """
        UPDATE prompts SET
            title = coalesce($3, title), description = coalesce($4, description), tags = coalesce($5, tags),
            default_model = CASE WHEN $6 THEN NULL ELSE coalesce($7, default_model) END,
            archived = coalesce($8, archived), revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        RETURNING revision
        """,
        project_id,
        command.prompt_id,
        command.title,
        command.description,
        command.tags,
        clears_model,
        command.default_model,
        command.archived,
    )
    return revision


async def touch_prompt(conn: Connection, project_id: UUID, prompt_id: UUID) -> int:
    """Bring the prompt to the top of lists after its versions or labels changed. Returns the new revision."""
    revision: int = await conn.fetchval(
        """
        UPDATE prompts SET revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2 RETURNING revision
        """,
        project_id,
        prompt_id,
    )
    return revision


async def set_deleted(conn: Connection, project_id: UUID, prompt_id: UUID, *, is_deleted: bool) -> int:
    """Delete softly or bring back. Returns the new revision; raises asyncpg's UniqueViolationError for a taken slug."""
    revision: int = await conn.fetchval(
        """
        UPDATE prompts SET
            deleted_at = CASE WHEN $3 THEN now() END, revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        RETURNING revision
        """,
        project_id,
        prompt_id,
        is_deleted,
    )
    return revision


async def includers(conn: Connection, project_id: UUID, prompt_id: UUID, address: str) -> list[User]:
    """List the other prompts whose latest version includes this address."""
    rows = await conn.fetch(
        """
        SELECT 'prompt' AS kind, id, title FROM prompts
        WHERE project_id = $1 AND id <> $2 AND deleted_at IS NULL AND includes @> ARRAY[$3]
        ORDER BY title, id LIMIT 100
        """,
        project_id,
        prompt_id,
        address,
    )
    return many(User, rows)
