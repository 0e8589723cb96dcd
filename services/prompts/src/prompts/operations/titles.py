"""A title for a prompt, from a model."""

from dataclasses import replace

from prompts.domain.problems import ModelAnswerUnusable
from prompts.domain.rewrites import clean_title
from prompts.operations.desk import Desk
from prompts.operations.instructions import TITLE_PROMPT, generation_request
from shared.call import Call
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import GenerationOrigin, WriteText
from shared.contracts.prompts import SuggestedTitle, SuggestTitle

# Longer than any model needs for six words; past it the person types a title faster.
TITLE_SECONDS = 30.0


async def suggest_title(desk: Desk, call: Call, command: SuggestTitle) -> SuggestedTitle:
    """Have a model name a prompt; at most 200 characters, without quotation marks. Stores nothing here.

    Raises ModelAnswerUnusable for an answer without a word in it, and the gateway's own problems.
    """
    message = WriteText(
        generation_id=new_id(),
        origin=GenerationOrigin(task="title_prompt"),
        request=generation_request(TITLE_PROMPT, command.template, command.model),
    )
    seconds = min(TITLE_SECONDS, call.remaining_seconds())
    # The caller's key would make the gateway take a repeated question, with its new generation, for a misuse.
    written = await desk.bus.request(replace(call.with_deadline(seconds), idempotency_key=None), message)
    title = clean_title(written.text)
    if not title:
        sentence = "The model answered without a title. Try again, or write one yourself."
        raise ModelAnswerUnusable(sentence)
    return SuggestedTitle(title=title, simulated=written.simulated)
