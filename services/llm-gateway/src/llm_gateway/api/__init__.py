"""HTTP for other teams: one router a topic."""

from llm_gateway.api import generations

ROUTERS = (generations.router,)
