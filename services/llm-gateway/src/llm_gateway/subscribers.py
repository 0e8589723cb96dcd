"""NATS: the requests that the gateway answers and the jobs that it takes."""

from functools import partial

from llm_gateway.operations import generations, models
from llm_gateway.operations.engine import Engine
from shared.bus import Bus
from shared.contracts.llm_gateway import (
    CancelGeneration,
    GetGeneration,
    ListModels,
    ReadSegments,
    StartGeneration,
    WriteText,
)


def subscribe(bus: Bus, engine: Engine) -> None:
    """Register every answer and consumer; the house starts them."""
    database = engine.desk.database
    bus.answer(GetGeneration, partial(generations.get_generation, database))
    bus.answer(ReadSegments, partial(generations.read_segments, database))
    bus.answer(CancelGeneration, partial(generations.cancel_generation, engine))
    bus.answer(WriteText, partial(generations.write_text, engine))
    bus.answer(ListModels, partial(models.list_models, engine.desk.providers))
    bus.consume(StartGeneration, partial(generations.on_start_generation, engine))
