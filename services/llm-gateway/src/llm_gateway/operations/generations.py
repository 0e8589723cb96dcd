"""Use cases of generations: start, read, cancel, write and wait."""

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from llm_gateway.domain import (
    ClaimedGeneration,
    Ending,
    GenerationState,
    GenerationStopped,
    Lease,
    NotContinuable,
    ProviderUnavailable,
    Spent,
    count_characters,
    failed,
)
from llm_gateway.domain.budgets import BudgetExceeded, UnknownPrice
from llm_gateway.domain.calls import Account
from llm_gateway.domain.limits import expected_tokens
from llm_gateway.domain.structured import check_schema
from llm_gateway.operations.catalogue import ProjectCatalogue
from llm_gateway.operations.driving import plan_attempts
from llm_gateway.operations.ending import Closing, end_within, show_end
from llm_gateway.operations.engine import Engine
from llm_gateway.operations.holding import Asking, purse_for, reserve
from llm_gateway.operations.running import Attempt, Claim
from llm_gateway.operations.seats import Seat
from llm_gateway.operations.spending import added, estimated, list_rates, usage_view
from llm_gateway.operations.tracing import written_trace
from llm_gateway.store import attempts, generations, segments
from llm_gateway.store.generations import NewGeneration
from shared import idempotency
from shared.bus import Bus
from shared.call import Call, Event
from shared.contracts.ids import encode_id, new_id
from shared.contracts.llm_gateway import (
    FINAL_STATUSES,
    CancelGeneration,
    Generation,
    GenerationText,
    GetGeneration,
    ReadSegments,
    StartGeneration,
    WriteText,
    WrittenText,
    live_cancel_subject,
)
from shared.faults import fault_point
from shared.postgres import Connection, Database
from shared.problems import DeadlineExceeded, NotFound, Problem, RemoteProblem

# How often a caller's answer is looked for while another process writes it.
POLL_SECONDS = 0.2
# The caller's own deadline strikes a little earlier here, so that it hears a problem and not silence.
ANSWER_SECONDS = 0.2
_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order, and what its project could ask when it came."""

    command: StartGeneration
    catalogue: ProjectCatalogue
    may_begin: bool


async def on_start_generation(engine: Engine, event: Event[StartGeneration]) -> None:
    """Take a job: the generation is leased, or queued, and committed when this returns. Twice changes nothing."""
    await start_generation(engine, event.call(), event.message)


async def start_generation(engine: Engine, call: Call, command: StartGeneration) -> None:
    """Insert the generation by its id and begin to drive it. What cannot be asked at all ends as failed, with its fact.

    Repeating it with the same id changes nothing.
    """

    async def commit() -> Claim | None:
        catalogue = await engine.desk.catalogue.of(call.project_id)
        async with engine.desk.database.transaction(call.project_id) as conn:
            return await _claim(engine, conn, call, Wanted(command, catalogue, may_begin=seat.is_free))

    with await _seat(engine, call, command) as seat:
        claim = await engine.desk.patience.do(commit, "claim")
        fault_point("generation_claimed")
        if claim is not None:
            await engine.launch(replace(claim, admission=seat.take()))


async def create_generation(engine: Engine, call: Call, command: StartGeneration) -> Generation:
    """Start a generation for another team, whose Idempotency-Key makes repeats safe.

    Raises UnknownModel, ProviderKeyMissing or NotContinuable before anything is stored.
    """
    with await _seat(engine, call, command) as seat:
        async with engine.desk.patience.turn(call.remaining_seconds()):
            answer, claim = await _create(engine, call, command, may_begin=seat.is_free)
        if claim is not None:
            await engine.launch(replace(claim, admission=seat.take()))
    return answer


async def get_generation(database: Database, call: Call, command: GetGeneration) -> Generation:
    """Read the state of a generation. Raises NotFound."""
    async with database.transaction(call.project_id) as conn:
        return await _view(conn, call.project_id, command.generation_id)


async def read_segments(database: Database, call: Call, command: ReadSegments) -> GenerationText:
    """Read a generation with its segments after a number. Raises NotFound.

    Both fit together: text that is committed between the two statements belongs to the next answer.
    """
    async with database.transaction(call.project_id) as conn:
        generation = await _view(conn, call.project_id, command.generation_id)
        found = await segments.find_segments(
            conn, call.project_id, command.generation_id, command.after, generation.last_segment
        )
    return GenerationText(generation=generation, segments=found)


async def cancel_generation(engine: Engine, call: Call, command: CancelGeneration) -> Generation:
    """Stop a generation: at once where it waits, else within a moment in whichever process drives it.

    Raises NotFound. An ended generation is answered as it is.
    """
    database, bus = engine.desk.database, engine.desk.bus
    async with database.transaction(call.project_id) as conn:
        state = await generations.lock_state(conn, call.project_id, command.generation_id)
        if state is None:
            raise NotFound
        if state.status == "queued":
            state = await end_within(conn, Closing(_lease(state), Ending("cancelled")))
        elif state.status == "running":
            await generations.request_cancel(conn, call.project_id, state.id)
        answer = await _present(conn, state)
    await _tell_cancel(bus, state, answer)
    return answer


async def write_text(engine: Engine, call: Call, command: WriteText) -> WrittenText:
    """Ask a model and wait for its whole answer. Repeating it with the same id answers the same text.

    Raises the generation's own problem, GenerationStopped, or DeadlineExceeded; after the latter the model
    writes on, and the same id asked again finds its text.
    """
    job = StartGeneration(generation_id=command.generation_id, origin=command.origin, request=command.request)
    await start_generation(engine, call, job)
    await engine.wait_for_end(command.generation_id, call.remaining_seconds() - ANSWER_SECONDS)
    while True:
        async with engine.desk.database.transaction(call.project_id) as conn:
            answer = await _written(conn, call.project_id, command.generation_id)
        if answer is not None:
            return answer
        if call.remaining_seconds() < ANSWER_SECONDS:
            message = "The model has not finished in time. It writes on; the same id asked again finds its text."
            raise DeadlineExceeded(message)
        await asyncio.sleep(POLL_SECONDS)


async def _seat(engine: Engine, call: Call, command: StartGeneration) -> Seat:
    """Find room under the caller's limits; without it the generation waits in the queue."""
    account = Account(call.project_id, call.actor_id, call.identity.api_key_id)
    request = command.request
    expected = expected_tokens(count_characters(request.messages), request.max_output_tokens)
    return await engine.desk.traffic.seats.find(account, expected)


async def _create(
    engine: Engine, call: Call, command: StartGeneration, *, may_begin: bool
) -> tuple[Generation, Claim | None]:
    # The id was chosen by this process and is no part of what the caller asked.
    question = command.model_copy(update={"generation_id": _NO_ID})
    wanted = Wanted(command, await engine.desk.catalogue.of(call.project_id), may_begin)
    async with engine.desk.database.transaction(call.project_id) as conn:
        known = await idempotency.recall(conn, call, question, Generation)
        if known is not None:
            return known, None
        refusal = await _refusal(conn, call.project_id, wanted)
        if refusal is not None:
            raise refusal
        claim = await _claim(engine, conn, call, wanted)
        answer = await _view(conn, call.project_id, command.generation_id)
        await idempotency.remember(conn, call, question, answer)
    return answer, claim


async def _claim(engine: Engine, conn: Connection, call: Call, wanted: Wanted) -> Claim | None:
    """Insert and lease; None where nothing is to be driven here: known before, queued, or refused and ended."""
    command = wanted.command
    refusal = await _refusal(conn, call.project_id, wanted)
    new = await _new_generation(engine, conn, call, wanted)
    is_continuable = not isinstance(refusal, NotContinuable)
    claimed = await generations.insert_generation(
        conn, call.project_id, new if is_continuable else replace(new, continues=None)
    )
    if claimed is None:
        return None
    if command.continues is not None and is_continuable:
        await generations.inherit_text(conn, call.project_id, new.id, command.continues)
        claimed = await generations.find_claimed(conn, call.project_id, new.id, engine.process_id)
    if refusal is not None:
        lease = Lease(call.project_id, new.id, 0 if new.owner is None else 1)
        await end_within(conn, Closing(lease, failed(refusal)))
        return None
    if claimed is None or new.owner is None:
        return None
    return await _open_first_attempt(engine, conn, claimed, wanted.catalogue)


async def _open_first_attempt(
    engine: Engine, conn: Connection, claimed: ClaimedGeneration, catalogue: ProjectCatalogue
) -> Claim | None:
    """Write the first attempt with the claim, where the person is known to be a member: one commit less to wait for.

    None: a budget refused it, and the generation has ended.
    """
    if not engine.desk.members.knows(claimed):
        return Claim(claimed)
    plan = plan_attempts(engine.desk, catalogue, claimed)
    try:
        route = plan.first().route
    except ProviderUnavailable:
        return Claim(claimed)
    attempt_id = new_id()
    purse = await purse_for(engine.desk, claimed, Asking(attempt_id, route, claimed.request, claimed.characters))
    try:
        await reserve(conn, purse)
    except (BudgetExceeded, UnknownPrice) as refusal:
        await end_within(conn, Closing(claimed.lease, failed(refusal)))
        return None
    await attempts.insert_attempt(conn, claimed.lease, attempt_id, route)
    if route.model != claimed.model:
        await generations.change_model(conn, claimed.lease, route)
    return Claim(claimed, plan, Attempt(attempt_id, route, hold=purse.hold if purse else None))


async def _refusal(conn: Connection, project_id: UUID, wanted: Wanted) -> Problem | None:
    """Say why this can never be asked, or None."""
    command = wanted.command
    try:
        wanted.catalogue.routes(command.request.model, None)
        if command.request.response_schema is not None:
            check_schema(command.request.response_schema)
    except Problem as problem:
        return problem
    if command.continues is None:
        return None
    if command.request.response_schema is not None:
        return NotContinuable("An answer that must satisfy a schema is asked for anew, not continued.")
    source = await generations.find_state(conn, project_id, command.continues)
    if source is None or source.status not in FINAL_STATUSES:
        return NotContinuable("Only a generation of this project that has ended can be continued.")
    return None


async def _new_generation(engine: Engine, conn: Connection, call: Call, wanted: Wanted) -> NewGeneration:
    command, request = wanted.command, wanted.command.request
    label = wanted.catalogue.label(request.model)
    if command.continues is not None:
        # The conversation goes on, whatever the order says: other messages would not fit the inherited text.
        original = await generations.find_request(conn, call.project_id, command.continues)
        request = request.model_copy(update={"messages": original.messages}) if original else request
    return NewGeneration(
        id=command.generation_id,
        actor_id=call.actor_id,
        api_key_id=call.identity.api_key_id,
        request_id=call.request_id,
        origin=command.origin,
        request=request,
        continues=command.continues,
        model=label.model,
        provider=label.provider,
        simulated=label.simulated,
        input_characters=count_characters(request.messages),
        owner=engine.process_id if wanted.may_begin and engine.free_slots else None,
        lease_seconds=engine.desk.limits.lease_seconds,
        traceparent=written_trace(),
    )


async def _view(conn: Connection, project_id: UUID, generation_id: UUID) -> Generation:
    state = await generations.find_state(conn, project_id, generation_id)
    if state is None:
        raise NotFound
    return await _present(conn, state)


async def _present(conn: Connection, state: GenerationState) -> Generation:
    return present(state, await attempts.sum_usage(conn, state.project_id, state.id))


def present(state: GenerationState, settled: Spent | None) -> Generation:
    """Show a generation with what its settled attempts took, and an estimate of the one under way."""
    problem = state.problem or {}
    return Generation(
        id=state.id,
        status=state.status,
        model=state.model,
        asked_model=state.asked_model,
        provider=state.provider,
        simulated=state.simulated,
        last_segment=state.last_segment,
        characters=state.characters,
        finish_reason=state.finish_reason,
        content_hash=state.content_hash,
        problem_type=problem.get("type"),
        detail=problem.get("detail"),
        usage=usage_view(_spent_until_now(state, settled)),
        created_at=state.created_at,
        started_at=state.started_at,
        finished_at=state.finished_at,
    )


def _spent_until_now(state: GenerationState, settled: Spent | None) -> Spent | None:
    if state.status != "running":
        return settled
    return added(
        settled, estimated(list_rates(state.provider, state.model), state.input_characters, state.written_characters)
    )


async def _written(conn: Connection, project_id: UUID, generation_id: UUID) -> WrittenText | None:
    state = await generations.find_state(conn, project_id, generation_id)
    if state is None:
        raise NotFound
    if state.status not in FINAL_STATUSES:
        return None
    if state.problem is not None:
        raise RemoteProblem(state.problem)
    if state.status != "completed":
        message = "This generation was cancelled."
        raise GenerationStopped(message)
    return WrittenText(
        generation_id=state.id,
        text=await segments.find_text(conn, project_id, generation_id),
        model=state.model,
        simulated=state.simulated,
        usage=usage_view(await attempts.sum_usage(conn, project_id, generation_id)),
    )


async def _tell_cancel(bus: Bus, state: GenerationState, answer: Generation) -> None:
    if state.status == "running":
        wanted = CancelGeneration(generation_id=state.id)
        await bus.publish_live(live_cancel_subject(encode_id("ge", state.id)), wanted)
    elif state.status == "cancelled":
        await show_end(bus, state, answer.usage)


def _lease(state: GenerationState) -> Lease:
    return Lease(state.project_id, state.id, state.epoch)
