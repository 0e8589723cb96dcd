"""The list of models, in a form that reads as OpenAI's and as Anthropic's: both official SDKs take it."""

from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from llm_gateway.api.generations import EngineOf
from llm_gateway.operations import models
from shared.call import Call
from shared.contracts.llm_gateway import ListModels, Model, ModelCatalogue
from shared.http import CallOf, ServiceRouter
from shared.problems import NotFound

router = ServiceRouter(prefix="/v1", tags=["models"])

type Json = dict[str, Any]

# Neither format leaves the date out, and nobody knows it of every model.
_UNKNOWN_DATE = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("/models", action="models.read")
async def list_models(call: CallOf, engine: EngineOf) -> Json:
    """List the models that can be asked now, and the project's aliases."""
    found = [_written(model) for model in await _askable(engine, call)]
    edges = {"first_id": found[0]["id"], "last_id": found[-1]["id"]} if found else {"first_id": None, "last_id": None}
    return {"object": "list", "data": found, "has_more": False, **edges}


@router.get("/models/{model_id:path}", action="models.read")
async def get_model(model_id: str, call: CallOf, engine: EngineOf, request: Request) -> Json:
    """Read one model by its name `connection/name`."""
    for model in await _askable(engine, call):
        if model.id == model_id:
            return _written(model)
    message = f"There is no model {model_id[:100]!r} here. {request.url_for('list_models').path} lists them."
    raise NotFound(message)


@router.get("/catalogue", action="models.read")
async def get_catalogue(call: CallOf, engine: EngineOf) -> ModelCatalogue:
    """Read every model of the project with prices, sizes and what is missing, and the default."""
    return await models.list_models(engine.desk.catalogue, call, ListModels())


async def _askable(engine: Any, call: Call) -> list[Model]:
    catalogue = await models.list_models(engine.desk.catalogue, call, ListModels())
    return [model for model in catalogue.items if model.available]


def _written(model: Model) -> Json:
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "type": "model",
        "display_name": model.name,
        "created_at": _UNKNOWN_DATE.isoformat().replace("+00:00", "Z"),
        "context_tokens": model.context_tokens,
        "simulated": model.simulated,
    }
