"""Budgets, limits, usage, what is running, and the playground for the browser."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from shared.contracts import llm_gateway as contracts
from shared.contracts.ids import BudgetId, new_id
from web.api.edge import Ask, BrowserRouter
from web.operations.usage_table import usage_table
from web.schemas import PlaygroundQuestion

router = BrowserRouter(prefix="/api", tags=["money"])


@router.get("/budgets", action="usage.read")
async def list_budgets(ask: Ask) -> contracts.BudgetList:
    """List the project's budgets with what is spent and held now."""
    return await ask(contracts.ListBudgets())


@router.post("/budgets", action="budgets.manage")
async def save_budget(body: contracts.SaveBudget, ask: Ask) -> contracts.Budget:
    """Set a budget; the same scope and period again changes its limit and keeps what is spent."""
    return await ask(body)


@router.post("/budgets/{budget_id}/raise", action="budgets.manage")
async def raise_budget(budget_id: BudgetId, body: contracts.RaiseBudget, ask: Ask) -> contracts.Budget:
    """Allow more for a while; a second raise replaces the first, 0 ends it."""
    return await ask(body.model_copy(update={"id": budget_id}))


@router.delete("/budgets/{budget_id}", action="budgets.manage")
async def delete_budget(budget_id: BudgetId, ask: Ask) -> contracts.BudgetList:
    """End a budget; calls under way go on."""
    return await ask(contracts.DeleteBudget(id=budget_id))


@router.get("/limits", action="usage.read")
async def list_limits(ask: Ask) -> contracts.LimitList:
    """List how fast the project, its people and keys may ask."""
    return await ask(contracts.ListLimits())


@router.post("/limits", action="budgets.manage")
async def save_limit(body: contracts.SaveLimit, ask: Ask) -> contracts.LimitList:
    """Set how fast a project, person or key may ask; all three empty removes the limit."""
    return await ask(body)


@router.get("/usage", action="usage.read")
async def get_usage(query: Annotated[contracts.GetUsage, Query()], ask: Ask) -> contracts.UsageReport:
    """Add up what the project's calls took and cost, by UTC day and group. At most 400 days."""
    return await ask(query)


@router.get(
    "/usage.csv",
    action="usage.read",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_usage(query: Annotated[contracts.GetUsage, Query()], ask: Ask) -> StreamingResponse:
    """The same sums as a table for a spreadsheet."""
    lines = usage_table(ask, query)
    header = await anext(lines)

    async def body() -> AsyncIterator[str]:
        yield header
        async for more in lines:
            yield more

    name = f"usage-{query.since}-{query.until}-by-{query.by}.csv"
    return StreamingResponse(
        body(), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/generations", action="generations.read")
async def list_running_generations(ask: Ask) -> contracts.RunningGenerations:
    """List what is being written in the project now."""
    return await ask(contracts.ListRunningGenerations())


@router.post("/playground", action="generations.start", status_code=201)
async def create_generation(body: PlaygroundQuestion, ask: Ask) -> contracts.Generation:
    """Ask any model; the answer streams under the generation. An Idempotency-Key makes repeats safe."""
    return await ask(contracts.CreateGeneration(generation_id=new_id(), request=body.request))
