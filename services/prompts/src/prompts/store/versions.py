"""Statements on versions and labels."""

from uuid import UUID

from prompts.store.rows import VersionContent
from shared.contracts.prompts import PromptVersion, PromptVersionName
from shared.postgres import Connection, many, one


async def insert_version(  # noqa: PLR0913, PLR0917  a row has these parts
    conn: Connection,
    project_id: UUID,
    prompt_id: UUID,
    version_id: UUID,
    number: int,
    author_id: UUID,
    message: str,
    content: VersionContent,
) -> None:
    """Insert an immutable version; the caller holds the prompt's row."""
    await conn.execute(
        """
        INSERT INTO prompt_versions (
            project_id, id, prompt_id, number, content_hash, template, parameters, message, author_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        project_id,
        version_id,
        prompt_id,
        number,
        content.content_hash,
        content.template,
        content.stored_parameters(),
        message,
        author_id,
    )


async def make_latest(conn: Connection, project_id: UUID, prompt_id: UUID, number: int, content: VersionContent) -> int:
    """Let the prompt's row repeat its newest version. Returns the new revision."""
    revision: int = await conn.fetchval(
        """
        UPDATE prompts SET
            latest_version = $3, template = $4, parameters = $5, snippet_uses = $6, snippet_names = $7, includes = $8,
            revision = revision + 1, updated_at = now()
        WHERE project_id = $1 AND id = $2
        RETURNING revision
        """,
        project_id,
        prompt_id,
        number,
        content.template,
        content.stored_parameters(),
        content.stored_uses(),
        content.snippet_names,
        content.includes,
    )
    return revision


async def find_version(conn: Connection, project_id: UUID, prompt_id: UUID, number: int) -> PromptVersion | None:
    """Read one version by its number."""
    row = await conn.fetchrow(
        """
        SELECT id, number, content_hash, template, parameters, message, author_id, created_at
        FROM prompt_versions WHERE project_id = $1 AND prompt_id = $2 AND number = $3
        """,
        project_id,
        prompt_id,
        number,
    )
    return one(PromptVersion, row)


async def list_versions(conn: Connection, project_id: UUID, prompt_id: UUID) -> list[PromptVersion]:
    """List the versions of a prompt, newest first."""
    rows = await conn.fetch(
        """
        SELECT id, number, content_hash, template, parameters, message, author_id, created_at
        FROM prompt_versions WHERE project_id = $1 AND prompt_id = $2 ORDER BY number DESC
        """,
        project_id,
        prompt_id,
    )
    return many(PromptVersion, rows)


async def name_versions(conn: Connection, project_id: UUID, version_ids: list[UUID]) -> list[PromptVersionName]:
    """Read titles and numbers of versions, those of deleted prompts included."""
    rows = await conn.fetch(
        """
        SELECT version.id, version.prompt_id, prompt.title, version.number
        FROM prompt_versions AS version
        JOIN prompts AS prompt ON prompt.project_id = version.project_id AND prompt.id = version.prompt_id
        WHERE version.project_id = $1 AND version.id = ANY($2::uuid[])
        """,
        project_id,
        version_ids,
    )
    return many(PromptVersionName, rows)


async def move_label(conn: Connection, project_id: UUID, prompt_id: UUID, label: str, version: int) -> None:
    """Point a label at a version."""
    await conn.execute(
        """
        INSERT INTO prompt_labels (project_id, prompt_id, label, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (project_id, prompt_id, label) DO UPDATE SET version = $4, moved_at = now()
        """,
        project_id,
        prompt_id,
        label,
        version,
    )
