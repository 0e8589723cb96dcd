"""Statements on snippets and their versions."""

from collections.abc import Sequence
from uuid import UUID

from prompts.store.rows import SnippetHead, User
from shared.contracts.prompts import Snippet
from shared.postgres import Connection, many, one


async def insert_snippet(  # noqa: PLR0913, PLR0917  a row has these parts
    conn: Connection,
    project_id: UUID,
    snippet_id: UUID,
    author_id: UUID,
    name: str,
    description: str,
    content: str,
    content_hash: str,
    mentions: Sequence[str],
) -> bool:
    """Insert a snippet that is at version 1. False where its name is taken."""
    status = await conn.execute(
        """
        INSERT INTO snippets (
            project_id, id, name, description, content, content_hash, version, snippet_names, author_id)
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
        ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING
        """,
        project_id,
        snippet_id,
        name,
        description,
        content,
        content_hash,
        mentions,
        author_id,
    )
    return bool(status.endswith(" 1"))


async def insert_snippet_version(  # noqa: PLR0913, PLR0917  the same
    conn: Connection,
    project_id: UUID,
    snippet_id: UUID,
    number: int,
    author_id: UUID,
    content: str,
    content_hash: str,
) -> None:
    """Insert an immutable version; the caller holds the snippet's row."""
    await conn.execute(
        """
        INSERT INTO snippet_versions (project_id, id, snippet_id, number, content, content_hash, author_id)
        VALUES ($1, uuidv7(), $2, $3, $4, $5, $6)
        """,
        project_id,
        snippet_id,
        number,
        content,
        content_hash,
        author_id,
    )


async def lock_snippet(conn: Connection, project_id: UUID, snippet_id: UUID) -> SnippetHead | None:
    """Read a snippet, deleted ones included, and hold its row until the transaction ends."""
    row = await conn.fetchrow(
        """
        SELECT id, name, description, content, content_hash, version, revision, deleted_at IS NOT NULL AS is_deleted
        FROM snippets WHERE project_id = $1 AND id = $2 FOR UPDATE
        """,
        project_id,
        snippet_id,
    )
    return one(SnippetHead, row)


async def find_snippet(conn: Connection, project_id: UUID, name: str) -> Snippet | None:
    """Read a snippet that is not deleted, by its name."""
    row = await conn.fetchrow(
        """
        SELECT id, name, description, content, version, content_hash, used_by, revision, author_id, created_at,
            updated_at
        FROM live_snippets WHERE project_id = $1 AND name = $2
        """,
        project_id,
        name,
    )
    return one(Snippet, row)


async def list_snippets(conn: Connection, project_id: UUID, query: str) -> list[Snippet]:
    """List snippets by name; `query` is looked for in name, description and text, whatever its case."""
    rows = await conn.fetch(
        """
        SELECT id, name, description, content, version, content_hash, used_by, revision, author_id, created_at,
            updated_at
        FROM live_snippets
        WHERE project_id = $1
            AND ($2 = '' OR strpos(lower(name || ' ' || description || ' ' || content), lower($2)) > 0)
        ORDER BY name
        """,
        project_id,
        query,
    )
    return many(Snippet, rows)


async def change_snippet(  # noqa: PLR0913, PLR0917  the same
    conn: Connection,
    project_id: UUID,
    head: SnippetHead,
    description: str,
    content: str,
    content_hash: str,
    version: int,
    mentions: Sequence[str],
) -> None:
    """Write what a snippet says now."""
    await conn.execute(
        """
        UPDATE snippets SET
            description = $3, content = $4, content_hash = $5, version = $6, snippet_names = $7,
            revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        """,
        project_id,
        head.id,
        description,
        content,
        content_hash,
        version,
        mentions,
    )


async def set_snippet_deleted(conn: Connection, project_id: UUID, snippet_id: UUID, *, is_deleted: bool) -> None:
    """Delete softly or bring back. Raises asyncpg's UniqueViolationError for a taken name."""
    await conn.execute(
        """
        UPDATE snippets SET
            deleted_at = CASE WHEN $3 THEN now() END, revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        """,
        project_id,
        snippet_id,
        is_deleted,
    )


async def snippet_users(conn: Connection, project_id: UUID, snippet_id: UUID, name: str) -> list[User]:
    """List the prompts whose latest version mentions the snippet, and the other snippets that do."""
    rows = await conn.fetch(
        """
        SELECT 'prompt' AS kind, id, title FROM prompts
        WHERE project_id = $1 AND deleted_at IS NULL AND snippet_names @> ARRAY[$3]
        UNION ALL
        SELECT 'snippet', id, '@' || name FROM snippets
        WHERE project_id = $1 AND id <> $2 AND deleted_at IS NULL AND snippet_names @> ARRAY[$3]
        ORDER BY kind, title, id LIMIT 100
        """,
        project_id,
        snippet_id,
        name,
    )
    return many(User, rows)
