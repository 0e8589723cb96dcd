"""Internal tokens: EdDSA JWTs (RFC 8037) of 15 seconds, minted by the sender of each hop, checked by the receiver.

A service signs with its own key only; receivers hold all public keys, and the contract says who may call what.
"""

import base64
import time
from collections import OrderedDict
from typing import Any, TypeVar
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.call import Identity
from shared.problems import Unauthenticated

LIFETIME_SECONDS = 15
# A token is used again while most of its life is left: signing costs 40 microseconds, checking 200.
REUSE_SECONDS = 8
_CACHED = 4096

V = TypeVar("V")


class _Recent[V]:
    """The values of the last keys, each good until its own time."""

    def __init__(self) -> None:
        self._values: OrderedDict[object, tuple[float, V]] = OrderedDict()

    def get(self, key: object) -> V | None:
        found = self._values.get(key)
        return found[1] if found and found[0] > time.monotonic() else None

    def put(self, key: object, value: V, seconds: float) -> None:
        self._values[key] = (time.monotonic() + seconds, value)
        if len(self._values) > _CACHED:
            self._values.popitem(last=False)


def new_signing_key() -> str:
    """Make a private key, as the text that settings hold (32 bytes, URL-safe base64)."""
    return base64.urlsafe_b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key_of(signing_key: str) -> str:
    """Derive the public key, as the text that the other services' settings hold."""
    raw = _private(signing_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).decode()


def _private(signing_key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(signing_key))


class TokenSigner:
    """Mints tokens in the name of one service."""

    def __init__(self, issuer: str, signing_key: str) -> None:
        """Take the service's name and its own private key."""
        self._issuer = issuer
        self._key = _private(signing_key)
        self._recent: _Recent[str] = _Recent()

    def token(self, identity: Identity, audience: str) -> str:
        """Return a token for one receiver with at least half of its life left."""
        found = self._recent.get((identity, audience))
        if found is None:
            found = jwt.encode(self._claims(identity, audience), self._key, algorithm="EdDSA")
            self._recent.put((identity, audience), found, REUSE_SECONDS)
        return found

    def _claims(self, identity: Identity, audience: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self._issuer,
            "aud": audience,
            "sub": str(identity.subject),
            "project": str(identity.project_id) if identity.project_id else None,
            "role": identity.role,
            "scopes": sorted(identity.scopes),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }


class TokenVerifier:
    """Checks tokens that were sent to one service."""

    def __init__(self, audience: str, public_keys: dict[str, str]) -> None:
        """Take the receiver's name and the public key of every issuer."""
        self._audience = audience
        self._keys = {
            issuer: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key))
            for issuer, key in public_keys.items()
        }
        self._recent: _Recent[tuple[str, Identity]] = _Recent()

    def verify(self, token: str) -> tuple[str, Identity]:
        """Return (issuer, identity). Raises Unauthenticated for anything but a good token for this receiver."""
        found = self._recent.get(token)
        if found is None:
            claims = self._claims(token)
            found = (claims["iss"], _identity(claims))
            self._recent.put(token, found, max(0.0, claims["exp"] - time.time()))
        return found

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
            return jwt.decode(
                token,
                self._keys[issuer],
                algorithms=["EdDSA"],
                audience=self._audience,
                options={"require": ["exp", "iss", "sub", "aud"]},
            )
        except (jwt.InvalidTokenError, KeyError, TypeError) as error:
            message = "The internal token was refused."
            raise Unauthenticated(message) from error


def _identity(claims: dict[str, Any]) -> Identity:
    project = claims.get("project")
    return Identity(
        UUID(claims["sub"]), UUID(project) if project else None, claims.get("role"), frozenset(claims.get("scopes", ()))
    )
