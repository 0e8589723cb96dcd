"""Which models a project can ask and by which ways: the installation's connections and its own, joined and kept."""

import asyncio
import contextlib
import difflib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from llm_gateway.domain import ProviderKeyMissing, UnknownModel
from llm_gateway.domain.calls import Route, Wire
from llm_gateway.domain.connections import SIMULATOR, Connection, ModelDescription, WireNotSpoken, wires_of
from llm_gateway.providers.catalogue import KNOWN_MODELS, describe
from llm_gateway.providers.connections import ProjectConnections
from llm_gateway.store import connections, models
from shared.bus import Bus
from shared.contracts.ids import decode_id
from shared.contracts.llm_gateway import CustomModel, GatewaySettings, ModelAlias
from shared.envelope import PROJECT
from shared.postgres import Database
from shared.problems import Problem

# What an admin changed is heard at once; this bounds what a lost message costs.
CACHE_SECONDS = 10.0
_MOST_PROJECTS = 10_000
_MOST_ROUTES = 1_000
_MOST_SUGGESTIONS = 6
_LONGEST_NAME = 200
_ENTITIES = ("connection", "custom_model", "alias", "settings")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a project brings of its own, as it was read."""

    models: Sequence[CustomModel]
    aliases: Sequence[ModelAlias]
    settings: GatewaySettings


@dataclass(frozen=True, slots=True)
class ModelLabel:
    """What is written on a generation before anybody is asked."""

    model: str
    provider: str
    simulated: bool


class ProjectCatalogue:
    """What one project can ask. Never changed after it was built; asking it twice is a lookup."""

    def __init__(
        self, connections: Iterable[Connection], belongings: Belongings, preferred_model: str | None = None
    ) -> None:
        """Join connections, of which a later one hides an earlier one of its name, with what the project brings."""
        self.connections = {connection.name: connection for connection in connections}
        self.settings = belongings.settings
        self._custom = {model.model: model for model in belongings.models}
        self.aliases = {alias.name: tuple(alias.targets) for alias in belongings.aliases}
        self.default_model = preferred_model or self._first_askable()
        self._routes: dict[tuple[str | None, Wire | None], tuple[Route, ...]] = {}

    def routes(self, model: str | None, wire: Wire | None) -> tuple[Route, ...]:
        """Find the ways to ask `model` at an endpoint, in the order to try; never empty.

        `model` is `connection/name`, an alias, a name that one connection knows, or None for the default; `wire` None
        takes any. Raises UnknownModel, ProviderKeyMissing or WireNotSpoken.
        """
        found = self._routes.get((model, wire))
        if found is None:
            found = self._find(model or self.default_model, wire)
            if len(self._routes) < _MOST_ROUTES:
                self._routes[model, wire] = found
        return found

    def label(self, model: str | None) -> ModelLabel:
        """Name the model and its provider as a generation keeps them, known here or not."""
        try:
            route = self.routes(model, None)[0]
        except (UnknownModel, ProviderKeyMissing, WireNotSpoken):
            named = model or self.default_model
            prefix = named.partition("/")[0]
            connection = self.connections.get(prefix)
            provider = prefix if connection is None else connection.provider
            return ModelLabel(named, provider, provider == SIMULATOR)
        return ModelLabel(route.model, route.provider, route.simulated)

    def names_of(self, connection: Connection) -> list[str]:
        """List the models that a connection offers by name, the project's own descriptions included."""
        prefix = f"{connection.name}/"
        own = [model.removeprefix(prefix) for model in self._custom if model.startswith(prefix)]
        return list(dict.fromkeys([*KNOWN_MODELS.get(connection.provider, ()), *own]))

    def described(self, connection: Connection, name: str) -> ModelDescription:
        """Say what is known of a model; an admin's words win."""
        known = describe(connection.provider, name)
        custom = self._custom.get(f"{connection.name}/{name}")
        return known if custom is None else known.corrected(custom)

    def aliases_of(self, model: str) -> list[str]:
        """List the aliases that may lead to a model."""
        return [alias for alias, targets in self.aliases.items() if model in targets]

    def _find(self, model: str, wire: Wire | None) -> tuple[Route, ...]:
        targets = self.aliases.get(model)
        if targets is None:
            return (self._route(self._full_name(model), wire),)
        routes: list[Route] = []
        refusals: list[Problem] = []
        for target in targets:
            try:
                routes.append(self._route(target, wire))
            except (UnknownModel, ProviderKeyMissing, WireNotSpoken) as refusal:
                refusals.append(refusal)
        if not routes:
            raise _none_left(model, refusals)
        return tuple(routes)

    def _route(self, model: str, wire: Wire | None) -> Route:
        connection_name, _, name = model.partition("/")
        connection = self.connections.get(connection_name)
        if connection is None or not name:
            raise self._unknown(model)
        if connection.missing is not None:
            raise ProviderKeyMissing(connection.missing, provider=connection.name)
        wires = wires_of(connection.provider, name)
        if wire is not None and wire not in wires:
            raise WireNotSpoken.of(model, wire, wires)
        known = self.described(connection, name)
        return Route(
            connection=connection.name,
            provider=connection.provider,
            name=name,
            base_url=connection.base_url,
            wires=wires,
            account_key=connection.account_key(),
            key_source=connection.key_source,
            api_key=connection.api_key,
            rates=known.rates,
            context_tokens=known.context_tokens,
            max_output_tokens=known.max_output_tokens,
            is_guarded=connection.id is not None,
        )

    def _full_name(self, model: str) -> str:
        """Complete a name without a connection, so that a client changes nothing but its address."""
        if "/" in model or not model:
            return model
        every = list(self.connections.values())
        askable = [connection for connection in every if connection.missing is None]
        knowing = self._knowing(model, askable) or self._knowing(model, every)
        if len(knowing) > 1:
            named = ", ".join(f"{connection}/{model}" for connection in knowing)
            sentence = f"More than one connection has {model!r}: name one of {named}."
            raise UnknownModel(sentence, model=model)
        return f"{knowing[0]}/{model}" if knowing else model

    def _knowing(self, model: str, connections: list[Connection]) -> list[str]:
        listed = [connection.name for connection in connections if model in self.names_of(connection)]
        return listed or [c.name for c in connections if describe(c.provider, model).rates and c.provider != SIMULATOR]

    def _unknown(self, model: str) -> UnknownModel:
        asked = model[:_LONGEST_NAME]
        askable = [connection for connection in self.connections.values() if connection.missing is None]
        known = [f"{connection.name}/{name}" for connection in askable for name in self.names_of(connection)]
        known += self.aliases
        near = difflib.get_close_matches(asked, known, _MOST_SUGGESTIONS) or known[:_MOST_SUGGESTIONS]
        return UnknownModel(
            f"There is no model {asked!r} here. Name one as connection/model, for example {' or '.join(near)}.",
            model=asked,
        )

    def _first_askable(self) -> str:
        """Take the first model of the first connection that can be asked; the simulator's where there is none."""
        ranked = sorted(self.connections.values(), key=lambda connection: connection.provider == SIMULATOR)
        for connection in ranked:
            names = self.names_of(connection)
            if connection.missing is None and names:
                return f"{connection.name}/{names[0]}"
        return f"{SIMULATOR}/{KNOWN_MODELS[SIMULATOR][0]}"


def _none_left(alias: str, refusals: Sequence[Problem]) -> Problem:
    """Say of every target why it cannot be asked; the first one's kind of problem is the alias's."""
    reasons = " ".join(refusal.detail for refusal in refusals)
    return type(refusals[0])(f"No model of {alias!r} can be asked. {reasons}", model=alias)


class Catalogue:
    """The catalogues of all projects, one object a process: each is kept for ten seconds, or until it changes."""

    def __init__(self, database: Database, connections: ProjectConnections, preferred_model: str | None = None) -> None:
        """Take the service's database, and what turns rows into connections."""
        self._database = database
        self.connections = connections
        self._preferred_model = preferred_model
        self._known: dict[UUID, tuple[float, ProjectCatalogue]] = {}
        self._reading: dict[UUID, asyncio.Task[ProjectCatalogue]] = {}

    async def of(self, project_id: UUID) -> ProjectCatalogue:
        """Return what a project can ask. Raises Unavailable while the database is away."""
        known = self._known.get(project_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        reading = self._reading.get(project_id)
        if reading is None:
            reading = self._reading[project_id] = asyncio.create_task(self._read(project_id))
        # Another caller waits for the same reading: one that goes away must not end it.
        return await asyncio.shield(reading)

    async def listen(self, bus: Bus) -> None:
        """Hear from now on what other processes change."""
        bus.on_reconnect(self.forget_all)
        for entity in _ENTITIES:
            await bus.listen(f"fact.llm_gateway.{entity}.*.v1", self._hear)

    def forget(self, project_id: UUID) -> None:
        """Read a project anew when it is asked for next; a reading under way is not kept."""
        self._known.pop(project_id, None)
        self._reading.pop(project_id, None)

    def forget_all(self) -> None:
        """Read every project anew: changes may have been missed."""
        self._known.clear()
        self._reading.clear()

    async def _hear(self, _subject: str, _data: bytes, headers: dict[str, str]) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.forget(decode_id("pj", headers[PROJECT]))

    async def _read(self, project_id: UUID) -> ProjectCatalogue:
        try:
            built = await self._build(project_id)
            if self._reading.get(project_id) is asyncio.current_task():
                if len(self._known) >= _MOST_PROJECTS:
                    self._known.clear()
                self._known[project_id] = (time.monotonic() + CACHE_SECONDS, built)
            return built
        finally:
            if self._reading.get(project_id) is asyncio.current_task():
                del self._reading[project_id]

    async def _build(self, project_id: UUID) -> ProjectCatalogue:
        async with self._database.transaction(project_id) as conn:
            rows = await connections.find_connections(conn, project_id)
            belongings = Belongings(
                await models.find_custom_models(conn, project_id),
                await models.find_aliases(conn, project_id),
                await models.find_settings(conn, project_id),
            )
        return ProjectCatalogue(self.connections.joined(project_id, rows), belongings, self._preferred_model)
