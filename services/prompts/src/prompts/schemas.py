"""What the HTTP side takes where the address already says a part of the contract; it gives contracts."""

from pydantic import Field, JsonValue

from shared.contracts.message import Command
from shared.contracts.prompts import MAX_TEMPLATE_CHARACTERS, Parameter, Slug, Tag, Template, Title


class PromptChanges(Command):
    """`UpdatePrompt` without the prompt."""

    revision: int
    title: Title | None = None
    description: str | None = Field(default=None, max_length=2000)
    tags: list[Tag] | None = Field(default=None, max_length=20)
    default_model: str | None = Field(default=None, max_length=200)
    archived: bool | None = None


class NewVersion(Command):
    """`CommitVersion` without the prompt."""

    base_version: int
    template: Template
    parameters: list[Parameter] | None = Field(default=None, max_length=100)
    message: str = Field(default="", max_length=500)


class LabelTarget(Command):
    """`MoveLabel` without prompt and label."""

    version: int = Field(ge=1)


class Preview(Command):
    """`PreviewTemplate` without the prompt."""

    template: Template
    parameters: list[Parameter] | None = Field(default=None, max_length=100)
    values: dict[str, JsonValue] = Field(default_factory=dict)


class Render(Command):
    """`RenderPrompt` without the prompt."""

    version: int | None = Field(default=None, ge=1)
    label: Slug | None = None
    values: dict[str, JsonValue] = Field(default_factory=dict)


class SnippetChanges(Command):
    """`UpdateSnippet` without the snippet."""

    revision: int
    content: str | None = Field(default=None, max_length=MAX_TEMPLATE_CHARACTERS)
    description: str | None = Field(default=None, max_length=500)
