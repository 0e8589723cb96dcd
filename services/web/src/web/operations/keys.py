"""API keys: made and shown once, listed, revoked, and told to the services that are asked with one."""

import hmac
from datetime import UTC, datetime
from uuid import UUID

from shared import idempotency, outbox
from shared.call import Call, Identity
from shared.contracts.ids import new_id
from shared.contracts.prompts import Done
from shared.contracts.web import ApiKeyCreated, ApiKeyRevoked, IntrospectKey, KeyIdentity
from shared.postgres import Database
from shared.problems import NotFound
from web.domain import (
    ApiKey,
    KeyAlreadyMade,
    NewApiKey,
    hash_secret,
    key_refused,
    new_token,
    read_api_key,
    write_api_key,
)
from web.store import keys, people

# Enough to tell one key from another in a list; the id in it is no secret.
PREFIX_CHARACTERS = 11


class Keys:
    """The API keys of this installation."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        """Take where they are kept, and the secret under which they are hashed."""
        self._database = database
        self._pepper = pepper

    async def create(self, call: Call, command: NewApiKey) -> tuple[ApiKey, str]:
        """Make a key of the caller for this project; its text is in this answer and nowhere else.

        Raises Invalid, or KeyAlreadyMade when the request is said again.
        """
        command.check(call.identity, datetime.now(UTC))
        key, text = self._new_key(call, command)
        async with self._database.transaction(call.project_id) as conn:
            if await idempotency.recall(conn, call, command, Done) is not None:
                message = "This request made its key before, and a key is shown once. Revoke it and make another."
                raise KeyAlreadyMade(message)
            await keys.insert_key(conn, key)
            await outbox.add(conn, call, ApiKeyCreated(api_key_id=key.id))
            await idempotency.remember(conn, call, command, Done())
        return key, text

    def _new_key(self, call: Call, command: NewApiKey) -> tuple[ApiKey, str]:
        key_id, secret = new_id(), new_token()
        text = write_api_key(key_id, secret)
        key = ApiKey(
            id=key_id,
            project_id=call.project_id,
            owner_id=call.actor_id,
            name=command.name,
            prefix=text[:PREFIX_CHARACTERS],
            secret_hash=hash_secret(self._pepper, secret),
            scopes=sorted(set(command.scopes)),
            expires_at=command.expires_at,
            revoked_at=None,
            created_at=datetime.now(UTC),
        )
        return key, text

    async def list(self, call: Call) -> "list[ApiKey]":
        """List the keys of the project, newest first, the revoked ones included."""
        async with self._database.transaction(call.project_id) as conn:
            return await keys.find_keys(conn, call.project_id)

    async def revoke(self, call: Call, key_id: UUID) -> Done:
        """End a key, here at once and everywhere when the fact arrives. Raises NotFound."""
        async with self._database.transaction(call.project_id) as conn:
            if await keys.revoke_key(conn, call.project_id, key_id) is None:
                raise NotFound
            await outbox.add(conn, call, ApiKeyRevoked(api_key_id=key_id))
        return Done()

    async def introspect(self, _call: Call, request: IntrospectKey) -> KeyIdentity:
        """Say who a key acts as. Raises KeyRefused.

        A key reaches no further than its owner does now: scopes that the owner's role lost are left out.
        """
        key_id, secret = read_api_key(request.api_key)
        async with self._database.relay() as conn:
            key = await keys.find_live_key(conn, key_id)
            if key is None or not hmac.compare_digest(key.secret_hash, hash_secret(self._pepper, secret)):
                raise key_refused()
            role = await people.find_role(conn, key.project_id, key.owner_id)
        scopes = key.scopes_of(Identity(key.owner_id, key.project_id, role))
        return KeyIdentity(api_key_id=key.id, project_id=key.project_id, owner_id=key.owner_id, scopes=scopes)
