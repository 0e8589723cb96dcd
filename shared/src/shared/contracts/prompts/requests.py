"""What prompts answers about prompts, versions, labels and templates."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field, JsonValue

from shared.contracts.ids import PromptId, PromptVersionId
from shared.contracts.message import Command, Request
from shared.contracts.prompts.samples import PROMPT_ID, VERSION_ID
from shared.contracts.prompts.values import (
    Done,
    Parameter,
    PromptDetail,
    PromptPage,
    PromptVersionNames,
    PromptVersionPage,
    RenderedPrompt,
    SeenNumber,
    Slug,
    Tag,
    Template,
    TemplateCheck,
    Title,
    VersionNumber,
)


class ListPrompts(Request[PromptPage]):
    """List the prompts of the project. `query` searches title, description, tags and text, word beginnings included."""

    subject: ClassVar[str] = "request.prompts.list_prompts.v1"
    action: ClassVar[str] = "prompts.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "workflows")
    answer: ClassVar[type[BaseModel]] = PromptPage
    sample: ClassVar[dict[str, Any]] = {
        "query": "outline",
        "tag": "fiction",
        "archived": False,
        "limit": 50,
        "cursor": None,
    }
    query: str = Field(default="", max_length=200)
    tag: Tag | None = None
    archived: bool = False
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = None


class GetPrompt(Request[PromptDetail]):
    """Read one prompt with its latest version."""

    subject: ClassVar[str] = "request.prompts.get_prompt.v1"
    action: ClassVar[str] = "prompts.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "workflows")
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID}
    prompt_id: PromptId


class CreatePrompt(Request[PromptDetail]):
    """Create a prompt whose text becomes version 1. Without a slug one is made from the title; a taken slug is 409."""

    subject: ClassVar[str] = "request.prompts.create_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {
        "title": "Episode outline",
        "template": "Outline {{ premise }}",
        "set_slug": "default",
    }
    title: Title
    template: Template
    parameters: list[Parameter] | None = Field(default=None, max_length=100)
    slug: Slug | None = None
    set_slug: Slug = "default"
    description: str = Field(default="", max_length=2000)
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    default_model: str | None = Field(default=None, max_length=200)
    message: str = Field(default="First version", max_length=500)


class ImportPrompt(Request[PromptDetail]):
    """Make a prompt of pasted JSON: an OpenAI prompt object, or the body of a request with instructions or messages.

    `{{name}}` becomes a parameter. The prompt is named after the id that it had, so that code which says
    `prompt: {id: "pmpt_..."}` goes on working at the gateway. A prompt of that name is 409.
    """

    subject: ClassVar[str] = "request.prompts.import_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {
        "source": '{"id": "pmpt_68a1", "instructions": "Outline {{premise}}.", "model": "gpt-6.1-terra"}',
        "title": None,
    }
    source: str = Field(min_length=2, max_length=400_000)
    title: Title | None = None


class PromptChanges(Command):
    """What may change of a prompt beside its versions; a field left out stays."""

    revision: SeenNumber
    title: Title | None = None
    description: str | None = Field(default=None, max_length=2000)
    tags: list[Tag] | None = Field(default=None, max_length=20)
    default_model: str | None = Field(default=None, max_length=200)
    archived: bool | None = None


class UpdatePrompt(PromptChanges, Request[PromptDetail]):
    """Change what is not versioned. A field left out stays; `revision` is what the writer saw, a newer one is 409."""

    subject: ClassVar[str] = "request.prompts.update_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "revision": 3, "title": "Outline of episodes"}
    prompt_id: PromptId


class NewVersion(Command):
    """The content of a version to be added, and the version that its author started from."""

    base_version: SeenNumber
    template: Template
    parameters: list[Parameter] | None = Field(default=None, max_length=100)
    message: str = Field(default="", max_length=500)


class CommitVersion(NewVersion, Request[PromptDetail]):
    """Add an immutable version. `base_version` is the version the author started from; a newer one is 409."""

    subject: ClassVar[str] = "request.prompts.commit_version.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": PROMPT_ID,
        "base_version": 1,
        "template": "Outline {{ premise }} in scenes",
        "message": "Ask for scenes",
    }
    prompt_id: PromptId


class ListVersions(Request[PromptVersionPage]):
    """List the versions of one prompt, newest first."""

    subject: ClassVar[str] = "request.prompts.list_versions.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = PromptVersionPage
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID}
    prompt_id: PromptId


class NameVersions(Request[PromptVersionNames]):
    """Say what versions are called of which only ids are known. Unknown ids are left out."""

    subject: ClassVar[str] = "request.prompts.name_versions.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = PromptVersionNames
    sample: ClassVar[dict[str, Any]] = {"ids": [VERSION_ID]}
    ids: list[PromptVersionId] = Field(max_length=100)


class DeletePrompt(Request[Done]):
    """Take a prompt out of every list; `RestorePrompt` brings it back. Its versions stay."""

    subject: ClassVar[str] = "request.prompts.delete_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Done
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID}
    prompt_id: PromptId


class RestorePrompt(Request[PromptDetail]):
    """Undo `DeletePrompt`. 409 where another prompt has taken its slug meanwhile."""

    subject: ClassVar[str] = "request.prompts.restore_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID}
    prompt_id: PromptId


class LabelTarget(Command):
    """The version that a label shall point at."""

    version: VersionNumber


class MoveLabel(LabelTarget, Request[PromptDetail]):
    """Point a label at a version. `latest` is reserved: it is computed and cannot be moved."""

    subject: ClassVar[str] = "request.prompts.move_label.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "label": "production", "version": 2}
    prompt_id: PromptId
    label: Slug


class CheckTemplate(Request[TemplateCheck]):
    """Say what a template holds and what is wrong with it. Faults are findings here, not problems."""

    subject: ClassVar[str] = "request.prompts.check_template.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = TemplateCheck
    sample: ClassVar[dict[str, Any]] = {"template": "Outline {{ premise }} with @house-style"}
    template: Template


class Preview(Command):
    """Unsaved text and the values to render it with."""

    template: Template
    parameters: list[Parameter] | None = Field(default=None, max_length=100)
    values: dict[str, JsonValue] = Field(default_factory=dict)


class PreviewTemplate(Preview, Request[RenderedPrompt]):
    """Render unsaved text of `prompt_id` with values; the ids in the answer are those of its latest version."""

    subject: ClassVar[str] = "request.prompts.preview_template.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = RenderedPrompt
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": PROMPT_ID,
        "template": "Outline {{ premise }}",
        "values": {"premise": "A ferry"},
    }
    prompt_id: PromptId


class Render(Command):
    """The version to render, or the label that names it, and the values."""

    version: VersionNumber | None = None
    label: Slug | None = None
    values: dict[str, JsonValue] = Field(default_factory=dict)


class RenderPrompt(Render, Request[RenderedPrompt]):
    """Render a version with values. Without `version` the latest is taken; `label` names one instead.

    Missing, extra and ill-typed values are refused by name; a template that runs past its bounds is refused.
    """

    subject: ClassVar[str] = "request.prompts.render_prompt.v1"
    action: ClassVar[str] = "prompts.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "llm_gateway", "workflows")
    answer: ClassVar[type[BaseModel]] = RenderedPrompt
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": PROMPT_ID,
        "version": 2,
        "label": None,
        "values": {"premise": "A ferry that leaves without its captain"},
    }
    prompt_id: PromptId


class RenderPromptByName(Render, Request[RenderedPrompt]):
    """Render the prompt that is named `set/slug`, or `slug` in the set `default`; otherwise as `RenderPrompt`."""

    subject: ClassVar[str] = "request.prompts.render_prompt_by_name.v1"
    action: ClassVar[str] = "prompts.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "llm_gateway", "workflows")
    answer: ClassVar[type[BaseModel]] = RenderedPrompt
    sample: ClassVar[dict[str, Any]] = {
        "name": "default/episode-outline",
        "version": None,
        "label": "production",
        "values": {"premise": "A ferry that leaves without its captain"},
    }
    name: str = Field(max_length=200, pattern=r"^[^\s/]+(/[^\s/]+)?$")
