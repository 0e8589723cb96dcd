"""Setting up, signing in and out, and who a session is."""

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
    LINK_MINUTES,
    SIGN_IN_TRIES,
    SIGN_IN_WINDOW_SECONDS,
    Account,
    AlreadySetUp,
    SignInRefused,
    TooManySignIns,
    User,
    Visitor,
    hash_token,
    link_refused,
    new_token,
    numbered,
    sign_in_subject,
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


@dataclass(frozen=True)
class Credentials:
    """What somebody knocks with, and from which address."""

    email: str
    password: str
    address: str


class Accounts:
    """Accounts and sessions of one installation. `replaced` is the session that a browser came with: it ends."""

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
        async with self._database.transaction(()) as conn:
            user_id = await people.find_first_user(conn)
            await sessions.insert_link(conn, hash_token(token), user_id, LINK_MINUTES)
        return token, user_id is None

    async def set_up(self, token: str, account: NewAccount, request_id: str, replaced: str | None = None) -> str:
        """Make the first account with its personal project and sign it in; returns the session's token.

        Raises AlreadySetUp, or LinkRefused. The link is used up only together with the account.
        """
        await self._check_set_up(token)
        user = Account(new_id(), account.email, account.name, await self._passwords.hash(account.password))
        project_id = new_id()
        call = Call(Identity(user.id, project_id, "admin"), request_id)
        async with self._database.transaction(project_id) as conn:
            await people.lock_set_up(conn)
            if await people.has_users(conn):
                raise _already_set_up()
            if await sessions.use_link(conn, hash_token(token)) is None:
                raise link_refused()
            await _add_account(conn, call, user)
            return await self._begin(conn, user.id, replaced)

    async def _check_set_up(self, token: str) -> None:
        """Refuse what will be refused before a third of a second goes into a hash."""
        async with self._database.transaction(()) as conn:
            if await people.has_users(conn):
                raise _already_set_up()
            if not await sessions.is_link_open(conn, hash_token(token)):
                raise link_refused()

    async def sign_in(self, tried: Credentials, replaced: str | None = None) -> str:
        """Check e-mail and password; returns a new session's token. Raises SignInRefused or TooManySignIns.

        A try is counted before its password is looked at, so that many at once are not many more.
        """
        async with self._database.transaction(()) as conn:
            account = await people.find_account(conn, tried.email)
            # Counted under the account's own spelling: letters that only the database folds are no way round.
            who = sign_in_subject(account.email if account else tried.email, tried.address)
            counted = await sessions.count_try(conn, who, SIGN_IN_WINDOW_SECONDS)
        if counted.tries > SIGN_IN_TRIES:
            raise _pause(counted.seconds)
        fits = await self._passwords.verify(tried.password, account.password_hash if account else None)
        if account is None or not fits:
            message = "This e-mail and password do not belong together."
            raise SignInRefused(message)
        async with self._database.transaction(()) as conn:
            await sessions.delete_tries(conn, who)
            return await self._begin(conn, account.id, replaced)

    async def sign_in_by_link(self, token: str, replaced: str | None = None) -> str:
        """Use a link up and sign its account in; returns a new session's token. Raises LinkRefused."""
        async with self._database.transaction(()) as conn:
            link = await sessions.use_link(conn, hash_token(token))
            if link is None or link.user_id is None:
                raise link_refused()
            return await self._begin(conn, link.user_id, replaced)

    async def _begin(self, conn: Connection, user_id: UUID, replaced: str | None) -> str:
        session = new_token()
        await sessions.insert_session(conn, hash_token(session), user_id, self._days)
        if replaced:
            await self._end(conn, replaced)
        return session

    async def _end(self, conn: Connection, session: str) -> None:
        self._visitors.pop(hash_token(session), None)
        await sessions.delete_session(conn, hash_token(session))

    async def sign_out(self, session: str) -> None:
        """End a session, here at once and in other processes within ten seconds."""
        async with self._database.transaction(()) as conn:
            await self._end(conn, session)

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
        self._visitors.move_to_end(token_hash)
        if len(self._visitors) > _CACHED_VISITORS:
            self._visitors.popitem(last=False)
        return self._visitors[token_hash]

    async def _read_visitor(self, token_hash: bytes) -> Visitor | None:
        async with self._database.relay() as conn:
            user = await sessions.find_session_user(conn, token_hash, self._days)
            if user is None:
                return None
            await sessions.touch_session(conn, token_hash)
            return Visitor(user, tuple(await people.find_memberships(conn, user.id)))

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


async def _add_account(conn: Connection, call: Call, user: Account) -> None:
    """Write an account with its personal project, and tell both."""
    await people.insert_user(conn, user)
    slug = await _add_personal_project(conn, call, user)
    await people.insert_member(conn, call.project_id, user.id, "admin")
    await outbox.add(conn, call, UserSignedUp(user_id=user.id))
    await outbox.add(conn, call, ProjectCreated(project_id=call.project_id, slug=slug))


async def _add_personal_project(conn: Connection, call: Call, user: User) -> str:
    """Make the project under the first free slug, and return the slug."""
    slug, number = slug_of(user.name), 1
    while not await people.insert_project(conn, call.project_id, numbered(slug, number), user.name, personal=True):
        number += 1
    return numbered(slug, number)


def _already_set_up() -> AlreadySetUp:
    return AlreadySetUp("The first account exists. Sign in with it.")


def _pause(seconds: int) -> TooManySignIns:
    return TooManySignIns(
        f"Too many tries. Wait {seconds // 60 + 1} minutes, or use a sign-in link.", retry_after_seconds=seconds
    )
