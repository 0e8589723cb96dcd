"""The only wiring: providers from settings, the engine and its loops, requests, jobs, HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from pydantic import SecretStr

from llm_gateway.api import ROUTERS
from llm_gateway.operations.budgets import BudgetBook
from llm_gateway.operations.desk import Desk, Limits
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.membership import Members
from llm_gateway.operations.patience import Patience
from llm_gateway.operations.reaping import reap
from llm_gateway.operations.segments import SegmentWriter
from llm_gateway.providers.connections import SIMULATOR, Connection, Providers, Timeouts
from llm_gateway.settings import LlmGatewaySettings
from llm_gateway.subscribers import subscribe
from shared.runtime import House, open_house

# The SDKs know their own, and would look into the environment for another one.
_OPENAI_URL = "https://api.openai.com/v1"
_ANTHROPIC_URL = "https://api.anthropic.com"
_XAI_URL = "https://api.x.ai/v1"
_GROQ_URL = "https://api.groq.com/openai/v1"


@asynccontextmanager
async def opened(settings: LlmGatewaySettings) -> AsyncIterator[FastAPI]:
    """Run the gateway around the application that is yielded."""
    async with open_house("llm_gateway", settings) as house, running(house, settings) as engine:
        app = house.app(routers=ROUTERS)
        app.state.engine = engine
        yield app


@asynccontextmanager
async def running(house: House, settings: LlmGatewaySettings) -> AsyncIterator[Engine]:
    """Drive generations in this house until the context ends; what then still runs is finished or handed back."""
    providers = Providers(
        connections(settings),
        Timeouts(settings.provider_connect_seconds, settings.provider_read_seconds),
        settings.default_model,
    )
    limits = Limits(settings.max_running, settings.generation_seconds, settings.stop_seconds, settings.lease_seconds)
    writer = SegmentWriter(house.database, house.bus)
    budgets = BudgetBook(house.database, house.bus)
    desk = Desk(house.database, house.bus, providers, Members(house.bus), writer, Patience(), limits, budgets)
    engine = Engine(desk)
    subscribe(house.bus, engine)
    house.background(writer.run, "segments")
    house.background(budgets.run, "budgets")
    house.background(engine.beat, "heartbeat")
    house.background(partial(reap, engine), "reaper")
    house.background(engine.warm, "provider SDKs")
    house.at_stop(engine.drain)
    async with house.running():
        await engine.listen_for_cancels()
        await budgets.listen()
        yield engine
    await providers.close()


def connections(settings: LlmGatewaySettings) -> list[Connection]:
    """List every provider, those without a key included; the order decides about the default model."""
    return [
        _keyed("openai", settings.openai_api_key, settings.openai_base_url or _OPENAI_URL),
        Connection(
            "anthropic",
            "anthropic_messages",
            settings.anthropic_base_url or _ANTHROPIC_URL,
            "ANTHROPIC_API_KEY",
            _secret(settings.anthropic_api_key),
            _missing("ANTHROPIC_API_KEY", settings.anthropic_api_key),
        ),
        _keyed("xai", settings.xai_api_key, _XAI_URL),
        _keyed("groq", settings.groq_api_key, _GROQ_URL),
        _compatible(settings),
        *_simulated(settings.simulator_url),
    ]


def _keyed(provider: str, key: SecretStr | None, base_url: str) -> Connection:
    variable = f"{provider.upper()}_API_KEY"
    return Connection(provider, "openai_chat", base_url, variable, _secret(key), _missing(variable, key))


def _compatible(settings: LlmGatewaySettings) -> Connection:
    """A server of one's own needs an address; a key only where it asks for one."""
    url = settings.compatible_base_url or ""
    missing = None if url else _sentence("COMPATIBLE_BASE_URL")
    key = _secret(settings.compatible_api_key)
    return Connection("compatible", "openai_chat", url, "COMPATIBLE_API_KEY", key, missing)


def _simulated(url: str | None) -> list[Connection]:
    variable = "LLM_GATEWAY_SIMULATOR_URL"
    missing = None if url else _sentence(variable)
    address = (url or "").rstrip("/")
    return [
        Connection(SIMULATOR, "openai_chat", f"{address}/v1", variable, None, missing),
        Connection(SIMULATOR, "anthropic_messages", address, variable, None, missing),
    ]


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _missing(variable: str, key: SecretStr | None) -> str | None:
    return None if key else _sentence(variable)


def _sentence(variable: str) -> str:
    return f"Set {variable} where llm-gateway runs and start it again, or choose another model."
