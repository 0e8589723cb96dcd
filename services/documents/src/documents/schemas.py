"""What the HTTP API takes where it differs from the contracts: ids stand in the path."""

from pydantic import Field

from shared.contracts.documents import Content
from shared.contracts.message import Command
from shared.contracts.prompts import SeenNumber, Tag, Title


class DocumentChanges(Command):
    """What to change; a field left out stays. `revision` is what the writer saw, unless `If-Match` says it."""

    revision: SeenNumber | None = None
    title: Title | None = None
    content: Content | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    archived: bool | None = None
