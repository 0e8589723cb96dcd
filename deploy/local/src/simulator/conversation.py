"""What a call asks for, in words that no wire format owns."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

type Role = Literal["system", "user", "assistant"]

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, its content flattened to text."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, whichever wire format carried it.

    `model` is the name exactly as the client sent it, fault suffix included.
    """

    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int | None
    stream: bool
    include_usage: bool = True


def count_tokens(text: str) -> int:
    """Tokens as the simulator bills them: a quarter of the characters, rounded up."""
    return ceil(len(text) / CHARACTERS_PER_TOKEN)


def count_input_tokens(messages: Sequence[Message]) -> int:
    """The input tokens of a conversation: each message counted on its own, then summed."""
    return sum(count_tokens(message.text) for message in messages)


def system_text(messages: Sequence[Message]) -> str:
    """All system messages, in order, joined by a blank line."""
    return "\n\n".join(message.text for message in messages if message.role == "system")


def last_user_text(messages: Sequence[Message]) -> str:
    """The newest user message, or the empty string."""
    return next((message.text for message in reversed(messages) if message.role == "user"), "")
