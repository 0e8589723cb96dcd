"""Rewrites by a model: order one, read it, settle it when its generation ended."""

from typing import Literal
from uuid import UUID

from prompts.domain.problems import TemplateInvalid, TemplateTooHeavy
from prompts.domain.rewrites import difference, without_fence
from prompts.domain.versions import canonical_text, text_hash
from prompts.operations.desk import Desk
from prompts.operations.instructions import OPTIMISE_PROMPT, generation_request
from prompts.operations.templates import findings_of, subject_of
from prompts.store import optimizations as rows
from prompts.store.rows import OptimizationRow
from prompts.templating.resolution import alone
from prompts.templating.tasks import Analysis
from shared import idempotency, inbox, outbox
from shared.call import Call, Event
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    Generation,
    GenerationEnded,
    GenerationOrigin,
    ReadSegments,
    StartGeneration,
)
from shared.contracts.message import durable_name
from shared.contracts.prompts import (
    MAX_TEMPLATE_CHARACTERS,
    GetOptimization,
    Optimization,
    OptimizationFinished,
    OptimizationStarted,
    OptimizePrompt,
)
from shared.faults import fault_point
from shared.postgres import Connection
from shared.problems import NotFound


async def optimize_prompt(desk: Desk, call: Call, command: OptimizePrompt) -> Optimization:
    """Order a rewrite. Answers at once; its text streams under `generation_id`. Raises TemplateInvalid."""
    original = canonical_text(command.template)
    await _marks(desk, original)
    async with desk.database.transaction(call.project_id) as conn:
        answered = await idempotency.recall(conn, call, command, Optimization)
        if answered is not None:
            return answered
        row = OptimizationRow(
            id=new_id(),
            project_id=call.project_id,
            generation_id=new_id(),
            status="running",
            original=original,
            model=command.model,
            author_id=call.actor_id,
            request_id=call.request_id,
        )
        await rows.insert_optimization(conn, row)
        fault_point("optimization_inserted")
        await outbox.add(conn, call, order_of(row))
        await outbox.add(conn, call, OptimizationStarted(optimization_id=row.id, generation_id=row.generation_id))
        optimization = await _read(conn, call, row.id)
        await idempotency.remember(conn, call, command, optimization)
    return optimization


async def get_optimization(desk: Desk, call: Call, command: GetOptimization) -> Optimization:
    """Read a rewrite. Raises NotFound."""
    async with desk.database.transaction(call.project_id) as conn:
        return await _read(conn, call, command.optimization_id)


async def settle_optimization(desk: Desk, event: Event[GenerationEnded]) -> None:
    """Judge a rewrite whose generation ended. Other generations are no concern of ours; twice changes nothing."""
    call, generation_id = event.call(), event.message.generation_id
    async with desk.database.transaction(call.project_id) as conn:
        row = await rows.find_by_generation(conn, call.project_id, generation_id)
    if row is None or row.status != "running":
        return
    result = await read_result(desk, call, row)
    if result is None:
        return
    async with desk.database.transaction(call.project_id) as conn:
        if await inbox.claim(conn, durable_name("prompts", type(event.message)), event):
            await finish(conn, call, result)


async def finish(conn: Connection, call: Call, result: Optimization) -> None:
    """Write how a rewrite ended and tell it, once."""
    if await rows.finish_optimization(conn, call.project_id, result) and result.status != "running":
        fault_point("optimization_finished")
        fact = OptimizationFinished(optimization_id=result.id, generation_id=result.generation_id, status=result.status)
        await outbox.add(conn, call, fact)


async def read_result(desk: Desk, call: Call, row: OptimizationRow) -> Optimization | None:
    """Read how the generation ended and judge its text; None while it goes on."""
    generation, text = await _read_generation(desk, call, row)
    if generation.status not in FINAL_STATUSES:
        return None
    if generation.status != "completed":
        stopped = "The rewrite was stopped." if generation.status == "cancelled" else "The model did not finish."
        return ended_as(row, generation, "failed", detail=generation.detail or stopped)
    if text_hash(text) != generation.content_hash:
        return ended_as(row, generation, "failed", detail="The text arrived damaged. Try again.")
    if generation.finish_reason == "length":
        return ended_as(row, generation, "failed", detail="The model reached its limit before the prompt was complete.")
    return await _judged(desk, row, generation, canonical_text(without_fence(text)))


async def _judged(desk: Desk, row: OptimizationRow, generation: Generation, text: str) -> Optimization:
    """Accept a rewrite that parses and has the original's parameters, snippets and included prompts; refuse others."""
    if not text or len(text) > MAX_TEMPLATE_CHARACTERS:
        detail = "The model answered with nothing." if not text else "The rewrite is longer than a prompt may be."
        return ended_as(row, generation, "refused", detail=detail)
    try:
        lost, added = difference(await _marks(desk, row.original), await _marks(desk, text))
    except (TemplateInvalid, TemplateTooHeavy) as problem:
        return ended_as(row, generation, "refused", detail=f"The rewrite is no valid template. {problem.detail}")
    if lost or added:
        refused = ended_as(row, generation, "refused", detail="The rewrite does not keep the prompt's parameters.")
        return refused.model_copy(update={"lost": lost, "added": added})
    return ended_as(row, generation, "ready", text=text)


def ended_as(
    row: OptimizationRow,
    generation: Generation | None,
    status: Literal["ready", "refused", "failed"],
    *,
    text: str | None = None,
    detail: str | None = None,
) -> Optimization:
    """Make the end of a rewrite; without a generation nobody began it."""
    return Optimization(
        id=row.id,
        generation_id=row.generation_id,
        status=status,
        original=row.original,
        text=text,
        lost=[],
        added=[],
        detail=detail,
        simulated=generation.simulated if generation else None,
    )


async def _read_generation(desk: Desk, call: Call, row: OptimizationRow) -> tuple[Generation, str]:
    """Read all committed segments, page by page."""
    parts: list[str] = []
    after = 0
    while True:
        page = await desk.bus.request(call, ReadSegments(generation_id=row.generation_id, after=after))
        parts += [segment.text for segment in page.segments if segment.kind == "text"]
        if not page.segments or page.segments[-1].number >= page.generation.last_segment:
            return page.generation, "".join(parts)
        after = page.segments[-1].number


async def _marks(desk: Desk, text: str) -> set[str]:
    """Name what a rewrite must keep: parameters, mentions, included prompts.

    Raises TemplateInvalid, also for a template that does too much.
    """
    template = alone(text)
    outcome = await desk.templates.analyse(subject_of(template, (), ()))
    # Whether an included prompt exists is asked when the text is saved.
    errors = [finding for finding in findings_of(template, outcome) if finding.code != "unknown-prompt"]
    if not isinstance(outcome, Analysis) or errors:
        raise TemplateInvalid.of(errors)
    return {p.name for p in outcome.parameters} | {str(m) for m in template.mentions} | set(template.includes)


def order_of(row: OptimizationRow) -> StartGeneration:
    """Make the job of a rewrite; the same row makes the same job."""
    return StartGeneration(
        generation_id=row.generation_id,
        origin=GenerationOrigin(task="optimise_prompt", optimization_id=row.id),
        request=generation_request(OPTIMISE_PROMPT, row.original, row.model),
    )


async def _read(conn: Connection, call: Call, optimization_id: UUID) -> Optimization:
    optimization = await rows.find_optimization(conn, call.project_id, optimization_id)
    if optimization is None:
        raise NotFound
    return optimization
