"""People, sessions, keys: types and rules, and the problems that this service raises. Pure."""

import hashlib
import hmac
import re
import secrets
import unicodedata
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from shared import policy
from shared.call import SERVICE_ROLE, Identity
from shared.contracts.ids import ALPHABET, decode_id, encode_id
from shared.contracts.message import Command
from shared.contracts.web import Role
from shared.problems import Conflict, Forbidden, Invalid, NotFound, Problem, Unauthenticated

LINK_MINUTES = 15
TOKEN_BYTES = 32
# Ten tries in five minutes without the right password are a guesser, or somebody who needs a pause anyway.
SIGN_IN_TRIES = 10
SIGN_IN_WINDOW_SECONDS = 300
# A key works for a program: it neither makes keys nor manages people, whoever made it.
_FOR_PEOPLE_ONLY = frozenset({"open", "keys.manage", "projects.manage"})
KEY_SCOPES = frozenset(
    action for action, minimum in policy.ACTIONS.items() if minimum != SERVICE_ROLE and action not in _FOR_PEOPLE_ONLY
)
# Addresses of the app that a project's slug must not hide.
RESERVED_SLUGS = frozenset(
    {"account", "api", "assets", "context", "documents", "embed", "help", "invite", "library", "login", "prompts"}
    | {"forgot", "reset", "s", "setup", "signin", "signup", "snippets", "sso", "verify", "workflows", "prompt-workshop"}
)


class LinkRefused(Problem):
    """The sign-in link was used, is too old, or never was one."""

    type = "/problems/sign-in-link-refused"
    title = "This link no longer works"
    status = 410


class SignInRefused(Unauthenticated):
    """E-mail and password do not belong together; which of them is wrong is not said."""

    type = "/problems/sign-in-refused"
    title = "E-mail or password is wrong"


class KeyRefused(Unauthenticated):
    """The API key is unknown, expired or revoked."""

    type = "/problems/api-key-refused"
    title = "API key refused"


class KeyAlreadyMade(Conflict):
    """The request made its key before; the answer with the key's text cannot be given twice."""

    type = "/problems/api-key-already-made"
    title = "This key was made already"


class AlreadySetUp(Conflict):
    """The first account exists."""

    type = "/problems/already-set-up"
    title = "Already set up"


class NotFromOurPages(Forbidden):
    """A change was asked for by another site's page, or without the header that our pages send."""

    type = "/problems/not-from-our-pages"
    title = "Refused"


class TooManySignIns(Problem):
    """Too many tries to sign in."""

    type = "/problems/too-many-sign-ins"
    title = "Too many tries"
    status = 429


@dataclass(frozen=True)
class User:
    """A person with an account."""

    id: UUID
    email: str
    name: str


@dataclass(frozen=True)
class Account(User):
    """A person with what opens their account."""

    password_hash: str = field(repr=False)


@dataclass(frozen=True)
class Membership:
    """A person's place in a project."""

    project_id: UUID
    slug: str
    name: str
    personal: bool
    role: Role


@dataclass(frozen=True)
class Visitor:
    """Who a session belongs to, and where that person is a member."""

    user: User
    memberships: tuple[Membership, ...]

    def is_member_of(self, project_id: UUID) -> bool:
        """Say whether this person has a role in the project."""
        return any(membership.project_id == project_id for membership in self.memberships)

    def knows(self, project: str | None) -> bool:
        """Say whether `identity_in` would find the project."""
        try:
            self.identity_in(project)
        except NotFound:
            return False
        return True

    def identity_in(self, project: str | None) -> Identity:
        """Say who this is in a project, named by slug or id; the first one without a name.

        Raises NotFound for a project that does not exist or is not theirs: the two are not told apart.
        """
        if not project and self.memberships:
            return self._identity(self.memberships[0])
        for membership in self.memberships:
            if project in (membership.slug, encode_id("pj", membership.project_id)):
                return self._identity(membership)
        message = "There is no such project here."
        raise NotFound(message)

    def _identity(self, membership: Membership) -> Identity:
        return Identity(self.user.id, membership.project_id, membership.role)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class NewApiKey(Command):
    """A key to be made; without `expires_at` it does not end by itself."""

    name: Name
    scopes: list[str] = Field(min_length=1, max_length=50)
    expires_at: AwareDatetime | None = None

    def check(self, maker: Identity, now: datetime) -> None:
        """Raise Invalid, by name, for scopes that no key has or the maker lacks, and for an end that is past."""
        refused = [scope for scope in self.scopes if scope not in KEY_SCOPES or not policy.is_allowed(maker, scope)]
        errors: list[dict[str, JsonValue]] = [
            {"name": "scopes", "code": "unknown_scope", "message": f"{scope[:80]} cannot be given to a key."}
            for scope in refused
        ]
        if self.expires_at is not None and self.expires_at <= now:
            errors.append({"name": "expires_at", "code": "past", "message": "This moment has passed."})
        if errors:
            raise Invalid.of(errors)


@dataclass(frozen=True)
class ApiKey:
    """An API key as it is kept: never the key itself."""

    id: UUID
    project_id: UUID
    owner_id: UUID
    name: str
    prefix: str
    secret_hash: bytes = field(repr=False)
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime

    def scopes_of(self, owner: Identity) -> list[str]:
        """List what the key may do now: a scope that its owner's role lost is left out."""
        return [scope for scope in self.scopes if scope in KEY_SCOPES and policy.is_allowed(owner, scope)]


def new_token() -> str:
    """Make 256 bits that nobody can guess, for a session or a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """Hash a token for keeping: it has 256 bits of its own, so that a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def slug_of(name: str) -> str:
    """Make an address from a name; "project" where no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "project"
    return f"{slug}-1" if slug in RESERVED_SLUGS else slug


def age_seconds(made_id: UUID, now: float) -> float:
    """Say how old an id of version 7 is; its first 48 bits are Unix milliseconds (RFC 9562, section 5.7)."""
    return now - (made_id.int >> 80) / 1000


def sign_in_subject(account: str, address: str) -> bytes:
    """Name what tries are counted for: one account, knocked at from one address."""
    return hashlib.sha256(f"{account.lower()}|{address}".encode()).digest()


def numbered(slug: str, number: int) -> str:
    """Tell the second holder of a slug from the first."""
    return slug if number == 1 else f"{slug}-{number}"


def write_api_key(key_id: UUID, secret: str) -> str:
    """Write a key as its holder sees it: `sk_`, its id, 32 random bytes, a checksum against misreading."""
    body = f"{encode_id('ak', key_id).removeprefix('ak_')}_{secret}"
    return f"sk_{body}_{_checksum(body)}"


def read_api_key(text: str) -> tuple[UUID, str]:
    """Return the id and the secret of a key. Raises KeyRefused for what `write_api_key` did not write."""
    body, _, checksum = text.removeprefix("sk_").rpartition("_")
    key_id, _, secret = body.partition("_")
    # compare_digest takes ASCII only.
    if not text.isascii() or not text.startswith("sk_") or not hmac.compare_digest(checksum, _checksum(body)):
        raise key_refused()
    try:
        return decode_id("ak", f"ak_{key_id}"), secret
    except ValueError as error:
        raise key_refused() from error


def hash_secret(pepper: bytes, secret: str) -> bytes:
    """Hash a key's secret with a key of ours, so that a copied table opens nothing."""
    return hmac.digest(pepper, secret.encode(), "sha256")


def key_refused() -> KeyRefused:
    """Say the same for every reason."""
    return KeyRefused("This API key is unknown, expired or revoked.")


def link_refused() -> LinkRefused:
    """Say the same for every reason, and the way out."""
    return LinkRefused(
        "The link was used already or is older than 15 minutes. "
        "Run make sign-in-link for another one, or python -m web sign-in-link where no make runs the house."
    )


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(30, -1, -5))
