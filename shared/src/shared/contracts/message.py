"""The three kinds of message and what each carries beside its own fields.

A contract class states its subject, who may send it and, for a request, what is answered. The bus reads
these; nothing else in the house spells a subject.
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from shared.contracts.storable import refuse_unstorable

Answer = TypeVar("Answer", bound=BaseModel)

SERVICES = ("prompts", "documents", "llm_gateway", "workflows", "web")


class View(BaseModel):
    """What is read: unknown fields are left aside, so that a newer writer does not break an older reader."""

    # What a person wrote, or a key, is not repeated in the words of an error that ends in a log.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Command(BaseModel):
    """What is written: an unknown field is refused, so that a misspelt one is never lost in silence.

    So is a value that no row or message can hold, under its field's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_unstorable(cls, value: object) -> object:
        refuse_unstorable(value)
        return value


class Message:
    """What every message class states about itself."""

    subject: ClassVar[str]
    sample: ClassVar[dict[str, Any]]

    @classmethod
    def owner(cls) -> str:
        """Name the service that answers the request, publishes the fact or does the job."""
        return cls.subject.split(".")[1]


class Request[Answer: BaseModel](Command, Message):
    """A question or a command with one owner; the reply is `answer` or a problem.

    `action` is the entry of the policy table that the caller must be allowed; `callers` are the services
    that may send it. `sends_effect` is true where saying it twice could make two things, so that the bus
    carries the caller's idempotency key.
    """

    action: ClassVar[str]
    callers: ClassVar[tuple[str, ...]] = ("web",)
    answer: ClassVar[type[BaseModel]]


class Fact(View, Message):
    """Something that happened, told after its transaction committed; anyone may listen.

    Holds ids and what readers need to decide, never whole rows, prompt text or secrets.
    `readers` are the services that keep a durable consumer for it; listening to live updates needs none.
    """

    readers: ClassVar[tuple[str, ...]] = ()

    def entity_id(self) -> str:
        """Name the changed row: the first field of every fact is the id of its entity."""
        first = next(iter(type(self).model_fields))
        return str(self.model_dump(mode="json", include={first})[first])


class Job(Command, Message):
    """An order with one owner; the row in PostgreSQL is the truth, the message only wakes somebody."""

    callers: ClassVar[tuple[str, ...]]


def durable_name(reader: str, message: type[Fact] | type[Job]) -> str:
    """Name the durable consumer of a fact's reader, or of a job's owner: `<reader>_on_<entity>_<fact>`."""
    return f"{reader}_on_{'_'.join(message.subject.split('.')[2:-1])}"


def contract_modules() -> Iterator[ModuleType]:
    """Import the contract module of each service."""
    for service in SERVICES:
        yield import_module(f"shared.contracts.{service}")


def all_messages() -> list[type[Message]]:
    """List every declared message, ordered by subject."""
    found = {
        value.subject: value
        for module in contract_modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message) and "subject" in vars(value)
    }
    return [found[subject] for subject in sorted(found)]
