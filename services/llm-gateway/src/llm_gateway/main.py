"""The only wiring: providers from settings, the engine and its loops, requests, jobs, HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp

from llm_gateway.api import ROUTERS
from llm_gateway.api.endpoints import Endpoints
from llm_gateway.domain.connections import SIMULATOR, Connection
from llm_gateway.operations.budgets import BudgetBook
from llm_gateway.operations.catalogue import Catalogue
from llm_gateway.operations.desk import Desk, Limits
from llm_gateway.operations.endpoints.accounting import Ledger
from llm_gateway.operations.endpoints.reaping import reap_calls
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.membership import Members
from llm_gateway.operations.patience import Patience
from llm_gateway.operations.reaping import reap
from llm_gateway.operations.segments import SegmentWriter
from llm_gateway.operations.traffic import Traffic
from llm_gateway.operations.usage import close_days
from llm_gateway.providers.adapters import Providers, Timeouts
from llm_gateway.providers.addresses import AddressRules
from llm_gateway.providers.connections import PROVIDER_URLS, ProjectConnections
from llm_gateway.providers.sealing import Sealer
from llm_gateway.providers.upstream import Upstream
from llm_gateway.settings import LlmGatewaySettings
from llm_gateway.store.response_cache import ResponseCache
from llm_gateway.subscribers import subscribe
from shared.http import answer_before
from shared.runtime import House, open_house


@asynccontextmanager
async def opened(settings: LlmGatewaySettings) -> AsyncIterator[FastAPI]:
    """Run the gateway around the application that is yielded."""
    async with open_house("llm_gateway", settings) as house, running(house, settings) as engine:
        yield application(house, engine)


def application(house: House, engine: Engine) -> FastAPI:
    """Make the HTTP application: the providers' own endpoints around the routes of the gateway."""

    def with_endpoints(app: ASGIApp) -> ASGIApp:
        return Endpoints(app, engine.desk, house.authenticator)

    app = house.app(routers=ROUTERS)
    answer_before(app, with_endpoints)
    app.state.engine = engine
    return app


@asynccontextmanager
async def running(house: House, settings: LlmGatewaySettings) -> AsyncIterator[Engine]:
    """Drive generations in this house until the context ends; what then still runs is finished or handed back."""
    rules = AddressRules(settings.allowed_hosts)
    timeouts = Timeouts(
        settings.provider_connect_seconds, settings.provider_read_seconds, settings.provider_first_byte_seconds
    )
    providers = Providers(timeouts, rules)
    catalogue = Catalogue(house.database, project_connections(settings, rules), settings.default_model)
    limits = Limits(settings.max_running, settings.generation_seconds, settings.stop_seconds, settings.lease_seconds)
    writer = SegmentWriter(house.database, house.bus)
    budgets = BudgetBook(house.database, house.bus)
    traffic = Traffic(house.database, _secret(settings.redis_url), settings.max_calls)
    members = Members(house.bus)
    ledger = Ledger(house.database, traffic.presence.process_id)
    cache = ResponseCache(_secret(settings.redis_url))
    upstream = Upstream(timeouts, settings.generation_seconds, rules)
    desk = Desk(
        house.database,
        house.bus,
        catalogue,
        providers,
        members,
        writer,
        Patience(),
        limits,
        budgets,
        traffic,
        ledger,
        upstream,
        cache,
    )
    engine = Engine(desk)
    subscribe(house.bus, engine)
    house.background(writer.run, "segments")
    house.background(budgets.run, "budgets")
    house.background(partial(close_days, house.database), "usage days")
    house.background(ledger.run, "ledger")
    house.background(partial(reap_calls, house.database, catalogue, ledger), "lost calls")
    traffic.work_in(house)
    house.background(engine.beat, "heartbeat")
    house.background(partial(reap, engine), "reaper")
    house.background(engine.warm, "provider SDKs")
    house.at_stop(engine.drain)
    house.at_stop(ledger.drain)
    async with traffic.open(house.bus), house.running():
        await engine.listen_for_cancels()
        await budgets.listen()
        await catalogue.listen(house.bus)
        yield engine
    await cache.close()
    await upstream.close()
    await providers.close()


def project_connections(settings: LlmGatewaySettings, rules: AddressRules) -> ProjectConnections:
    """Make what opens the keys of projects and joins their connections with the installation's."""
    old = [key.get_secret_value() for key in settings.old_sealing_keys]
    return ProjectConnections(connections(settings), Sealer(settings.sealing_key.get_secret_value(), old), rules)


def connections(settings: LlmGatewaySettings) -> list[Connection]:
    """List every provider, those without a key included; the order decides about the default model."""
    return [
        _keyed("openai", settings.openai_api_key, settings.openai_base_url),
        _keyed("anthropic", settings.anthropic_api_key, settings.anthropic_base_url),
        _keyed("xai", settings.xai_api_key),
        _keyed("groq", settings.groq_api_key),
        _compatible(settings),
        _simulated(settings.simulator_url),
    ]


def _keyed(provider: str, key: SecretStr | None, base_url: str | None = None) -> Connection:
    variable = f"{provider.upper()}_API_KEY"
    missing = None if key else _sentence(variable)
    return Connection(provider, provider, base_url or PROVIDER_URLS[provider], variable, _secret(key), missing)


def _compatible(settings: LlmGatewaySettings) -> Connection:
    """A server of one's own needs an address; a key only where it asks for one."""
    url = settings.compatible_base_url or ""
    missing = None if url else _sentence("COMPATIBLE_BASE_URL")
    key = _secret(settings.compatible_api_key)
    return Connection("compatible", "compatible", url, "COMPATIBLE_API_KEY", key, missing)


def _simulated(url: str | None) -> Connection:
    variable = "LLM_GATEWAY_SIMULATOR_URL"
    missing = None if url else _sentence(variable)
    return Connection(SIMULATOR, SIMULATOR, f"{(url or '').rstrip('/')}/v1", variable, None, missing)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _sentence(variable: str) -> str:
    return f"Set {variable} where llm-gateway runs and start it again, or choose another model."
