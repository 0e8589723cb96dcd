"""What a call asks for, in words that no wire format owns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

from simulator.toolbox import Toolbox

type Role = Literal["system", "user", "assistant", "tool"]

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, its content flattened to text; what a tool gave back is a turn of its own.

    `extra_tokens` counts what is no text: images, and the calls of tools that an assistant made.
    """

    role: Role
    text: str
    extra_tokens: int = 0


@dataclass(frozen=True, slots=True)
class JsonForm:
    """The answer shall be JSON: of this schema, or any object where there is none."""

    schema: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class EmbeddingInput:
    """One text to embed; a caller who sent tokens is charged for exactly those."""

    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class EmbeddingForm:
    """A call for vectors instead of an answer in words."""

    inputs: tuple[EmbeddingInput, ...]
    dimensions: int
    is_base64: bool


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, whichever wire format carried it.

    `model` is the name exactly as the client sent it, fault suffix included. `wants_thought` asks to see how the
    model comes to its answer. `echoed` holds the fields that the response repeats.
    """

    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int | None = None
    stream: bool = False
    include_usage: bool = True
    toolbox: Toolbox = field(default_factory=Toolbox)
    json_form: JsonForm | None = None
    stop: tuple[str, ...] = ()
    wants_thought: bool = False
    embedding: EmbeddingForm | None = None
    echoed: Mapping[str, Any] = field(default_factory=dict)


def count_tokens(text: str) -> int:
    """Tokens as the simulator bills them: a quarter of the characters, rounded up."""
    return ceil(len(text) / CHARACTERS_PER_TOKEN)


def count_input_tokens(messages: Sequence[Message]) -> int:
    """The input tokens of a conversation: each message counted on its own, then summed."""
    return sum(count_tokens(message.text) + message.extra_tokens for message in messages)


def count_call_tokens(call: ModelCall) -> int:
    """The input tokens of a call: its conversation and the definitions of its tools, or the texts to embed."""
    if call.embedding is not None:
        return sum(given.tokens for given in call.embedding.inputs)
    return count_input_tokens(call.messages) + ceil(call.toolbox.characters / CHARACTERS_PER_TOKEN)


def system_text(messages: Sequence[Message]) -> str:
    """All system messages, in order, joined by a blank line."""
    return "\n\n".join(message.text for message in messages if message.role == "system")


def last_user_text(messages: Sequence[Message]) -> str:
    """The newest user message, or the empty string."""
    return next((message.text for message in reversed(messages) if message.role == "user"), "")


def tool_results(messages: Sequence[Message]) -> list[str]:
    """What tools gave back since the assistant spoke last."""
    results: list[str] = []
    for message in reversed(messages):
        if message.role == "assistant":
            break
        if message.role == "tool":
            results.insert(0, message.text)
    return results
