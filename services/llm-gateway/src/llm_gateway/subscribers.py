"""NATS: the requests that the gateway answers and the jobs that it takes."""

from functools import partial

from llm_gateway.operations import budgets, connections, generations, limits, model_settings, models, usage
from llm_gateway.operations.engine import Engine
from shared.bus import Bus
from shared.contracts.llm_gateway import (
    CancelGeneration,
    CreateGeneration,
    DeleteAlias,
    DeleteBudget,
    DeleteConnection,
    DeleteCustomModel,
    GetGatewaySettings,
    GetGeneration,
    GetUsage,
    ListAliases,
    ListBudgets,
    ListConnections,
    ListCustomModels,
    ListLimits,
    ListModels,
    ListRunningGenerations,
    RaiseBudget,
    ReadSegments,
    SaveAlias,
    SaveBudget,
    SaveConnection,
    SaveCustomModel,
    SaveGatewaySettings,
    SaveLimit,
    StartGeneration,
    TestConnection,
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
    catalogue = engine.desk.catalogue
    bus.answer(ListConnections, partial(connections.list_connections, database, catalogue))
    bus.answer(SaveConnection, partial(connections.save_connection, database, catalogue))
    bus.answer(DeleteConnection, partial(connections.delete_connection, database, catalogue))
    bus.answer(TestConnection, partial(connections.test_connection, catalogue))
    bus.answer(ListCustomModels, partial(model_settings.list_custom_models, database))
    bus.answer(SaveCustomModel, partial(model_settings.save_custom_model, database, catalogue))
    bus.answer(DeleteCustomModel, partial(model_settings.delete_custom_model, database, catalogue))
    bus.answer(ListAliases, partial(model_settings.list_aliases, database))
    bus.answer(SaveAlias, partial(model_settings.save_alias, database, catalogue))
    bus.answer(DeleteAlias, partial(model_settings.delete_alias, database, catalogue))
    bus.answer(GetGatewaySettings, partial(model_settings.get_gateway_settings, database))
    bus.answer(SaveGatewaySettings, partial(model_settings.save_gateway_settings, database, catalogue))
    bus.answer(ListBudgets, partial(budgets.list_budgets, database))
    bus.answer(SaveBudget, partial(budgets.save_budget, database))
    bus.answer(RaiseBudget, partial(budgets.raise_budget, database))
    bus.answer(DeleteBudget, partial(budgets.delete_budget, database))
    bus.answer(ListLimits, partial(limits.list_limits, database))
    bus.answer(SaveLimit, partial(limits.save_limit, database))
    bus.answer(GetUsage, partial(usage.get_usage, database))
    bus.answer(ListRunningGenerations, partial(usage.list_running, database))
    bus.answer(CreateGeneration, partial(usage.create_generation, engine))
    bus.consume(StartGeneration, partial(generations.on_start_generation, engine))
