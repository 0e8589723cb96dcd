"""The servers as containers, for machines with Docker and without our wheels.

Untested: no machine of ours could run containers when this was written.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from shared.embedded.nats import nats_config
from shared.embedded.passwords import SUPERUSER, ServerPasswords
from shared.embedded.postgres import MAX_CONNECTIONS
from shared.embedded.provision import PostgresAdministration
from shared.testing.servers import Servers

POSTGRES_IMAGE = "postgres:18"
NATS_IMAGE = "nats:2.15"
VALKEY_IMAGE = "valkey/valkey:9.1"
NATS_PORT, VALKEY_PORT = 4222, 6379


@contextmanager
def container_servers() -> Iterator[Servers]:
    """Run the three servers; without Docker this raises at once."""
    passwords = ServerPasswords.generate()
    with ExitStack() as stack:
        admin_dsn = _start_postgres(stack, passwords)
        redis_url = _start_valkey(stack, passwords)
        nats_urls = _start_nats(stack, passwords)
        asyncio.run(PostgresAdministration(admin_dsn, passwords).provision())
        yield Servers(admin_dsn, redis_url, passwords, nats_urls)


def _start_postgres(stack: ExitStack, passwords: ServerPasswords) -> str:
    container = PostgresContainer(
        POSTGRES_IMAGE, username=SUPERUSER, password=passwords.postgres[SUPERUSER], dbname="postgres", driver=None
    )
    container.with_command(f"postgres -c fsync=off -c max_connections={MAX_CONNECTIONS}")
    return str(stack.enter_context(container).get_connection_url())


def _start_valkey(stack: ExitStack, passwords: ServerPasswords) -> str:
    container = DockerContainer(VALKEY_IMAGE).with_exposed_ports(VALKEY_PORT)
    container.with_command(f"valkey-server --requirepass {passwords.redis}")
    container.waiting_for(LogMessageWaitStrategy("Ready to accept connections"))
    return f"redis://:{passwords.redis}@{_address(stack.enter_context(container), VALKEY_PORT)}/0"


def _start_nats(stack: ExitStack, passwords: ServerPasswords) -> dict[str, str]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    config = folder / "nats.conf"
    config.write_text(nats_config(NATS_PORT, Path("/data"), passwords, host="0.0.0.0"))  # noqa: S104  in its container
    container = DockerContainer(NATS_IMAGE).with_exposed_ports(NATS_PORT)
    container.with_volume_mapping(config, "/etc/nats/nats.conf").with_command("-c /etc/nats/nats.conf")
    container.waiting_for(LogMessageWaitStrategy("Server is ready"))
    address = _address(stack.enter_context(container), NATS_PORT)
    return {user: f"nats://{user}:{password}@{address}" for user, password in passwords.nats.items()}


def _address(container: DockerContainer, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"
