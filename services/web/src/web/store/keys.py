"""API keys."""

from uuid import UUID

from shared.postgres import Connection, many, one
from web.domain import ApiKey


async def insert_key(conn: Connection, key: ApiKey) -> None:
    """Keep a new key's hash and what it may do."""
    await conn.execute(
        """
        INSERT INTO api_keys (id, project_id, owner_id, name, prefix, secret_hash, scopes, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        key.id,
        key.project_id,
        key.owner_id,
        key.name,
        key.prefix,
        key.secret_hash,
        key.scopes,
        key.expires_at,
        key.created_at,
    )


async def find_keys(conn: Connection, project_id: UUID) -> list[ApiKey]:
    """List the keys of a project, newest first, the revoked ones included."""
    return many(
        ApiKey,
        await conn.fetch(
            """
            SELECT id, project_id, owner_id, name, prefix, secret_hash, scopes, expires_at, revoked_at, created_at
            FROM api_keys WHERE project_id = $1 ORDER BY created_at DESC, id
            """,
            project_id,
        ),
    )


async def find_live_key(conn: Connection, key_id: UUID) -> ApiKey | None:
    """Find a key of any project that is neither revoked nor over, and whose owner is still a member."""
    return one(
        ApiKey,
        await conn.fetchrow(
            """
            SELECT k.id, k.project_id, k.owner_id, k.name, k.prefix, k.secret_hash, k.scopes, k.expires_at,
                k.revoked_at, k.created_at
            FROM api_keys AS k JOIN members AS m ON m.project_id = k.project_id AND m.user_id = k.owner_id
            WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
            """,
            key_id,
        ),
    )


async def revoke_key(conn: Connection, project_id: UUID, key_id: UUID) -> ApiKey | None:
    """End a key; None where the project has no such key. Ending it twice keeps the first time."""
    return one(
        ApiKey,
        await conn.fetchrow(
            """
            UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE project_id = $1 AND id = $2
            RETURNING id, project_id, owner_id, name, prefix, secret_hash, scopes, expires_at, revoked_at, created_at
            """,
            project_id,
            key_id,
        ),
    )
