"""What prompts answers about snippets, rewrites and titles."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, StringConstraints

from shared.contracts.ids import OptimizationId, SnippetId
from shared.contracts.message import Command, Request
from shared.contracts.prompts.samples import OPTIMIZATION_ID, SNIPPET_ID
from shared.contracts.prompts.values import (
    MAX_TEMPLATE_CHARACTERS,
    Done,
    Optimization,
    SeenNumber,
    Snippet,
    SnippetName,
    SnippetPage,
    SuggestedTitle,
    Template,
)


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
    sample: ClassVar[dict[str, Any]] = {
        "snippet_id": SNIPPET_ID,
        "revision": 1,
        "content": "Short, concrete sentences.",
    }
    snippet_id: SnippetId


class DeleteSnippet(Request[Done]):
    """Delete a snippet. Refused with the list of prompts whose latest version mentions it."""

    subject: ClassVar[str] = "request.prompts.delete_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Done
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID}
    snippet_id: SnippetId


class RestoreSnippet(Request[Snippet]):
    """Undo `DeleteSnippet`. 409 where another snippet has taken its name meanwhile."""

    subject: ClassVar[str] = "request.prompts.restore_snippet.v1"
    action: ClassVar[str] = "prompts.write"
    answer: ClassVar[type[BaseModel]] = Snippet
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID}
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
    sample: ClassVar[dict[str, Any]] = {"optimization_id": OPTIMIZATION_ID}
    optimization_id: OptimizationId


class SuggestTitle(Request[SuggestedTitle]):
    """Have a model name a prompt in three to six words. Waits for the answer."""

    subject: ClassVar[str] = "request.prompts.suggest_title.v1"
    action: ClassVar[str] = "prompts.generate"
    answer: ClassVar[type[BaseModel]] = SuggestedTitle
    sample: ClassVar[dict[str, Any]] = {"template": "Outline {{ premise }}", "model": None}
    template: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEMPLATE_CHARACTERS)]
    model: str | None = Field(default=None, max_length=200)
