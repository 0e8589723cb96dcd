"""Connections that can be asked: the installation's from its settings, a project's from its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

from llm_gateway.domain.calls import Wire
from llm_gateway.domain.connections import SIMULATOR, Connection
from llm_gateway.providers.addresses import AddressRules
from llm_gateway.providers.sealing import SealBrokenError, Sealer
from llm_gateway.store.connections import StoredConnection
from shared.contracts.llm_gateway import ProviderConnection
from shared.problems import Invalid

# The SDKs know their own, and would look into the environment for another one.
PROVIDER_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "xai": "https://api.x.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
}
# Servers on one's own machine take any key or none.
_KEYLESS = frozenset({"compatible", SIMULATOR})
_ANTHROPIC_VERSION = "2023-06-01"


class ProjectConnections:
    """Joins the installation's connections with a project's own, which hide those of the same name."""

    def __init__(self, installation: Iterable[Connection], sealer: Sealer, rules: AddressRules) -> None:
        """Take the installation's, the key to the projects' keys, and where projects may send requests to."""
        self.installation = tuple(_tidy(connection) for connection in installation)
        self.rules = rules
        self.sealer = sealer

    def joined(self, project_id: UUID, rows: Sequence[StoredConnection]) -> list[Connection]:
        """List what the project can use, the installation's first."""
        return [*self.installation, *(self.opened(project_id, row) for row in rows)]

    def opened(self, project_id: UUID, row: StoredConnection) -> Connection:
        """Make a row a connection; what keeps it from being asked is said in `missing`."""
        connection = Connection(
            name=row.name,
            provider=row.provider,
            base_url=row.base_url or PROVIDER_URLS.get(row.provider, ""),
            key_source=f"the key of the connection {row.name}",
            id=row.id,
        )
        try:
            api_key = None if row.sealed_key is None else self.sealer.open(row.sealed_key, project_id, row.id)
            self.rules.check_url(connection.base_url)
        except SealBrokenError:
            return replace(connection, missing=f"The key of the connection {row.name} cannot be read: save it again.")
        except Invalid as refusal:
            return replace(connection, missing=f"The address of the connection {row.name} is refused. {refusal.detail}")
        missing = None
        if api_key is None and row.provider not in _KEYLESS:
            missing = f"The connection {row.name} has no key. An admin of the project can add it."
        return _tidy(replace(connection, api_key=api_key, missing=missing))

    def shown(self, project_id: UUID, rows: Sequence[StoredConnection]) -> list[ProviderConnection]:
        """List what the project can use for people to read, without any key."""
        own = {row.name: self.view(project_id, row) for row in rows}
        inherited = {connection.name: _inherited(connection) for connection in self.installation}
        return list((inherited | own).values())

    def view(self, project_id: UUID, row: StoredConnection) -> ProviderConnection:
        """Show a project's own connection."""
        return ProviderConnection(
            id=row.id,
            name=row.name,
            provider=row.provider,
            base_url=row.base_url,
            key_hint=row.key_hint,
            origin="project",
            missing=self.opened(project_id, row).missing,
            revision=row.revision,
            updated_at=row.updated_at,
        )


def authorisation_of(provider: str, api_key: str | None, wire: Wire) -> dict[str, str]:
    """The headers that let a call in at a provider; empty where there is no key."""
    if not api_key:
        return {}
    if provider == "anthropic" and wire == "messages":
        return {"x-api-key": api_key, "anthropic-version": _ANTHROPIC_VERSION}
    return {"api-key": api_key} if provider == "azure" else {"authorization": f"Bearer {api_key}"}


def _tidy(connection: Connection) -> Connection:
    """End the address before the wire's own path, and complete what the makers' pages call the address."""
    url = connection.base_url.rstrip("/")
    if connection.provider == "anthropic" and url and not url.endswith("/v1"):
        url = f"{url}/v1"
    if connection.provider == "azure" and url and not urlsplit(url).path:
        url = f"{url}/openai/v1"
    return replace(connection, base_url=url)


def _inherited(connection: Connection) -> ProviderConnection:
    """Show what the operator set, but not where: that is the installation's own network."""
    return ProviderConnection.model_validate(
        {
            "id": None,
            "name": connection.name,
            "provider": connection.provider,
            "base_url": None,
            "key_hint": None,
            "origin": "installation",
            "missing": connection.missing,
            "revision": 0,
            "updated_at": None,
        }
    )
