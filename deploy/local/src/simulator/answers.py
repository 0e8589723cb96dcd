"""The answer to a call: a pure function of the seed, the task, the messages and the size that was asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.conversation import (
    CHARACTERS_PER_TOKEN,
    Message,
    count_input_tokens,
    count_tokens,
    last_user_text,
    system_text,
)
from simulator.tasks import TASKS, recognise_task
from simulator.tasks.assignment import Assignment
from simulator.tasks.prose import Prose, seeded_random

_GO_ON = re.compile(r"\b(?:continue|go on|carry on|keep going|resume)\b", re.IGNORECASE)
# Sizes of a chunk in characters, near to what the real providers send: mostly a word, sometimes a part or a phrase.
_CHUNK_CHARACTERS = (2, 3, 4, 4, 5, 5, 6, 7, 8, 11)


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished text, cut into the chunks that a stream sends, with its bill."""

    task: str
    text: str
    chunks: tuple[str, ...]
    is_truncated: bool
    input_tokens: int
    output_tokens: int

    def tokens_of(self, chunks: int) -> int:
        """The output tokens of the first so many chunks."""
        return count_tokens("".join(self.chunks[:chunks]))


def compose_answer(
    seed: int,
    messages: Sequence[Message],
    *,
    words: int | None = None,
    max_output_tokens: int | None = None,
) -> Answer:
    """Answer a conversation; equal arguments give equal text and equal chunks, in every process.

    A conversation that ends in a partial answer, with or without a request to go on, gets what is still missing.
    """
    original, partial = _split_continuation(messages)
    task, full = _full_text(seed, original, words)
    begun = _shared_length(full, partial)
    if partial and not begun:
        task, full = _full_text(seed, messages, words)
    rest = full[begun:]
    text = rest if max_output_tokens is None else rest[: max_output_tokens * CHARACTERS_PER_TOKEN]
    return Answer(
        task=task,
        text=text,
        chunks=_cut_into_chunks(seed, text),
        is_truncated=len(text) < len(rest),
        input_tokens=count_input_tokens(messages),
        output_tokens=count_tokens(text),
    )


def _shared_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _full_text(seed: int, messages: Sequence[Message], words: int | None) -> tuple[str, str]:
    task = recognise_task(system_text(messages))
    conversation = (f"{message.role}\x1f{message.text}" for message in messages)
    prose = Prose(seed, task, *conversation)
    return task, TASKS[task](Assignment(last_user_text(messages), prose, words))


def _split_continuation(messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
    rest, partial = list(messages), ""
    while True:
        if len(rest) > 1 and _asks_to_go_on(rest[-1]) and rest[-2].role == "assistant":
            rest.pop()
        elif not rest or rest[-1].role != "assistant":
            return rest, partial
        partial = rest.pop().text + partial


def _asks_to_go_on(message: Message) -> bool:
    return message.role == "user" and bool(_GO_ON.search(message.text))


def _cut_into_chunks(seed: int, text: str) -> tuple[str, ...]:
    random, chunks, start = seeded_random(seed, text), [], 0
    while start < len(text):
        size = random.choice(_CHUNK_CHARACTERS)
        chunks.append(text[start : start + size])
        start += size
    return tuple(chunks)
