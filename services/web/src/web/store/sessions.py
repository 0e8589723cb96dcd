"""Sessions, sign-in links and tries to sign in. Tokens are kept as hashes only."""

from dataclasses import dataclass
from uuid import UUID

from shared.postgres import Connection, one
from web.domain import User


@dataclass(frozen=True)
class Link:
    """A sign-in link that still works: for an account, or for making the first one."""

    user_id: UUID | None


@dataclass(frozen=True)
class Tries:
    """How often somebody tried in the running window, this time included, and when the window ends."""

    tries: int
    seconds: int


async def insert_session(conn: Connection, token_hash: bytes, user_id: UUID, days: int) -> None:
    """Begin a session, and forget those that were left for `days`."""
    await conn.execute("DELETE FROM sessions WHERE last_seen_at < now() - make_interval(days => $1)", days)
    await conn.execute("INSERT INTO sessions (token_hash, user_id) VALUES ($1, $2)", token_hash, user_id)


async def delete_session(conn: Connection, token_hash: bytes) -> None:
    """End a session."""
    await conn.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash)


async def find_session_user(conn: Connection, token_hash: bytes, days: int) -> User | None:
    """Find whose session this is; None for one that ended or was left for `days`."""
    return one(
        User,
        await conn.fetchrow(
            """
            SELECT u.id, u.email, u.name FROM sessions AS s JOIN users AS u ON u.id = s.user_id
            WHERE s.token_hash = $1 AND s.last_seen_at > now() - make_interval(days => $2)
            """,
            token_hash,
            days,
        ),
    )


async def touch_session(conn: Connection, token_hash: bytes) -> None:
    """Note a visit, to the hour: a session that is used is read all the time and must not be written as often."""
    await conn.execute(
        "UPDATE sessions SET last_seen_at = now() WHERE token_hash = $1 AND last_seen_at < now() - interval '1 hour'",
        token_hash,
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


async def is_link_open(conn: Connection, token_hash: bytes) -> bool:
    """Say whether `use_link` would find the link."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM sign_in_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()",
            token_hash,
        )
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


async def count_try(conn: Connection, who: bytes, window_seconds: int) -> Tries:
    """Count this try in one statement, so that tries at the same time cannot all be the first."""
    found = one(
        Tries,
        await conn.fetchrow(
            """
            INSERT INTO sign_in_attempts AS a (who, tries, window_ends_at)
            VALUES ($1, 1, now() + make_interval(secs => $2))
            ON CONFLICT (who) DO UPDATE SET
                tries = CASE WHEN a.window_ends_at > now() THEN a.tries + 1 ELSE 1 END,
                window_ends_at = CASE WHEN a.window_ends_at > now() THEN a.window_ends_at
                    ELSE excluded.window_ends_at END
            RETURNING tries, ceil(extract(epoch FROM window_ends_at - now()))::integer AS seconds
            """,
            who,
            float(window_seconds),
        ),
    )
    return found or Tries(1, window_seconds)


async def delete_tries(conn: Connection, who: bytes) -> None:
    """Forget the tries after a right password, and everybody's from windows that ended."""
    await conn.execute("DELETE FROM sign_in_attempts WHERE who = $1 OR window_ends_at < now()", who)
