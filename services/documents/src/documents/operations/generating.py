"""Order documents from a model."""

from functools import cache
from importlib.resources import files
from uuid import UUID

from documents import store
from documents.domain import ChosenModel, NewDocument, Order, continued_generation, read_text
from documents.operations.editing import stored
from documents.operations.models import KnownModels
from shared import idempotency, outbox
from shared.bus import Bus
from shared.call import Call
from shared.contracts.documents import ContinueDocument, DocumentDetail, DocumentGenerationStarted, GenerateDocument
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import ChatMessage, GenerationOrigin, GenerationRequest, StartGeneration
from shared.contracts.prompts import RenderedPrompt, RenderPrompt
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.problems import NotFound

# A gateway that lives says something within this time; after it, the job is taken for lost.
PATIENCE_SECONDS = 10.0


async def generate_document(
    database: Database, bus: Bus, models: KnownModels, call: Call, command: GenerateDocument
) -> DocumentDetail:
    """Render the prompt and order a document; answers at once, `generating`. The same idempotency key orders one.

    Raises the problems of rendering as prompts tells them, with the name of each refused value, and Invalid for a
    model that cannot be asked here.
    """
    if earlier := await _answered_before(database, call, command):
        return earlier
    rendered = await bus.request(call, _render(command))
    fault_point("documents_rendered")
    model = await models.choose(call, command.model or rendered.default_model)
    document = _new_document(call, command, rendered, model)
    order = _new_order(call, command, rendered, document)
    async with database.transaction(call.project_id) as conn:
        if earlier := await idempotency.recall(conn, call, command, DocumentDetail):
            return earlier
        await store.insert_document(conn, call.project_id, document)
        await _place(
            conn,
            call,
            order,
            DocumentGenerationStarted(
                document_id=document.id, revision=1, generation_id=order.id, prompt_id=rendered.prompt_id
            ),
        )
        started = await stored(conn, call, document.id)
        await idempotency.remember(conn, call, command, started)
    return started


async def continue_document(database: Database, call: Call, command: ContinueDocument) -> DocumentDetail:
    """Order the rest of a text that stopped early; what is there stays. The same idempotency key orders it once.

    Raises NotContinuable for a finished or edited text, DocumentBeingWritten while a model writes.
    """
    async with database.transaction(call.project_id) as conn:
        if earlier := await idempotency.recall(conn, call, command, DocumentDetail):
            return earlier
        document = await store.lock_document(conn, call.project_id, command.document_id)
        if document is None or document.deleted:
            raise NotFound
        source_id = continued_generation(document)
        order = await _next_order(conn, call, source_id, goes_on=document.content != "")
        revision = await store.begin_generation(conn, call.project_id, document.id, order.id)
        await _place(
            conn,
            call,
            order,
            DocumentGenerationStarted(
                document_id=document.id, revision=revision, generation_id=order.id, prompt_id=document.prompt_id
            ),
        )
        started = await stored(conn, call, document.id)
        await idempotency.remember(conn, call, command, started)
    return started


def start_job(order: Order) -> StartGeneration:
    """Write the job of an order; sending it again changes nothing at the gateway."""
    origin = GenerationOrigin(
        task="generate_document", document_id=order.document_id, prompt_version_id=order.prompt_version_id
    )
    return StartGeneration(generation_id=order.id, origin=origin, request=order.request, continues=order.continues)


async def _answered_before(database: Database, call: Call, command: GenerateDocument) -> DocumentDetail | None:
    """Look before rendering too: the first answer holds even when the prompt could not be rendered any more."""
    if call.idempotency_key is None:
        return None
    async with database.transaction(call.project_id) as conn:
        return await idempotency.recall(conn, call, command, DocumentDetail)


def _render(command: GenerateDocument) -> RenderPrompt:
    return RenderPrompt(prompt_id=command.prompt_id, version=command.version, values=command.values)


def _new_document(call: Call, command: GenerateDocument, rendered: RenderedPrompt, model: ChosenModel) -> NewDocument:
    return NewDocument(
        id=new_id(),
        title=command.title or rendered.prompt_title,
        title_is_given=command.title is not None,
        text=read_text(""),
        tags=command.tags,
        author_id=call.actor_id,
        generation_id=new_id(),
        model=model.name,
        simulated=model.is_simulated,
        source=rendered,
        values=command.values,
    )


def _new_order(call: Call, command: GenerateDocument, rendered: RenderedPrompt, document: NewDocument) -> Order:
    request = GenerationRequest(
        model=document.model,
        messages=[
            ChatMessage(role="system", content=_system_prompt()),
            ChatMessage(role="user", content=rendered.text),
        ],
        max_output_tokens=command.max_output_tokens,
    )
    return Order(
        id=document.generation_id or new_id(),
        document_id=document.id,
        actor_id=call.actor_id,
        role=call.identity.role,
        request_id=call.request_id,
        request=request,
        prompt_version_id=rendered.prompt_version_id,
    )


async def _next_order(conn: Connection, call: Call, source_id: UUID, *, goes_on: bool) -> Order:
    source = await store.get_order(conn, call.project_id, source_id)
    if source is None:
        raise NotFound
    return Order(
        id=new_id(),
        document_id=source.document_id,
        actor_id=call.actor_id,
        role=call.identity.role,
        request_id=call.request_id,
        request=source.request,
        prompt_version_id=source.prompt_version_id,
        # A generation without text may be one that never reached the gateway.
        continues=source.id if goes_on else None,
    )


async def _place(conn: Connection, call: Call, order: Order, started: DocumentGenerationStarted) -> None:
    await store.insert_order(conn, call.project_id, order, PATIENCE_SECONDS)
    fault_point("documents_order_written")
    await outbox.add(conn, call, start_job(order))
    await outbox.add(conn, call, started)


@cache
def _system_prompt() -> str:
    return files("documents").joinpath("system_prompts/generate_document.txt").read_text(encoding="utf-8")
