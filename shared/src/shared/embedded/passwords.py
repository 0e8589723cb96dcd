"""Names of the services' accounts on the embedded servers, and their passwords."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Self

from pydantic import BaseModel, ConfigDict

SERVICES = ("prompts", "documents", "llm_gateway", "workflows", "web")
POSTGRES_ROLE_KINDS = ("owner", "app", "relay")
SUPERUSER = "postgres"
# Tests and the operator inspect streams with it; no service knows its password.
NATS_OPERATOR = "operator"


def database_name(service: str) -> str:
    """Name of the database that belongs to `service`."""
    return f"scriptorium_{service}"


def role_names(service: str) -> list[str]:
    """The three PostgreSQL roles of `service`: owner (migrations), app (work), relay (outbox, leases)."""
    return [f"{service}_{kind}" for kind in POSTGRES_ROLE_KINDS]


class ServerPasswords(BaseModel):
    """Passwords of every account; hexadecimal, so that they need no quoting in any file or URL."""

    model_config = ConfigDict(frozen=True)

    postgres: dict[str, str]
    nats: dict[str, str]
    redis: str

    @classmethod
    def generate(cls) -> Self:
        """Make 128 random bits for each account."""
        return cls._from(lambda _account: secrets.token_hex(16))

    @classmethod
    def derive(cls, seed: str) -> Self:
        """Make the same passwords from the same seed, for test processes that share one external server."""
        return cls._from(lambda account: hashlib.sha256(f"{seed}:{account}".encode()).hexdigest()[:32])

    @classmethod
    def _from(cls, password: Callable[[str], str]) -> Self:
        roles = [SUPERUSER, *(role for service in SERVICES for role in role_names(service))]
        return cls(
            postgres={role: password(f"postgres/{role}") for role in roles},
            nats={user: password(f"nats/{user}") for user in (*SERVICES, NATS_OPERATOR)},
            redis=password("redis"),
        )
