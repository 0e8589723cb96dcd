"""What prompts answers and tells: sets, prompts, versions, labels, parameters, snippets, optimisation."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from shared.contracts.ids import GenerationId, OptimizationId, PromptId, PromptVersionId, SnippetId, UserId
from shared.contracts.message import Command, Fact, Request, View

_PROMPT = "pr_00000000007000400000000001"
_VERSION = "pv_00000000007000400000000003"
_SNIPPET = "sn_00000000007000400000000004"
_OPTIMIZATION = "op_00000000007000400000000005"
_GENERATION = "ge_00000000007000400000000006"
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

# 64 KiB is the size up to which rendering keeps its time and memory bounds (GUARANTEES N21).
MAX_TEMPLATE_CHARACTERS = 65_536

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
SnippetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)]
Template = Annotated[str, StringConstraints(max_length=MAX_TEMPLATE_CHARACTERS)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
# PostgreSQL's integer: what is larger is refused by name before it reaches a row.
MAX_NUMBER = 2**31 - 1
VersionNumber = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
# 0 is before the first: whoever saw nothing yet conflicts with everything that is there.
SeenNumber = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
ParameterType = Literal["string", "text", "number", "boolean", "enum", "list", "json"]


class Parameter(Command):
    """One typed input of a template.

    `choices` belongs to `enum` and is not empty there; lengths count characters of `string` and `text`;
    `minimum` and `maximum` bound `number`; `pattern` is a regular expression for `string`.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
    type: ParameterType = "string"
    required: bool = True
    default: JsonValue = None
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    choices: list[str] | None = Field(default=None, max_length=100)
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    pattern: Annotated[str, StringConstraints(max_length=200)] | None = None


class Finding(View):
    """One thing wrong with a template: where (line and column count from 1, in UTF-16 units as editors do) and what."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    line: int
    column: int
    length: int = 0


class SnippetUse(View):
    """One snippet that a template mentions; `version` is None for the latest, `found` is false for an unknown name."""

    name: str
    version: int | None = None
    found: bool = True


class TemplateCheck(View):
    """What a template holds: its parameters with the types that could be read from it, its snippets, its faults."""

    parameters: list[Parameter]
    snippets: list[SnippetUse]
    findings: list[Finding]


class PromptVersion(View):
    """An immutable version. `number` has no gaps; `content_hash` is SHA-256 over template and parameters."""

    id: PromptVersionId
    number: int
    content_hash: str
    template: str
    parameters: list[Parameter]
    message: str
    author_id: UserId
    created_at: datetime


class PromptSummary(View):
    """A prompt as lists show it. `slug` is unique in its set; `revision` guards updates of title, tags and model."""

    id: PromptId
    set_slug: str
    slug: str
    title: str
    description: str
    tags: list[str]
    default_model: str | None
    latest_version: int
    labels: dict[str, int]
    parameters: list[Parameter]
    snippets: list[SnippetUse]
    archived: bool
    revision: int
    author_id: UserId
    created_at: datetime
    updated_at: datetime


class PromptDetail(PromptSummary):
    """A prompt with the text of its latest version."""

    latest: PromptVersion


class PromptPage(View):
    """A page of prompts, newest change first; `next_cursor` is None on the last one."""

    items: list[PromptSummary]
    next_cursor: str | None = None
    total: int


class PromptVersionPage(View):
    """The versions of one prompt, newest first."""

    items: list[PromptVersion]


class Snippet(View):
    """A named text that `@name` inserts. `used_by` counts prompts whose latest version mentions it."""

    id: SnippetId
    name: str
    description: str
    content: str
    version: int
    content_hash: str
    used_by: int
    revision: int
    author_id: UserId
    created_at: datetime
    updated_at: datetime


class SnippetPage(View):
    """All snippets of a project by name."""

    items: list[Snippet]


class UsedSnippet(View):
    """A snippet as a render took it in."""

    name: str
    version: int
    content_hash: str


class UsedPrompt(View):
    """A prompt that `{% render 'set/slug' %}` took in, at the version that was its latest then."""

    address: str
    prompt_id: PromptId
    prompt_version_id: PromptVersionId
    version: int
    content_hash: str


class RenderedPrompt(View):
    """The text to send and everything that went into it, so that a generation can say where it came from.

    `included` lists the prompts taken in at any depth, by address, each once.
    """

    prompt_id: PromptId
    prompt_version_id: PromptVersionId
    prompt_title: str
    version: int
    content_hash: str
    text: str
    snippets: list[UsedSnippet]
    default_model: str | None
    # Since 0.1, required from 0.2 on.
    included: list[UsedPrompt] = Field(default_factory=list)


class Optimization(View):
    """A rewrite of a raw prompt by a model.

    `running` streams under `generation_id`; `ready` holds `text`; `refused` means that the rewrite lost or
    added a parameter or snippet (`lost`, `added`) and must not be used; `failed` says why in `detail`.
    """

    id: OptimizationId
    generation_id: GenerationId
    status: Literal["running", "ready", "refused", "failed"]
    original: str
    text: str | None
    lost: list[str]
    added: list[str]
    detail: str | None
    simulated: bool | None


class SuggestedTitle(View):
    """A title made by a model; `simulated` says that the simulator made it."""

    title: str
    simulated: bool


class Done(View):
    """A command was carried out and has nothing more to say."""

    done: bool = True


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
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT}
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
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "revision": 3, "title": "Outline of episodes"}
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
        "prompt_id": _PROMPT,
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
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT}
    prompt_id: PromptId


class DeletePrompt(Request[Done]):
    """Take a prompt out of every list; `RestorePrompt` brings it back. Its versions stay."""

    subject: ClassVar[str] = "request.prompts.delete_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Done
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT}
    prompt_id: PromptId


class RestorePrompt(Request[PromptDetail]):
    """Undo `DeletePrompt`. 409 where another prompt has taken its slug meanwhile."""

    subject: ClassVar[str] = "request.prompts.restore_prompt.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT}
    prompt_id: PromptId


class LabelTarget(Command):
    """The version that a label shall point at."""

    version: VersionNumber


class MoveLabel(LabelTarget, Request[PromptDetail]):
    """Point a label at a version. `latest` is reserved: it is computed and cannot be moved."""

    subject: ClassVar[str] = "request.prompts.move_label.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = PromptDetail
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "label": "production", "version": 2}
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
        "prompt_id": _PROMPT,
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
        "prompt_id": _PROMPT,
        "version": 2,
        "label": None,
        "values": {"premise": "A ferry that leaves without its captain"},
    }
    prompt_id: PromptId


class ListSnippets(Request[SnippetPage]):
    """List the snippets of the project by name."""

    subject: ClassVar[str] = "request.prompts.list_snippets.v1"
    action: ClassVar[str] = "prompts.read"
    callers: ClassVar[tuple[str, ...]] = ("web", "documents", "workflows")
    answer: ClassVar[type[BaseModel]] = SnippetPage
    sample: ClassVar[dict[str, Any]] = {"query": ""}
    query: str = Field(default="", max_length=200)


class GetSnippet(Request[Snippet]):
    """Read one snippet by name."""

    subject: ClassVar[str] = "request.prompts.get_snippet.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = Snippet
    sample: ClassVar[dict[str, Any]] = {"name": "house-style"}
    name: SnippetName


class CreateSnippet(Request[Snippet]):
    """Create a snippet whose text becomes version 1; a taken name is 409."""

    subject: ClassVar[str] = "request.prompts.create_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Snippet
    sample: ClassVar[dict[str, Any]] = {
        "name": "house-style",
        "content": "Short sentences.",
        "description": "How we write",
    }
    name: SnippetName
    content: Template
    description: str = Field(default="", max_length=500)


class SnippetChanges(Command):
    """What may change of a snippet; a field left out stays."""

    revision: SeenNumber
    content: Template | None = None
    description: str | None = Field(default=None, max_length=500)


class UpdateSnippet(SnippetChanges, Request[Snippet]):
    """Change a snippet; a changed text becomes its next version. A newer `revision` than the writer saw is 409."""

    subject: ClassVar[str] = "request.prompts.update_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Snippet
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET, "revision": 1, "content": "Short, concrete sentences."}
    snippet_id: SnippetId


class DeleteSnippet(Request[Done]):
    """Delete a snippet. Refused with the list of prompts whose latest version mentions it."""

    subject: ClassVar[str] = "request.prompts.delete_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Done
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET}
    snippet_id: SnippetId


class RestoreSnippet(Request[Snippet]):
    """Undo `DeleteSnippet`. 409 where another snippet has taken its name meanwhile."""

    subject: ClassVar[str] = "request.prompts.restore_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Snippet
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET}
    snippet_id: SnippetId


class OptimizePrompt(Request[Optimization]):
    """Have a model rewrite a raw prompt. Answers at once; the text streams under the answer's `generation_id`."""

    subject: ClassVar[str] = "request.prompts.optimize_prompt.v1"
    action: ClassVar[str] = "prompts.generate"
    answer: ClassVar[type[BaseModel]] = Optimization
    sample: ClassVar[dict[str, Any]] = {"template": "write an outline for {{ premise }}", "model": "simulator/quill"}
    template: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEMPLATE_CHARACTERS)]
    model: str | None = Field(default=None, max_length=200)


class GetOptimization(Request[Optimization]):
    """Read an optimisation: its state, and its text once parameters and snippets are proven unchanged."""

    subject: ClassVar[str] = "request.prompts.get_optimization.v1"
    action: ClassVar[str] = "prompts.read"
    answer: ClassVar[type[BaseModel]] = Optimization
    sample: ClassVar[dict[str, Any]] = {"optimization_id": _OPTIMIZATION}
    optimization_id: OptimizationId


class SuggestTitle(Request[SuggestedTitle]):
    """Have a model name a prompt in three to six words. Waits for the answer."""

    subject: ClassVar[str] = "request.prompts.suggest_title.v1"
    action: ClassVar[str] = "prompts.generate"
    answer: ClassVar[type[BaseModel]] = SuggestedTitle
    sample: ClassVar[dict[str, Any]] = {"template": "Outline {{ premise }}", "model": None}
    template: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEMPLATE_CHARACTERS)]
    model: str | None = Field(default=None, max_length=200)


class PromptChanged(Fact):
    """What every fact about a prompt tells."""

    prompt_id: PromptId
    revision: int


class PromptCreated(PromptChanged):
    """A prompt and its version 1 were made."""

    subject: ClassVar[str] = "fact.prompts.prompt.created.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "revision": 1}


class PromptUpdated(PromptChanged):
    """Title, description, tags, model or archive state changed."""

    subject: ClassVar[str] = "fact.prompts.prompt.updated.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "revision": 2}


class PromptDeleted(PromptChanged):
    """A prompt left the lists."""

    subject: ClassVar[str] = "fact.prompts.prompt.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "revision": 3}


class PromptRestored(PromptChanged):
    """A deleted prompt came back."""

    subject: ClassVar[str] = "fact.prompts.prompt.restored.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "revision": 4}


class PromptVersionCommitted(Fact):
    """An immutable version was added."""

    subject: ClassVar[str] = "fact.prompts.prompt_version.committed.v1"
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": _PROMPT,
        "prompt_version_id": _VERSION,
        "number": 2,
        "content_hash": _HASH,
    }
    prompt_id: PromptId
    prompt_version_id: PromptVersionId
    number: int
    content_hash: str


class LabelMoved(Fact):
    """A label points at another version."""

    subject: ClassVar[str] = "fact.prompts.label.moved.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": _PROMPT, "label": "production", "version": 2}
    prompt_id: PromptId
    label: str
    version: int


class SnippetChanged(Fact):
    """What every fact about a snippet tells."""

    snippet_id: SnippetId
    name: str
    version: int


class SnippetCreated(SnippetChanged):
    """A snippet was made."""

    subject: ClassVar[str] = "fact.prompts.snippet.created.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET, "name": "house-style", "version": 1}


class SnippetUpdated(SnippetChanged):
    """A snippet has a new text or description."""

    subject: ClassVar[str] = "fact.prompts.snippet.updated.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET, "name": "house-style", "version": 2}


class SnippetDeleted(SnippetChanged):
    """A snippet is gone."""

    subject: ClassVar[str] = "fact.prompts.snippet.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET, "name": "house-style", "version": 2}


class SnippetRestored(SnippetChanged):
    """A deleted snippet came back."""

    subject: ClassVar[str] = "fact.prompts.snippet.restored.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": _SNIPPET, "name": "house-style", "version": 2}


class OptimizationStarted(Fact):
    """A rewrite was ordered from a model."""

    subject: ClassVar[str] = "fact.prompts.optimization.started.v1"
    sample: ClassVar[dict[str, Any]] = {"optimization_id": _OPTIMIZATION, "generation_id": _GENERATION}
    optimization_id: OptimizationId
    generation_id: GenerationId


class OptimizationFinished(Fact):
    """A rewrite is ready, was refused or failed."""

    subject: ClassVar[str] = "fact.prompts.optimization.finished.v1"
    sample: ClassVar[dict[str, Any]] = {
        "optimization_id": _OPTIMIZATION,
        "generation_id": _GENERATION,
        "status": "ready",
    }
    optimization_id: OptimizationId
    generation_id: GenerationId
    status: Literal["ready", "refused", "failed"]
