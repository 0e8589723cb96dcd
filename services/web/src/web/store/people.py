"""Users, projects and members. At the door no project is known, so these take no project first."""

from uuid import UUID

from shared.postgres import Connection, many, one
from web.domain import Account, Membership

# Any number that nothing else in this database locks: only one first account can be made.
_SET_UP_LOCK = 7_301


async def lock_set_up(conn: Connection) -> None:
    """Let one transaction at a time make the first account."""
    await conn.execute("SELECT pg_advisory_xact_lock($1)", _SET_UP_LOCK)


async def has_users(conn: Connection) -> bool:
    """Say whether anybody has an account."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM users)"))


async def insert_user(conn: Connection, user: Account) -> None:
    """Keep an account. Raises UniqueViolationError where the e-mail is taken."""
    await conn.execute(
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)",
        user.id,
        user.email,
        user.name,
        user.password_hash,
    )


async def find_account(conn: Connection, email: str) -> Account | None:
    """Find an account by its address, in any letter case."""
    return one(
        Account,
        await conn.fetchrow(
            "SELECT id, email, name, password_hash FROM users WHERE lower(email) = lower($1)",
            email,
        ),
    )


async def find_first_user(conn: Connection) -> UUID | None:
    """Find the oldest account: the admin who set the installation up."""
    found: UUID | None = await conn.fetchval("SELECT id FROM users ORDER BY created_at, id LIMIT 1")
    return found


async def insert_project(conn: Connection, project_id: UUID, slug: str, name: str, *, personal: bool) -> bool:
    """Make a project; False where the slug is taken."""
    status = await conn.execute(
        "INSERT INTO projects (project_id, slug, name, personal) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING",
        project_id,
        slug,
        name,
        personal,
    )
    return bool(status.endswith(" 1"))


async def rename_project(conn: Connection, project_id: UUID, name: str) -> None:
    """Give a project another name; its address stays."""
    await conn.execute("UPDATE projects SET name = $2 WHERE project_id = $1", project_id, name)


async def insert_member(conn: Connection, project_id: UUID, user_id: UUID, role: str) -> None:
    """Make a person a member."""
    await conn.execute("INSERT INTO members (project_id, user_id, role) VALUES ($1, $2, $3)", project_id, user_id, role)


async def find_role(conn: Connection, project_id: UUID, user_id: UUID) -> str | None:
    """Say which role a person has in a project."""
    role: str | None = await conn.fetchval(
        "SELECT role FROM members WHERE project_id = $1 AND user_id = $2", project_id, user_id
    )
    return role


async def find_memberships(conn: Connection, user_id: UUID) -> list[Membership]:
    """List where a person is a member, the personal project first."""
    return many(
        Membership,
        await conn.fetch(
            """
            SELECT m.project_id, p.slug, p.name, p.personal, m.role
            FROM members AS m JOIN projects AS p ON p.project_id = m.project_id
            WHERE m.user_id = $1 ORDER BY p.personal DESC, p.name, p.project_id
            """,
            user_id,
        ),
    )
