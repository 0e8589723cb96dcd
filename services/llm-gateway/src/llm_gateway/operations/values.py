"""The value of an answer in JSON, while it is written and after."""

from collections.abc import AsyncGenerator

from pydantic import JsonValue

from llm_gateway.domain.structured import partial_value
from llm_gateway.operations.generations import read_segments
from shared.call import Call
from shared.contracts.llm_gateway import GeneratedValue, Generation, GetGeneration, ReadSegments, Segment
from shared.postgres import Database


async def read_value(database: Database, call: Call, command: GetGeneration) -> GeneratedValue:
    """Read the value as far as it is written. Raises NotFound."""
    read = await read_segments(database, call, ReadSegments(generation_id=command.generation_id))
    reading = _Reading()
    for segment in read.segments:
        reading.take(segment)
    return reading.view(read.generation)


async def watch_value(
    generation: Generation, watched: AsyncGenerator[Segment | Generation]
) -> AsyncGenerator[GeneratedValue]:
    """Yield the value whenever it has grown, and once more at the end. `watched` begins at the first segment."""
    reading, told = _Reading(), None
    async for news in watched:
        if isinstance(news, Generation):
            yield reading.view(news)
        else:
            reading.take(news)
            view = reading.view(generation.model_copy(update={"status": "running"}))
            if view != told:
                yield view
                told = view


class _Reading:
    """A draft, or an answer that happens to be JSON, segment by segment."""

    def __init__(self) -> None:
        self._drafts = 0
        self._text = ""
        self._value: JsonValue = None
        self._is_checked = False

    def take(self, segment: Segment) -> None:
        if segment.kind == "think":
            return
        is_new_draft = segment.kind == "draft" and not segment.text
        is_checked = segment.kind == "text" and self._drafts > 0
        if is_new_draft or (is_checked and not self._is_checked):
            self._text, self._value = "", None
        self._drafts += is_new_draft
        self._is_checked |= is_checked
        self._text += segment.text
        self._value = partial_value(self._text, self._value)

    def view(self, generation: Generation) -> GeneratedValue:
        is_whole = generation.status == "completed"
        return GeneratedValue(
            generation_id=generation.id,
            status=generation.status,
            # At the end a number that is the whole answer is whole.
            value=partial_value(f"{self._text}\n", self._value) if is_whole else self._value,
            is_partial=not is_whole,
            draft=self._drafts,
        )
