"""NATS: the requests that the gateway answers and the jobs that it takes."""

from functools import partial

from llm_gateway.operations import budgets, generations, limits, models
from llm_gateway.operations.engine import Engine
from shared.bus import Bus
from shared.contracts.llm_gateway import (
    CancelGeneration,
    DeleteBudget,
    GetGeneration,
    ListBudgets,
    ListLimits,
    ListModels,
    RaiseBudget,
    ReadSegments,
    SaveBudget,
    SaveLimit,
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
    bus.answer(ListModels, partial(models.list_models, engine.desk.catalogue))
    bus.answer(ListBudgets, partial(budgets.list_budgets, database))
    bus.answer(SaveBudget, partial(budgets.save_budget, database))
    bus.answer(RaiseBudget, partial(budgets.raise_budget, database))
    bus.answer(DeleteBudget, partial(budgets.delete_budget, database))
    bus.answer(ListLimits, partial(limits.list_limits, database))
    bus.answer(SaveLimit, partial(limits.save_limit, database))
    bus.consume(StartGeneration, partial(generations.on_start_generation, engine))
