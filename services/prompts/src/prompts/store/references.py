"""Statements that fetch, in one go, what templates mention and include."""

from collections.abc import Sequence
from uuid import UUID

from prompts.domain.mentions import Mention
from prompts.store.rows import PromptText, SnippetText
from shared.postgres import Connection, many


async def find_snippet_texts(conn: Connection, project_id: UUID, mentions: Sequence[Mention]) -> list[SnippetText]:
    """Read the snippets that exist among those mentioned, at the mentioned version."""
    if not mentions:
        return []
    rows = await conn.fetch(
        """
        SELECT w.name, w.asked, v.number AS version, v.content, v.content_hash
        FROM unnest($2::text[], $3::integer[]) AS w (name, asked)
        JOIN snippets n ON n.project_id = $1 AND n.name = w.name AND n.deleted_at IS NULL
        JOIN snippet_versions v ON v.project_id = $1 AND v.snippet_id = n.id
            AND v.number = CASE w.asked WHEN 0 THEN n.version ELSE w.asked END
        """,
        project_id,
        [mention.name for mention in mentions],
        [mention.version for mention in mentions],
    )
    return many(SnippetText, rows)


async def find_prompt_texts(conn: Connection, project_id: UUID, addresses: Sequence[str]) -> list[PromptText]:
    """Read the latest versions of the prompts that exist among these addresses, each `set/slug`."""
    if not addresses:
        return []
    pairs = [address.split("/", 1) for address in addresses]
    rows = await conn.fetch(
        """
        SELECT w.set_slug || '/' || w.slug AS address, p.id AS prompt_id, v.id AS prompt_version_id,
            v.number AS version, v.content_hash, v.template, v.parameters
        FROM unnest($2::text[], $3::text[]) AS w (set_slug, slug)
        JOIN prompt_sets s ON s.project_id = $1 AND s.slug = w.set_slug
        JOIN prompts p ON p.project_id = $1 AND p.set_id = s.id AND p.slug = w.slug AND p.deleted_at IS NULL
        JOIN prompt_versions v ON v.project_id = $1 AND v.prompt_id = p.id AND v.number = p.latest_version
        """,
        project_id,
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return many(PromptText, rows)
