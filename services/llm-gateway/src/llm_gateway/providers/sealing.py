"""How provider keys rest in the database: AES-256-GCM, bound to the connection that they belong to.

A sealed key is one byte that names the sealing key, 12 random bytes, then ciphertext and tag
(NIST SP 800-38D, section 8.2.2 for random nonces).
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """No sealing key that this process has opens it, or it belongs to another connection."""


class Sealer:
    """Seals with the newest key and opens with each that is still given, so that keys can be changed."""

    def __init__(self, key: str, old_keys: Iterable[str] = ()) -> None:
        """Take keys of 32 bytes in base64. Raises ValueError for anything else."""
        self._keys = [_read_key(text) for text in (key, *old_keys)]

    def seal(self, api_key: str, project_id: UUID, connection_id: UUID) -> bytes:
        """Encrypt a provider key for one connection; each time with other bytes."""
        key = self._keys[0]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, api_key.encode(), _bound_to(project_id, connection_id))
        return _name_of(key) + nonce + sealed

    def open(self, sealed: bytes, project_id: UUID, connection_id: UUID) -> str:
        """Decrypt what was sealed for this connection. Raises SealBrokenError."""
        name, nonce, ciphertext = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        for key in self._keys:
            if _name_of(key) == name:
                try:
                    return AESGCM(key).decrypt(nonce, ciphertext, _bound_to(project_id, connection_id)).decode()
                except (InvalidTag, ValueError):
                    # Two keys can share the byte: another one may open it.
                    continue
        raise SealBrokenError


def _read_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        message = f"a sealing key is {_KEY_BYTES} random bytes in base64"
        raise ValueError(message)
    return key


def _name_of(key: bytes) -> bytes:
    return hashlib.sha256(b"name of a sealing key" + key).digest()[:1]


def _bound_to(project_id: UUID, connection_id: UUID) -> bytes:
    return project_id.bytes + connection_id.bytes
