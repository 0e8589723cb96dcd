"""Passwords, hashed with argon2id in threads: a few at once, because each takes 64 MiB and a third of a second."""

import asyncio
import functools

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

AT_ONCE = 4


class Passwords:
    """Hashes and compares passwords."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        """Take the hasher: pwdlib's recommended parameters, unless others are given."""
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Hash a password for keeping."""
        async with self._room:
            return await asyncio.to_thread(self._hash.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Compare with the kept hash. Without one, for an unknown e-mail, the same time passes and the answer is no."""
        async with self._room:
            return await asyncio.to_thread(self._verify, password, kept)

    def _verify(self, password: str, kept: str | None) -> bool:
        # Made at the first comparison of any kind, so that the first unknown e-mail takes no longer than a known one.
        nobodys = self._nobodys
        return self._hash.verify(password, kept or nobodys) and kept is not None

    @functools.cached_property
    def _nobodys(self) -> str:
        return self._hash.hash("nobody has this password")
