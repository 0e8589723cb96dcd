"""Real servers for tests: `with start_servers() as servers`.

Order of choice: addresses in TEST_POSTGRES_URL, TEST_NATS_URL and TEST_REDIS_URL (all three), the
embedded servers, or containers when TEST_SERVERS=containers. Nothing is skipped when none works:
the tests fail with the reason. Every test process gets its own embedded servers (1 s), so
pytest-xdist workers never share state.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.embedded.passwords import SUPERUSER, ServerPasswords
from shared.embedded.ports import ServerPorts
from shared.embedded.provision import PostgresAdministration, dsn_for_account
from shared.embedded.servers import EmbeddedServers


class TestServerSettings(BaseSettings):
    """Which servers the tests use."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="TEST_", env_ignore_empty=True)
    __test__ = False

    servers: Literal["embedded", "containers"] = "embedded"
    postgres_url: str | None = None
    nats_url: str | None = None
    redis_url: str | None = None

    @model_validator(mode="after")
    def _all_addresses_or_none(self) -> Self:
        addresses = (self.postgres_url, self.nats_url, self.redis_url)
        if any(addresses) and not all(addresses):
            message = "set TEST_POSTGRES_URL, TEST_NATS_URL and TEST_REDIS_URL together, or none of them"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Servers:
    """Addresses of running servers in which the services' databases and roles exist.

    Users of an external NATS all get its one address, so nobody's permissions are enforced there.
    """

    admin_dsn: str
    redis_url: str
    passwords: ServerPasswords
    nats_urls: Mapping[str, str] = field(default_factory=dict)
    enforces_nats_permissions: bool = True

    def dsn(self, role: str, database: str) -> str:
        """Return the address of `database` for a role such as `prompts_app`."""
        return dsn_for_account(self.admin_dsn, role, self.passwords.postgres[role], database)

    def nats_url(self, user: str) -> str:
        """Return the address of NATS for a service, or for `operator`, who may do all."""
        return self.nats_urls[user]


@contextmanager
def start_servers() -> Iterator[Servers]:
    """Start or reach the servers that the environment asks for; call it outside any event loop."""
    settings = TestServerSettings()
    if settings.postgres_url and settings.nats_url and settings.redis_url:
        yield _external(settings.postgres_url, settings.nats_url, settings.redis_url)
    elif settings.servers == "containers":
        # Only this choice needs the Docker client.
        from shared.testing.containers import container_servers  # noqa: PLC0415

        with container_servers() as servers:
            yield servers
    else:
        with _embedded() as servers:
            yield servers


@contextmanager
def _embedded() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="scriptorium-test-", ignore_cleanup_errors=True) as folder:
        passwords = ServerPasswords.generate()
        servers = EmbeddedServers(Path(folder), ServerPorts.free(), passwords, is_durable=False)
        asyncio.run(servers.start())
        try:
            nats_urls = {user: servers.nats_url(user) for user in passwords.nats}
            yield Servers(servers.admin_dsn, servers.redis_url, passwords, nats_urls)
        finally:
            asyncio.run(servers.stop())


def _external(admin_dsn: str, nats_url: str, redis_url: str) -> Servers:
    passwords = ServerPasswords.derive(admin_dsn)
    passwords = passwords.model_copy(update={"postgres": passwords.postgres | {SUPERUSER: ""}})
    asyncio.run(PostgresAdministration(admin_dsn, passwords, resets_passwords=True).provision())
    return Servers(
        admin_dsn, redis_url, passwords, dict.fromkeys(passwords.nats, nats_url), enforces_nats_permissions=False
    )
