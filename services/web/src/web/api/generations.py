"""Generations and models for the browser."""

from shared.contracts import llm_gateway as contracts
from shared.contracts.ids import GenerationId
from web.api.edge import Ask, BrowserRouter

router = BrowserRouter(prefix="/api", tags=["generations"])


@router.get("/generations/{generation_id}", action="generations.read")
async def get_generation(generation_id: GenerationId, ask: Ask) -> contracts.Generation:
    """Read the state of a generation."""
    return await ask(contracts.GetGeneration(generation_id=generation_id))


@router.post("/generations/{generation_id}/cancel", action="generations.cancel")
async def cancel_generation(generation_id: GenerationId, ask: Ask) -> contracts.Generation:
    """Stop a generation; what was written stays."""
    return await ask(contracts.CancelGeneration(generation_id=generation_id))


@router.post("/streaming/cancel/{generation_id}", action="generations.cancel")
async def cancel_stream(generation_id: GenerationId, ask: Ask) -> contracts.Generation:
    """Stop a generation, as its own `cancel` does."""
    return await ask(contracts.CancelGeneration(generation_id=generation_id))


@router.get("/models", action="models.read")
async def list_models(ask: Ask) -> contracts.ModelCatalogue:
    """List the models of this installation, the ones without a key included."""
    return await ask(contracts.ListModels())
