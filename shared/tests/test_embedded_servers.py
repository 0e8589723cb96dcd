import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.js.api import StreamConfig

from shared.embedded.binaries import ServerBinaries
from shared.embedded.errors import EmbeddedServerError
from shared.embedded.nats import exchange
from shared.embedded.passwords import ServerPasswords
from shared.embedded.ports import ServerPorts, is_free
from shared.embedded.servers import EmbeddedServers
from shared.embedded.settings import EmbeddedSettings

PASSWORDS = ServerPasswords.derive("tests of the embedded servers")
STARTS_AND_DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from shared.embedded.passwords import ServerPasswords
from shared.embedded.ports import ServerPorts
from shared.embedded.servers import EmbeddedServers

async def main():
    servers = EmbeddedServers(Path(sys.argv[1]), ServerPorts.free(), ServerPasswords.generate(), is_durable=False)
    await servers.start()
    print(*(process.pid for process in servers.processes.values()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def embedded(folder: Path) -> EmbeddedServers:
    return EmbeddedServers(folder, ServerPorts.free(), PASSWORDS, is_durable=False)


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    async with embedded(tmp_path_factory.mktemp("embedded")) as started:
        yield started


async def remember(servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(servers.postgres_dsn("prompts_owner", "scriptorium_prompts"))
    await connection.execute("CREATE TABLE remembered (word text); INSERT INTO remembered VALUES ('row')")
    await connection.close()
    client = await nats.connect(servers.nats_url("operator"))
    await client.jetstream().add_stream(StreamConfig(name="remembered", subjects=["remembered"]))
    await client.jetstream().publish("remembered", b"message")
    await client.close()
    await valkey(servers, "SET remembered value")


async def recall(servers: EmbeddedServers) -> tuple[str, bytes | None, bytes]:
    connection = await asyncpg.connect(servers.postgres_dsn("prompts_owner", "scriptorium_prompts"))
    row = await connection.fetchval("SELECT word FROM remembered")
    await connection.close()
    client = await nats.connect(servers.nats_url("operator"))
    message = await client.jetstream().get_msg("remembered", 1)
    await client.close()
    return row, message.data, await valkey(servers, "GET remembered")


async def valkey(servers: EmbeddedServers, command: str) -> bytes:
    request = f"AUTH {PASSWORDS.redis}\r\n{command}\r\n"
    return await exchange(servers.ports.redis, request.encode())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_data_survives_a_stop_and_a_kill(tmp_path: Path, end: signal.Signals) -> None:
    async with embedded(tmp_path) as first:
        await remember(first)
        if end == signal.SIGKILL:
            for process in first.processes.values():
                process.signal(end)
    async with embedded(tmp_path) as second:
        row, message, value = await recall(second)
    assert (row, message) == ("row", b"message")
    assert b"value" in value


async def test_a_role_cannot_enter_the_database_of_another_service(servers: EmbeddedServers) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(servers.postgres_dsn("prompts_app", "scriptorium_documents"))


@pytest.mark.parametrize("role", ["prompts_app", "prompts_relay"])
async def test_only_the_owner_creates_tables(servers: EmbeddedServers, role: str) -> None:
    connection = await asyncpg.connect(servers.postgres_dsn(role, "scriptorium_prompts"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (id int)")
    await connection.close()


async def test_no_role_is_superuser_or_passes_row_level_security(servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(servers.admin_dsn)
    strong = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolcanlogin AND (rolsuper OR rolbypassrls)")
    await connection.close()
    assert [row["rolname"] for row in strong] == ["postgres"]


async def test_a_service_cannot_publish_the_facts_of_another(servers: EmbeddedServers) -> None:
    refusals: asyncio.Queue[Exception] = asyncio.Queue()

    client = await nats.connect(servers.nats_url("prompts"), error_cb=refusals.put, inbox_prefix=b"_INBOX.prompts")
    await client.publish("fact.documents.document.generated.v1", b"{}")
    refusal = await refusals.get()
    await client.close()
    assert "permissions violation" in str(refusal)


async def test_a_server_that_was_killed_restarts_on_its_port(servers: EmbeddedServers) -> None:
    servers.processes["nats"].signal(signal.SIGKILL)
    await servers.restart("nats")
    client = await nats.connect(servers.nats_url("operator"))
    await client.close()


async def test_a_second_start_on_the_same_folder_is_refused_in_one_sentence(servers: EmbeddedServers) -> None:
    with pytest.raises(EmbeddedServerError, match="Another Scriptorium already runs"):
        await embedded(servers.folder).start()
    assert servers.processes["postgres"].is_running


async def test_a_lock_file_of_a_stranger_does_not_stop_postgresql(tmp_path: Path) -> None:
    async with embedded(tmp_path):
        pass
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    async with embedded(tmp_path) as servers:
        assert servers.processes["postgres"].is_running


async def test_passwords_of_another_folder_are_explained(tmp_path: Path) -> None:
    async with embedded(tmp_path):
        pass
    stranger = EmbeddedServers(tmp_path, ServerPorts.free(), ServerPasswords.generate(), is_durable=False)
    with pytest.raises(EmbeddedServerError, match="do not belong together"):
        await stranger.start()
    assert stranger.ports.are_free()


def test_servers_die_with_their_parent(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", STARTS_AND_DIES, str(tmp_path)], stdout=subprocess.PIPE, check=False)
    pids = [int(word) for word in child.stdout.split()]
    deadline = time.monotonic() + 10
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        os.sched_yield()
    assert len(pids) == 3
    assert not any(map(is_alive, pids))


def test_a_missing_program_names_the_variable_that_helps(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="set PG_BIN"):
        ServerBinaries.find(EmbeddedSettings(pg_bin=tmp_path))


async def test_a_taken_port_is_explained(servers: EmbeddedServers, tmp_path: Path) -> None:
    assert not is_free(servers.ports.postgres)
    clash = EmbeddedServers(tmp_path, servers.ports, PASSWORDS, is_durable=False)
    with pytest.raises(EmbeddedServerError, match="port was taken"):
        await clash.start()
