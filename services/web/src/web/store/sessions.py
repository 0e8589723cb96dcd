"""Sessions, sign-in links and failed tries. Tokens are kept as hashes only."""

from dataclasses import dataclass
from uuid import UUID

from shared.postgres import Connection, one
from web.domain import User


@dataclass(frozen=True)
class Link:
    """A sign-in link that still works: for an account, or for making the first one."""

    user_id: UUID | None


async def insert_session(conn: Connection, token_hash: bytes, user_id: UUID) -> None:
    """Begin a session."""
    await conn.execute("INSERT INTO sessions (token_hash, user_id) VALUES ($1, $2)", token_hash, user_id)


async def delete_session(conn: Connection, token_hash: bytes) -> None:
    """End a session."""
    await conn.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash)


async def find_session_user(conn: Connection, token_hash: bytes, days: int) -> User | None:
    """Find whose session this is and note the visit; None for one that ended or was left for `days`."""
    return one(
        User,
        await conn.fetchrow(
            """
            UPDATE sessions AS s SET last_seen_at = now() FROM users AS u
            WHERE s.token_hash = $1 AND u.id = s.user_id AND s.last_seen_at > now() - make_interval(days => $2)
            RETURNING u.id, u.email, u.name, u.password_hash
            """,
            token_hash,
            days,
        ),
    )


async def insert_link(conn: Connection, token_hash: bytes, user_id: UUID | None, minutes: int) -> None:
    """Keep a sign-in link, and forget those that are long over."""
    await conn.execute("DELETE FROM sign_in_links WHERE expires_at < now() - interval '1 day'")
    await conn.execute(
        """
        INSERT INTO sign_in_links (token_hash, user_id, expires_at)
        VALUES ($1, $2, now() + make_interval(mins => $3))
        """,
        token_hash,
        user_id,
        minutes,
    )


async def use_link(conn: Connection, token_hash: bytes) -> Link | None:
    """Use a link up; None where it was used before, is over, or never was."""
    return one(
        Link,
        await conn.fetchrow(
            """
            UPDATE sign_in_links SET used_at = now()
            WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING user_id
            """,
            token_hash,
        ),
    )


async def count_failures(conn: Connection, who: bytes, seconds: int) -> int:
    """Count the wrong passwords of the last `seconds`."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM sign_in_attempts WHERE who = $1 AND failed_at > now() - make_interval(secs => $2)",
            who,
            float(seconds),
        )
    )


async def insert_failure(conn: Connection, who: bytes) -> None:
    """Note a wrong password, and forget yesterday's."""
    await conn.execute("DELETE FROM sign_in_attempts WHERE failed_at < now() - interval '1 day'")
    await conn.execute("INSERT INTO sign_in_attempts (who) VALUES ($1)", who)


async def delete_failures(conn: Connection, who: bytes) -> None:
    """Forget the wrong passwords after a right one."""
    await conn.execute("DELETE FROM sign_in_attempts WHERE who = $1", who)
