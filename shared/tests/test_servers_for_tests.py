import asyncio
from collections.abc import Iterator

import asyncpg
import nats
import pytest
from docker.errors import DockerException
from pydantic import ValidationError

from shared.testing.servers import Servers, TestServerSettings, start_servers


@pytest.fixture(scope="module", name="started")
def start_embedded() -> Iterator[Servers]:
    with start_servers() as servers:
        yield servers


async def current_user(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    user: str = await connection.fetchval("SELECT current_user")
    await connection.close()
    return user


def test_embedded_servers_are_the_default(started: Servers) -> None:
    assert started.enforces_nats_permissions
    assert asyncio.run(current_user(started.dsn("web_app", "scriptorium_web"))) == "web_app"


def test_addresses_in_the_environment_are_used(started: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_POSTGRES_URL", started.admin_dsn)
    monkeypatch.setenv("TEST_NATS_URL", started.nats_url("operator"))
    monkeypatch.setenv("TEST_REDIS_URL", started.redis_url)
    with start_servers() as servers:
        assert servers.nats_url("web") == started.nats_url("operator")
        assert asyncio.run(current_user(servers.dsn("web_app", "scriptorium_web"))) == "web_app"


def test_one_address_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_NATS_URL", "nats://127.0.0.1:4222")
    with pytest.raises(ValidationError, match="together, or none"):
        TestServerSettings()


def test_containers_without_docker_fail_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SERVERS", "containers")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(DockerException), start_servers():
        pass


def test_users_have_urls_of_their_own(started: Servers) -> None:
    async def connect(user: str) -> bool:
        client = await nats.connect(started.nats_url(user), inbox_prefix=f"_INBOX.{user}".encode())
        await client.close()
        return client.is_closed

    assert asyncio.run(connect("documents"))
