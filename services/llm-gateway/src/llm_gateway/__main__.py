"""`python -m llm_gateway serve | migrate | openapi`."""

from pathlib import Path

from llm_gateway.api import ROUTERS
from llm_gateway.main import opened
from llm_gateway.settings import LlmGatewaySettings
from shared.runtime import run

if __name__ == "__main__":
    run("llm_gateway", LlmGatewaySettings, opened, Path(__file__).parent / "migrations", ROUTERS)
