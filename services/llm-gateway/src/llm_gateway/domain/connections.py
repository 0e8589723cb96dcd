"""Accounts at providers, what is known of a model, and which endpoints a model is asked at. Pure."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from uuid import UUID

from llm_gateway.domain.calls import Rates, Wire
from shared.contracts.ids import encode_id
from shared.contracts.llm_gateway import Capability, CustomModel
from shared.problems import Conflict, Invalid, Problem

SIMULATOR = "simulator"
# The simulator's model that speaks Anthropic's format; its other one speaks OpenAI's.
_SIMULATED_CLAUDE = "reed"

ENDPOINTS: dict[Wire, str] = {
    "chat_completions": "/v1/chat/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
    "messages": "/v1/messages",
}
_EVERYTHING_OF_OPENAI: frozenset[Wire] = frozenset({"chat_completions", "responses", "embeddings"})
_WIRES: dict[str, frozenset[Wire]] = {
    "openai": _EVERYTHING_OF_OPENAI,
    "azure": _EVERYTHING_OF_OPENAI,
    "compatible": _EVERYTHING_OF_OPENAI,
    "xai": frozenset({"chat_completions", "responses"}),
    "groq": frozenset({"chat_completions", "responses"}),
    # Its chat completions are a translation that the provider offers for trying its models.
    "anthropic": frozenset({"messages", "chat_completions"}),
    SIMULATOR: _EVERYTHING_OF_OPENAI,
}
# Every process holds a project's in memory, and reads all of them after each change.
MOST_CONNECTIONS = 100
MOST_CUSTOM_MODELS = 1_000
MOST_ALIASES = 200
# Whose address only their owner knows.
_WITHOUT_USUAL_ADDRESS = frozenset({"azure", "compatible"})
_HINT_CHARACTERS = 4
# Of a shorter key four characters would be too much of it.
_LEAST_FOR_A_HINT = 12


class WireNotSpoken(Problem):
    """The model answers at other endpoints than the one that it was called at."""

    type = "/problems/endpoint-not-spoken"
    title = "This model is called at another endpoint"
    status = 400

    @classmethod
    def of(cls, model: str, wire: Wire, spoken: frozenset[Wire]) -> "WireNotSpoken":
        """Say where the model is called instead."""
        places = " or ".join(ENDPOINTS[known] for known in ENDPOINTS if known in spoken)
        return cls(f"{model} is not called at {ENDPOINTS[wire]}: call it at {places}.", model=model)


class ConnectionNameTaken(Conflict):
    """Another connection of the project has this name."""

    type = "/problems/connection-name-taken"
    title = "This name is taken"


class ConnectionChanged(Conflict):
    """The connection was changed since the caller looked."""

    type = "/problems/connection-changed"
    title = "Somebody changed this connection"


class ProjectFull(Conflict):
    """The project has as many of these as it may."""

    type = "/problems/project-full"
    title = "No room for another one"

    @classmethod
    def check(cls, count: int, most: int, plural: str) -> None:
        """Pass up to the bound."""
        if count > most:
            message = f"A project has at most {most} {plural}. Delete one that is not needed any more."
            raise cls(message, limit=most)


@dataclass(frozen=True, slots=True)
class Connection:
    """An account at a provider. `id` is None for the installation's own; `missing` says why it cannot be asked yet."""

    name: str
    provider: str
    base_url: str
    key_source: str
    api_key: str | None = field(default=None, repr=False)
    missing: str | None = None
    id: UUID | None = None

    def account_key(self) -> str:
        """Name the account; another key is another account, because the provider counts by it."""
        owner = f"installation:{self.name}" if self.id is None else encode_id("co", self.id)
        return f"{owner}:{blake2b((self.api_key or '').encode(), digest_size=4).hexdigest()}"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What is known of a model before it is asked; None where nobody knows."""

    rates: Rates | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[Capability, ...] = ()
    retires_on: date | None = None

    def corrected(self, custom: CustomModel) -> "ModelDescription":
        """Let an admin's words win over the catalogue's."""
        return replace(
            self,
            rates=_corrected_rates(self.rates, custom),
            context_tokens=custom.context_tokens or self.context_tokens,
            max_output_tokens=custom.max_output_tokens or self.max_output_tokens,
            capabilities=tuple(custom.capabilities) or self.capabilities,
            retires_on=custom.retires_on or self.retires_on,
        )


def _corrected_rates(known: Rates | None, custom: CustomModel) -> Rates | None:
    """Rates need a price for reading and one for writing. An admin's price knows no surcharges."""
    reading, writing = custom.input_usd_per_million, custom.output_usd_per_million
    if reading is None and writing is None:
        return known
    if reading is None:
        reading = known.input_usd_per_million if known else None
    if writing is None:
        writing = known.output_usd_per_million if known else None
    if reading is None or writing is None:
        return None
    return Rates(reading, writing, custom.cached_input_usd_per_million)


def wires_of(provider: str, name: str) -> frozenset[Wire]:
    """List the endpoints at which a model is called."""
    if provider == SIMULATOR and name.startswith(_SIMULATED_CLAUDE):
        return frozenset({"messages"})
    return _WIRES.get(provider, frozenset())


def check_place(provider: str, base_url: str | None) -> None:
    """Pass where it is known where the provider is. Raises Invalid."""
    if provider in _WITHOUT_USUAL_ADDRESS and not base_url:
        message = "This provider needs an address: it is different for everybody."
        raise Invalid.of([{"name": "base_url", "code": "missing", "message": message}])


def refuse_unknown_connections(field_name: str, models: Iterable[str], known: Container[str]) -> None:
    """Pass where each model is one of a known connection. Raises Invalid under the name of the field."""
    unknown = [model for model in models if model.partition("/")[0] not in known]
    if unknown:
        message = (
            f"There is no connection for {', '.join(unknown)}. Make it first, or correct what is before the slash."
        )
        raise Invalid.of([{"name": field_name, "code": "unknown_connection", "message": message}])


def check_key(api_key: str | None) -> None:
    """Pass for a key that fits into a header. Raises Invalid, without the key."""
    if api_key and not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
        message = "A key has no spaces, line breaks or letters with accents. Copy it again."
        raise Invalid.of([{"name": "api_key", "code": "not_a_key", "message": message}])


def key_hint(api_key: str) -> str:
    """Show so much of a key that its owner recognises it."""
    return api_key[-_HINT_CHARACTERS:] if len(api_key) >= _LEAST_FOR_A_HINT else ""
