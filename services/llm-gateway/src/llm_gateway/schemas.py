"""What the HTTP interface takes; it gives the contracts' own views."""

from pydantic import Field

from shared.contracts.ids import GenerationId
from shared.contracts.llm_gateway import GenerationOrigin, GenerationRequest
from shared.contracts.message import Command


class NewGeneration(Command):
    """A generation to be started. `continues` names an ended one whose text this one goes on with."""

    request: GenerationRequest
    origin: GenerationOrigin = Field(default_factory=lambda: GenerationOrigin(task="other"))
    continues: GenerationId | None = None
