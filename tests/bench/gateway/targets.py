"""What is measured: the provider itself, our gateway in a whole house, and the peers that are installed."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from local_stack.settings import REPOSITORY
from local_stack.stack import LocalStack
from shared.embedded.ports import LOOPBACK, free_ports
from tests.bench.gateway.programs import UnavailableError, program
from tests.member import member_at

PEERS = REPOSITORY / ".scriptorium" / "peers"
INSTALLING = "it is not installed: sh deploy/peers/install.sh"
COMPLETIONS = "/v1/chat/completions"
KEY = {"Authorization": "Bearer sk-bench"}

MODEL = "compatible/bench"
PRICED = {"model": MODEL, "input_usd_per_million": "0.15", "output_usd_per_million": "0.6"}
# Far above what is asked here, so that both are counted and neither refuses.
FAST = {"scope": "project", "requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000, "parallel": 10_000}

DIRECT, OURS, LITELLM, PORTKEY = "direct", "Scriptorium", "LiteLLM", "Portkey"


@dataclass(frozen=True)
class Target:
    """Something that answers Chat Completions. `process` is whose memory counts, None where it is not of interest."""

    name: str
    url: str
    model: str = "bench"
    headers: dict[str, str] = field(default_factory=lambda: KEY)
    process: int | None = None
    version: str = ""
    stack: LocalStack | None = None


@asynccontextmanager
async def direct(provider_url: str) -> AsyncIterator[Target]:
    """Ask the provider itself."""
    yield Target(DIRECT, provider_url + COMPLETIONS)


@asynccontextmanager
async def ours(provider_url: str) -> AsyncIterator[Target]:
    """Run the whole house as `make run` does; traces go to the provider's process, which forgets them."""
    variables = {"COMPATIBLE_BASE_URL": f"{provider_url}/v1", "COMPATIBLE_API_KEY": "sk-bench"}
    settings = {"LOG_LEVEL": "warning", "OTLP_ENDPOINT": provider_url}
    with tempfile.TemporaryDirectory(prefix="scriptorium-bench-") as folder:
        async with LocalStack(Path(folder), variables=variables, service_settings=settings) as stack:
            headers = {"Authorization": f"Bearer {await _project_with_rules(stack)}"}
            url = stack.service_url("llm_gateway") + COMPLETIONS
            process = stack.processes["llm_gateway"].pid
            yield Target(OURS, url, MODEL, headers, process, stack=stack)


async def _project_with_rules(stack: LocalStack) -> str:
    """Give the project what a call is held against: a price, a budget and a limit. Returns an API key."""
    async with member_at(stack.web_url) as member:
        await member.set_up(await stack.sign_in_link())
        await member.post("/api/custom-models", PRICED)
        await member.post("/api/budgets", {"scope": "project", "period": "month", "limit_usd": "100000"})
        await member.post("/api/limits", FAST)
        made = await member.post("/api/keys", {"name": "bench", "scopes": ["models.call"]})
        return str(made["api_key"])


@asynccontextmanager
async def litellm(provider_url: str) -> AsyncIterator[Target]:
    """Run LiteLLM's proxy as lightly as it goes: one worker, no database, no key, no logs, no callbacks."""
    script = PEERS / "litellm" / "bin" / "litellm"
    if not script.exists():
        raise UnavailableError(INSTALLING)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    variables = {
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_TELEMETRY": "False",
    }
    with tempfile.TemporaryDirectory(prefix="litellm-bench-") as folder:
        config = Path(folder) / "config.yaml"
        config.write_bytes(orjson.dumps(_litellm_config(provider_url)))
        command = [str(script), "--config", str(config), "--host", LOOPBACK, "--port", str(port), "--num_workers", "1"]
        ready = f"{url}/health/liveliness"
        async with program(command, ready, Path(folder) / "litellm.log", variables) as process:
            yield Target(LITELLM, url + COMPLETIONS, process=process, version=_litellm_version())


def _litellm_config(provider_url: str) -> dict[str, object]:
    """Write JSON, which is YAML too."""
    to_provider = {"model": "openai/bench", "api_base": f"{provider_url}/v1", "api_key": "sk-bench"}
    return {"model_list": [{"model_name": "bench", "litellm_params": to_provider}]}


def _litellm_version() -> str:
    (marker,) = PEERS.glob("litellm/lib/*/site-packages/litellm-*.dist-info")
    return marker.name.removeprefix("litellm-").removesuffix(".dist-info")


@asynccontextmanager
async def portkey(provider_url: str) -> AsyncIterator[Target]:
    """Run Portkey's gateway: one process, as its own start script does, without its console."""
    package = PEERS / "portkey" / "node_modules" / "@portkey-ai" / "gateway"
    node = shutil.which("node") or shutil.which("node", path=str(REPOSITORY / ".venv" / "bin"))
    if not package.exists() or node is None:
        raise UnavailableError(INSTALLING)
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    headers = KEY | {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{provider_url}/v1"}
    command = [node, str(package / "build" / "start-server.js"), "--headless", f"--port={port}"]
    version = orjson.loads((package / "package.json").read_bytes())["version"]
    with tempfile.TemporaryDirectory(prefix="portkey-bench-") as folder:
        async with program(command, url, Path(folder) / "portkey.log", {"NODE_ENV": "production"}) as process:
            yield Target(PORTKEY, url + COMPLETIONS, headers=headers, process=process, version=version)


TARGETS: dict[str, Callable[[str], AbstractAsyncContextManager[Target]]] = {
    DIRECT: direct,
    OURS: ours,
    LITELLM: litellm,
    PORTKEY: portkey,
}
