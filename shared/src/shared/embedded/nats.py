"""NATS with JetStream: the configuration file and readiness."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from shared.contracts.permissions import nats_permissions
from shared.embedded.binaries import ServerBinaries
from shared.embedded.passwords import NATS_OPERATOR, ServerPasswords
from shared.embedded.ports import LOOPBACK
from shared.embedded.process import ServerProcess

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
# The outbox in PostgreSQL is the truth, so a lost tail of the stream is sent again:
# the default saves 60 % of the cost of a durable publish.
SYNC_INTERVAL = "2m"


@dataclass(frozen=True)
class Nats:
    """One nats-server with one user a service."""

    binaries: ServerBinaries
    folder: Path
    log_file: Path
    port: int
    passwords: ServerPasswords

    def process(self) -> ServerProcess:
        """Describe the server process."""
        return ServerProcess("nats-server", [str(self.binaries.nats), "-c", str(self._config_file)], self.log_file)

    async def prepare(self) -> None:
        """Write the configuration; passwords are in it, so only the owner may read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._config_file.touch(mode=0o600)
        self._config_file.write_text(nats_config(self.port, self.folder / "jetstream", self.passwords))

    async def is_ready(self) -> bool:
        """Wait for the greeting; the server listens only after JetStream has recovered."""
        greeting = await exchange(self.port, b"")
        return greeting.startswith(b"INFO")

    @property
    def _config_file(self) -> Path:
        return self.folder / "nats.conf"


def nats_config(port: int, store: Path, passwords: ServerPasswords, host: str = LOOPBACK) -> str:
    """Return the configuration file: one key a line and `jetstream {` with a space, which its parser needs."""
    users = ",\n".join(f"    {_user(user, password)}" for user, password in passwords.nats.items())
    return f"""\
listen: "{host}:{port}"
server_name: "scriptorium"
max_payload: {MAX_PAYLOAD_BYTES}
jetstream {{
  store_dir: {json.dumps(str(store))}
  sync_interval: "{SYNC_INTERVAL}"
}}
authorization {{
  users = [
{users}
  ]
}}
"""


def _user(name: str, password: str) -> str:
    permissions = permissions_of(name)
    account = {"user": name, "password": password} | ({"permissions": permissions} if permissions else {})
    # JSON is a subset of the configuration language.
    return json.dumps(account)


def permissions_of(user: str) -> dict[str, object] | None:
    """Return the allow-lists of a service from the contracts, or nothing for the operator, who may do all."""
    if user == NATS_OPERATOR:
        return None
    return {kind: {"allow": subjects} for kind, subjects in nats_permissions(user).items()} | {"allow_responses": True}


async def exchange(port: int, request: bytes) -> bytes:
    """Send `request` to a loopback port and return the first bytes of the answer; empty when nobody listens."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return b""
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(4096), timeout=1.0)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()
