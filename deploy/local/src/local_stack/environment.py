"""The settings of each process, given as its environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from local_stack.settings import REPOSITORY, without_provider_keys
from local_stack.state import StackPorts, StackSecrets
from shared.embedded.passwords import SERVICES, database_name
from shared.embedded.ports import LOOPBACK
from shared.embedded.servers import EmbeddedServers
from shared.tokens import public_key_of

STATIC_FOLDER = REPOSITORY / "services" / "web" / "frontend" / "dist"


@dataclass(frozen=True)
class ProcessEnvironments:
    """Builds environments: every process gets its own passwords and no other's."""

    servers: EmbeddedServers
    ports: StackPorts
    secrets: StackSecrets
    inherited: Mapping[str, str]
    service_settings: Mapping[str, str]

    def of(self, name: str) -> dict[str, str]:
        """Return the environment of a service, or of the simulator, which needs none of ours."""
        if name == "simulator":
            return without_provider_keys(self.inherited)
        inherited = self.inherited if name == "llm_gateway" else without_provider_keys(self.inherited)
        prefix = f"{name.upper()}_"
        ours = {f"{prefix}{key}": value for key, value in self._settings(name).items()}
        return dict(inherited) | ours

    def _settings(self, service: str) -> dict[str, str]:
        return self._common(service) | self._special(service) | dict(self.service_settings)

    def _common(self, service: str) -> dict[str, str]:
        database = database_name(service)
        return {
            "DATABASE_URL": self.servers.postgres_dsn(f"{service}_app", database),
            "RELAY_DATABASE_URL": self.servers.postgres_dsn(f"{service}_relay", database),
            "OWNER_DATABASE_URL": self.servers.postgres_dsn(f"{service}_owner", database),
            "NATS_URL": self.servers.nats_url(service),
            "SIGNING_KEY": self.secrets.signing_keys[service],
            "PUBLIC_KEYS": json.dumps({each: public_key_of(self.secrets.signing_keys[each]) for each in SERVICES}),
            "HOST": LOOPBACK,
            "PORT": str(self.ports.processes[service]),
        }

    def _special(self, service: str) -> dict[str, str]:
        if service == "llm_gateway":
            return {
                "REDIS_URL": self.servers.redis_url,
                "SEALING_KEY": self.secrets.sealing_key,
                "SIMULATOR_URL": process_url(self.ports, "simulator"),
            }
        if service == "web":
            return {
                "REDIS_URL": self.servers.redis_url,
                "ENCRYPTION_KEY": self.secrets.encryption_key,
                "PUBLIC_URL": process_url(self.ports, "web"),
                "STATIC_DIR": str(STATIC_FOLDER),
                "GATEWAY_URL": process_url(self.ports, "llm_gateway"),
            }
        return {}


def process_url(ports: StackPorts, name: str) -> str:
    """Return the address of a process; a name instead of a number, because cookies are kept by host."""
    return (
        f"http://localhost:{ports.processes[name]}" if name == "web" else f"http://{LOOPBACK}:{ports.processes[name]}"
    )
