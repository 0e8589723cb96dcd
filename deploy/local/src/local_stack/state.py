"""What one data folder remembers: ports from start to start, and secrets for ever."""

import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from shared.embedded.passwords import SERVICES, ServerPasswords
from shared.embedded.ports import ServerPorts, free_ports, is_free
from shared.tokens import new_signing_key

PROCESSES = ("simulator", *SERVICES)


def _new_key() -> str:
    """Make 256 random bits in URL-safe base64."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


class StackSecrets(BaseModel):
    """Passwords and keys of one data folder, generated at its first start; losing them loses the data."""

    model_config = ConfigDict(frozen=True)

    servers: ServerPasswords
    signing_keys: dict[str, str]
    encryption_key: str
    # Folders of earlier releases have none: they get theirs at the next start.
    sealing_key: str = Field(default_factory=_new_key)

    @classmethod
    def generate(cls) -> Self:
        """Make new secrets: one Ed25519 key a service, 256 bits each for API keys and for the keys of providers."""
        return cls(
            servers=ServerPasswords.generate(),
            signing_keys={service: new_signing_key() for service in SERVICES},
            encryption_key=_new_key(),
        )

    @classmethod
    def load_or_generate(cls, file: Path) -> Self:
        """Read the file, or write it once for its owner's eyes only."""
        kept = cls.model_validate_json(file.read_bytes()) if file.exists() else cls.generate()
        if kept.model_fields_set != set(cls.model_fields) or not file.exists():
            write_whole(file, kept.model_dump_json(indent=2))
        return kept


class StackPorts(BaseModel):
    """Ports of the servers and of every process; kept so that bookmarks and tools stay right."""

    model_config = ConfigDict(frozen=True)

    servers: ServerPorts
    processes: dict[str, int]

    @classmethod
    def choose(cls, file: Path, web_port: int | None) -> Self:
        """Take the ports of last time if all are free, otherwise new ones; `web_port` is the user's choice."""
        remembered = cls.remembered(file)
        ports = remembered if remembered and remembered.are_free() else cls._free()
        if web_port is not None:
            ports = ports.model_copy(update={"processes": ports.processes | {"web": web_port}})
        write_whole(file, ports.model_dump_json(indent=2))
        return ports

    @classmethod
    def remembered(cls, file: Path) -> Self | None:
        """Read the ports of last time; None where there was none."""
        return cls.model_validate_json(file.read_bytes()) if file.exists() else None

    @classmethod
    def _free(cls) -> Self:
        postgres, nats, redis, *others = free_ports(3 + len(PROCESSES))
        servers = ServerPorts(postgres=postgres, nats=nats, redis=redis)
        return cls(servers=servers, processes=dict(zip(PROCESSES, others, strict=True)))

    def are_free(self) -> bool:
        """Tell whether every one of them can be bound."""
        return self.servers.are_free() and all(map(is_free, self.processes.values()))


def write_whole(file: Path, text: str) -> None:
    """Write all of a private file or nothing, so that a crash or a full disk leaves no half of it."""
    staging = file.with_name(f"{file.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    staging.write_text(text)
    staging.replace(file)
