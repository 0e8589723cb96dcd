"""Setting up, signing in and out, and who a session is."""

import hashlib
import itertools
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from shared import outbox
from shared.call import Call, Identity
from shared.contracts.ids import new_id
from shared.contracts.web import ProjectCreated, ProjectRenamed, UserSignedUp
from shared.postgres import Connection, Database
from web.domain import (
    FAILED_SIGN_INS,
    FAILED_WINDOW_SECONDS,
    LINK_MINUTES,
    AlreadySetUp,
    SignInRefused,
    TooManySignIns,
    User,
    Visitor,
    hash_token,
    link_refused,
    new_token,
    numbered,
    slug_of,
)
from web.operations.passwords import Passwords
from web.store import people, sessions

# A session that was ended elsewhere lives on in this process for at most this long.
VISITOR_CACHE_SECONDS = 10.0
_CACHED_VISITORS = 10_000


@dataclass(frozen=True)
class NewAccount:
    """What a person says about themselves at sign-up."""

    email: str
    name: str
    password: str


class Accounts:
    """Accounts and sessions of one installation."""

    def __init__(self, database: Database, passwords: Passwords, session_days: int) -> None:
        """Take where they are kept."""
        self._database = database
        self._passwords = passwords
        self._days = session_days
        self._visitors: OrderedDict[bytes, tuple[float, Visitor]] = OrderedDict()

    async def is_set_up(self) -> bool:
        """Say whether the first account exists."""
        async with self._database.relay() as conn:
            return await people.has_users(conn)

    async def make_link(self) -> tuple[str, bool]:
        """Make a single-use token for the first admin; True where it leads to setting up instead."""
        token = new_token()
        async with self._database.relay() as conn:
            user_id = await people.find_first_user(conn)
            await sessions.insert_link(conn, hash_token(token), user_id, LINK_MINUTES)
        return token, user_id is None

    async def set_up(self, token: str, account: NewAccount, request_id: str) -> str:
        """Make the first account with its personal project and sign it in; returns the session's token.

        Raises AlreadySetUp, or LinkRefused. The link is used up only together with the account.
        """
        user = User(new_id(), account.email, account.name, await self._passwords.hash(account.password))
        project_id, session = new_id(), new_token()
        call = Call(Identity(user.id, project_id, "admin"), request_id)
        async with self._database.transaction(project_id) as conn:
            await people.lock_set_up(conn)
            if await people.has_users(conn):
                message = "The first account exists. Sign in with it."
                raise AlreadySetUp(message)
            if await sessions.use_link(conn, hash_token(token)) is None:
                raise link_refused()
            await _add_account(conn, call, user)
            await sessions.insert_session(conn, hash_token(session), user.id)
        return session

    async def sign_in(self, email: str, password: str, address: str) -> str:
        """Check e-mail and password; returns a new session's token. Raises SignInRefused or TooManySignIns."""
        who = hashlib.sha256(f"{email.lower()}|{address}".encode()).digest()
        async with self._database.relay() as conn:
            if await sessions.count_failures(conn, who, FAILED_WINDOW_SECONDS) >= FAILED_SIGN_INS:
                raise _pause()
            user = await people.find_user_by_email(conn, email)
        fits = await self._passwords.verify(password, user.password_hash if user else None)
        session = new_token()
        async with self._database.relay() as conn:
            if user is None or not fits:
                await sessions.insert_failure(conn, who)
            else:
                await sessions.delete_failures(conn, who)
                await sessions.insert_session(conn, hash_token(session), user.id)
        if user is None or not fits:
            message = "This e-mail and password do not belong together."
            raise SignInRefused(message)
        return session

    async def sign_in_by_link(self, token: str) -> str:
        """Use a link up and sign its account in; returns a new session's token. Raises LinkRefused."""
        session = new_token()
        async with self._database.relay() as conn:
            link = await sessions.use_link(conn, hash_token(token))
            if link is None or link.user_id is None:
                raise link_refused()
            await sessions.insert_session(conn, hash_token(session), link.user_id)
        return session

    async def sign_out(self, session: str) -> None:
        """End a session, here at once and in other processes within ten seconds."""
        self._visitors.pop(hash_token(session), None)
        async with self._database.relay() as conn:
            await sessions.delete_session(conn, hash_token(session))

    async def visitor(self, session: str | None) -> Visitor | None:
        """Say who this session is; None where there is none, or it ended."""
        if not session:
            return None
        token_hash = hash_token(session)
        found = self._visitors.get(token_hash)
        if found is None or found[0] < time.monotonic():
            visitor = await self._read_visitor(token_hash)
            if visitor is None:
                self._visitors.pop(token_hash, None)
                return None
            found = self._remember(token_hash, visitor)
        return found[1]

    def forget_visitors(self) -> None:
        """Read everybody anew: a name, a role or a project changed."""
        self._visitors.clear()

    def _remember(self, token_hash: bytes, visitor: Visitor) -> tuple[float, Visitor]:
        self._visitors[token_hash] = (time.monotonic() + VISITOR_CACHE_SECONDS, visitor)
        if len(self._visitors) > _CACHED_VISITORS:
            self._visitors.popitem(last=False)
        return self._visitors[token_hash]

    async def _read_visitor(self, token_hash: bytes) -> Visitor | None:
        async with self._database.relay() as conn:
            user = await sessions.find_session_user(conn, token_hash, self._days)
            return None if user is None else Visitor(user, tuple(await people.find_memberships(conn, user.id)))

    async def rename_project(self, call: Call, name: str) -> None:
        """Give the project another name; its address stays."""
        async with self._database.transaction(call.project_id) as conn:
            await people.rename_project(conn, call.project_id, name)
            await outbox.add(conn, call, ProjectRenamed(project_id=call.project_id, name=name))
        self.forget_visitors()

    async def role_in(self, project_id: UUID, user_id: UUID) -> str | None:
        """Say which role a person has in a project now, without any cache: long work asks this."""
        async with self._database.transaction(project_id) as conn:
            return await people.find_role(conn, project_id, user_id)


async def _add_account(conn: Connection, call: Call, user: User) -> None:
    """Write an account with its personal project, and tell both."""
    await people.insert_user(conn, user)
    slug = slug_of(user.name)
    for number in itertools.count(1):
        if await people.insert_project(conn, call.project_id, numbered(slug, number), user.name, personal=True):
            slug = numbered(slug, number)
            break
    await people.insert_member(conn, call.project_id, user.id, "admin")
    await outbox.add(conn, call, UserSignedUp(user_id=user.id))
    await outbox.add(conn, call, ProjectCreated(project_id=call.project_id, slug=slug))


def _pause() -> TooManySignIns:
    minutes = FAILED_WINDOW_SECONDS // 60
    return TooManySignIns(
        f"Too many wrong passwords. Wait {minutes} minutes, or use a sign-in link.",
        retry_after_seconds=FAILED_WINDOW_SECONDS,
    )
