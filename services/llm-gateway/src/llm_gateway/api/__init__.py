"""HTTP for other teams: one router a topic."""

from llm_gateway.api import generations, models

ROUTERS = (generations.router, generations.streaming, models.router)
