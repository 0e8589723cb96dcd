"""The answer to a call: a pure function of the seed, the call and the faults that change what is said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from simulator.conversation import (
    CHARACTERS_PER_TOKEN,
    Message,
    ModelCall,
    count_call_tokens,
    count_tokens,
    last_user_text,
    system_text,
    tool_results,
)
from simulator.faults import Faults
from simulator.flaws import spoil
from simulator.json_values import ValueMaker, json_text
from simulator.tasks import GENERAL_TASK, TASKS, recognise_task
from simulator.tasks.assignment import Assignment
from simulator.tasks.prose import Prose, seeded_random
from simulator.tasks.reading import clip
from simulator.toolbox import Tool

type Ending = Literal["stop", "length", "content_filter", "tool_calls"]

_GO_ON = re.compile(r"\b(?:continue|go on|carry on|keep going|resume)\b", re.IGNORECASE)
# Sizes of a chunk in characters, near to what the real providers send: mostly a word, sometimes a part or a phrase.
_CHUNK_CHARACTERS = (2, 3, 4, 4, 5, 5, 6, 7, 8, 11)
_INSIDE_TAGS = re.compile(r"(?<=<th)|(?<=</th)")
_ANY_OBJECT = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}},
    },
}
_THOUGHT_WORDS = 30
_QUOTED_RESULT_WORDS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer, cut into the chunks that a stream sends: thought, words, or the arguments of a tool."""

    kind: Literal["thought", "text", "tool"]
    text: str
    name: str = ""
    chunks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer with its bill; `stop_sequence` is the one that ended it."""

    task: str
    parts: tuple[Part, ...]
    ending: Ending
    input_tokens: int
    output_tokens: int
    stop_sequence: str | None = None

    @property
    def text(self) -> str:
        """The words of the answer, without thought."""
        return "".join(part.text for part in self.parts if part.kind == "text")

    @property
    def thought(self) -> str:
        """What was thought before the answer."""
        return "".join(part.text for part in self.parts if part.kind == "thought")

    @property
    def tools(self) -> list[Part]:
        """The calls of tools."""
        return [part for part in self.parts if part.kind == "tool"]

    @property
    def chunks(self) -> tuple[str, ...]:
        """All chunks, in the order of their sending."""
        return tuple(chunk for part in self.parts for chunk in part.chunks)

    def tokens_of(self, chunks: int) -> int:
        """The output tokens of the first so many chunks."""
        return count_tokens("".join(self.chunks[:chunks]))


def compose_answer(seed: int, call: ModelCall, faults: Faults) -> Answer:
    """Answer a call; equal arguments give equal parts and equal chunks, in every process.

    A conversation that ends in a partial answer, with or without a request to go on, gets what is still missing.
    Raises Refusal for a schema that cannot be satisfied.
    """
    if call.embedding is not None:
        return Answer("embed", (), "stop", count_call_tokens(call), 0)
    if chosen := call.toolbox.chosen(_newest_request(call.messages)):
        task, stop = "use_tools", None
        parts = [_tool_part(seed, tool, call.messages, faults) for tool in chosen]
    else:
        task, text, stop = _words(seed, call, faults)
        parts = [Part("text", text)]
    ending: Ending = "tool_calls" if chosen else "stop"
    if call.wants_thought or faults.reason_words is not None:
        parts.insert(0, Part("thought", _thought(seed, call, faults.reason_words)))
    return _finish(seed, call, faults, Answer(task, tuple(parts), ending, count_call_tokens(call), 0, stop))


def _finish(seed: int, call: ModelCall, faults: Faults, draft: Answer) -> Answer:
    limits = [limit for limit in (call.max_output_tokens, faults.truncate_tokens) if limit is not None]
    parts = [replace(part, chunks=_cut_into_chunks(seed, part.text, faults)) for part in draft.parts]
    ending: Ending = draft.ending
    if faults.filter_after_chunks is not None:
        parts, ending = _first_chunks(parts, faults.filter_after_chunks), "content_filter"
    whole = "".join(part.text for part in parts)
    if limits and len(whole) > min(limits) * CHARACTERS_PER_TOKEN:
        parts, ending = _first_characters(parts, min(limits) * CHARACTERS_PER_TOKEN), "length"
    written = count_tokens("".join(part.text for part in parts))
    stop = draft.stop_sequence if ending == "stop" else None
    return replace(draft, parts=tuple(parts), ending=ending, output_tokens=written, stop_sequence=stop)


def _first_chunks(parts: Sequence[Part], chunks: int) -> list[Part]:
    return _first_characters(parts, sum(len(c) for c in [c for part in parts for c in part.chunks][:chunks]))


def _first_characters(parts: Sequence[Part], characters: int) -> list[Part]:
    kept: list[Part] = []
    for part in parts:
        text, chunks, room = part.text[:characters], [], characters
        for chunk in part.chunks:
            chunks.append(chunk[:room])
            room = max(room - len(chunk), 0)
        if text or not kept:
            kept.append(replace(part, text=text, chunks=tuple(filter(None, chunks))))
        characters -= len(text)
    return kept


def _newest_request(messages: Sequence[Message]) -> str:
    return messages[-1].text if messages and messages[-1].role == "user" else ""


def _tool_part(seed: int, tool: Tool, messages: Sequence[Message], faults: Faults) -> Part:
    prose = Prose(seed, tool.name, *_spoken(messages))
    request = re.sub(rf"[`\"']?{re.escape(tool.name)}[`\"']?", "it", last_user_text(messages))
    arguments = json_text(ValueMaker(tool.schema, request, prose).value())
    return Part("tool", spoil(arguments, faults.json_flaw), tool.name)


def _words(seed: int, call: ModelCall, faults: Faults) -> tuple[str, str, str | None]:
    original, partial = _split_continuation(call.messages)
    task, full = _full_text(seed, call, original, faults)
    begun = _shared_length(full, partial)
    if partial and not begun:
        task, full = _full_text(seed, call, call.messages, faults)
    rest = full[begun:]
    stop = min((s for s in call.stop if s in rest), key=rest.index, default=None)
    return task, rest if stop is None else rest[: rest.index(stop)], stop


def _shared_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def _full_text(seed: int, call: ModelCall, messages: Sequence[Message], faults: Faults) -> tuple[str, str]:
    task = recognise_task(system_text(messages))
    prose = Prose(seed, task, *_spoken(messages))
    if call.json_form is not None:
        asked = "\n".join(message.text for message in messages if message.role == "user")
        value = ValueMaker(call.json_form.schema or _ANY_OBJECT, asked, prose).value()
        text = spoil(json_text(value), faults.json_flaw)
    else:
        text = TASKS[task](Assignment(last_user_text(messages), prose, faults.words))
        if task == GENERAL_TASK and faults.words is None:
            text = "\n\n".join([*map(_quoted_result, tool_results(messages)), text])
    if faults.think_words is not None:
        text = f"<think>{_thought(seed, call, faults.think_words)}</think>\n\n{text}"
    return task, text


def _quoted_result(result: str) -> str:
    return f"The tool answered: {clip(result, _QUOTED_RESULT_WORDS)}"


def _thought(seed: int, call: ModelCall, words: int | None) -> str:
    prose = Prose(seed, "thought", *_spoken(call.messages))
    said: list[str] = []
    wanted = _THOUGHT_WORDS if words is None else words
    while len(said) < wanted:
        said += prose.sentence("open", requirement="the question", topic="it", value="what was given").split()
    return " ".join(said[:wanted])


def _spoken(messages: Sequence[Message]) -> list[str]:
    return [f"{message.role}\x1f{message.text}" for message in messages]


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


def _cut_into_chunks(seed: int, text: str, faults: Faults) -> tuple[str, ...]:
    random, chunks = seeded_random(seed, text), []
    # A boundary within each tag is what makes them hard to find.
    for piece in _INSIDE_TAGS.split(text) if faults.think_words is not None else [text]:
        start = 0
        while start < len(piece):
            size = random.choice(_CHUNK_CHARACTERS)
            chunks.append(piece[start : start + size])
            start += size
    return tuple(chunks)
