"""What a model is asked, and what it is asked after an answer: to go on, or to correct what does not fit the schema."""

from functools import partial

from llm_gateway.domain import Ending, continued, failed
from llm_gateway.domain.structured import Mismatch, StructuredOutputInvalid, asked_again
from llm_gateway.operations.desk import Desk
from llm_gateway.operations.running import Running
from llm_gateway.store import segments
from shared.contracts.llm_gateway import ChatMessage, GenerationRequest
from shared.runtime import logger

log = logger(__name__)


async def first_question(desk: Desk, running: Running) -> GenerationRequest:
    """What the model is asked, with the inherited text and the wish to go on where there is one."""
    claimed = running.claimed
    if claimed.inherited_segments == 0:
        return claimed.request
    text = await desk.patience.do(partial(_inherited_text, desk, running), "conversation")
    return _going_on(running, text)


async def next_question(desk: Desk, running: Running, ending: Ending) -> GenerationRequest | Ending:
    """Say what is asked after an answer that came to its end, or how the generation ends.

    A checked answer is in the manuscript when this returns an ending; the transaction that ends the generation
    writes it.
    """
    request = running.claimed.request
    is_cut = ending.finish_reason == "length"
    # Where all of the limit went into thoughts there is nothing to go on with.
    if is_cut and running.answer.text and running.continuations < request.continue_up_to:
        running.continuations += 1
        log.info("answer_continued", generation_id=str(running.claimed.id), continuations=running.continuations)
        return _going_on(running, running.answer.text)
    if request.response_schema is None:
        return ending
    checked = await desk.checker.check(running.answer.text, request.response_schema, is_cut=is_cut)
    if isinstance(checked, str):
        desk.writer.add(running.manuscript, checked)
        return ending
    if running.is_asked_again or ending.finish_reason != "stop":
        return failed(_invalid(checked, ending))
    running.is_asked_again = True
    log.info("answer_asked_again", generation_id=str(running.claimed.id), reasons=len(checked.reasons))
    return _corrected(running, checked)


def _going_on(running: Running, text: str) -> GenerationRequest:
    """Ask to go on after `text`."""
    running.answer.follow(text)
    request = running.claimed.request
    return request.model_copy(update={"messages": continued(request.messages, text)})


def _corrected(running: Running, mismatch: Mismatch) -> GenerationRequest:
    """Ask for the same answer again, with the reasons why the first did not do."""
    text = running.answer.text
    running.answer.follow("")
    # Providers refuse an answer of nothing.
    said = [ChatMessage(role="assistant", content=text)] if text.strip() else []
    request = running.claimed.request
    messages = [*request.messages, *said, ChatMessage(role="user", content=asked_again(mismatch))]
    return request.model_copy(update={"messages": messages})


async def _inherited_text(desk: Desk, running: Running) -> str:
    claimed = running.claimed
    async with desk.database.transaction(claimed.project_id) as conn:
        return await segments.find_text(conn, claimed.project_id, claimed.id)


def _invalid(mismatch: Mismatch, ending: Ending) -> StructuredOutputInvalid:
    if ending.finish_reason == "length":
        words = "The answer was cut at the output limit. Raise max_output_tokens, or set continue_up_to."
    elif ending.finish_reason == "stop":
        words = f"The model answered twice, and its answer does not satisfy the schema. {mismatch.words}"
    else:
        words = f"The model did not answer with JSON ({ending.finish_reason})."
    return StructuredOutputInvalid(words, reasons=list(mismatch.reasons))
