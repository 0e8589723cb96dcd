"""What prompts shows: prompts, versions, parameters, snippets, renders, rewrites."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from shared.contracts.ids import GenerationId, OptimizationId, PromptId, PromptVersionId, SnippetId, UserId
from shared.contracts.message import Command, View

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


class PromptVersionName(View):
    """What a version is called: its prompt's title and its number, also where the prompt was deleted."""

    id: PromptVersionId
    prompt_id: PromptId
    title: str
    number: int


class PromptVersionNames(View):
    """The versions that were asked for, in no order; the project's own only."""

    items: list[PromptVersionName]


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
