"""Valkey, the Redis-compatible server: the command line and readiness."""

from dataclasses import dataclass
from pathlib import Path

from shared.embedded.binaries import ServerBinaries
from shared.embedded.nats import exchange
from shared.embedded.ports import LOOPBACK
from shared.embedded.process import ServerProcess


@dataclass(frozen=True)
class Valkey:
    """One Valkey with a password and an append-only file."""

    binaries: ServerBinaries
    folder: Path
    log_file: Path
    port: int
    password: str

    def process(self) -> ServerProcess:
        """Describe the server process; settings are in a file because a command line shows passwords."""
        return ServerProcess("Valkey", [str(self.binaries.valkey), str(self._config_file)], self.log_file)

    async def prepare(self) -> None:
        """Write the configuration for its owner's eyes only."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._config_file.touch(mode=0o600)
        self._config_file.write_text(
            f'bind {LOOPBACK}\nport {self.port}\ndir "{self.folder}"\nrequirepass {self.password}\n'
            'appendonly yes\nsave ""\ndaemonize no\n'
        )

    async def is_ready(self) -> bool:
        """Log in and ping; while it loads its file it answers with an error instead of a pong."""
        return b"+PONG" in await exchange(self.port, f"AUTH {self.password}\r\nPING\r\n".encode())

    @property
    def _config_file(self) -> Path:
        return self.folder / "valkey.conf"
