"""What prompts tells."""

from typing import Any, ClassVar, Literal

from shared.contracts.ids import GenerationId, OptimizationId, PromptId, PromptVersionId, SnippetId
from shared.contracts.message import Fact
from shared.contracts.prompts.samples import (
    CONTENT_HASH,
    GENERATION_ID,
    OPTIMIZATION_ID,
    PROMPT_ID,
    SNIPPET_ID,
    VERSION_ID,
)


class PromptChanged(Fact):
    """What every fact about a prompt tells."""

    prompt_id: PromptId
    revision: int


class PromptCreated(PromptChanged):
    """A prompt and its version 1 were made."""

    subject: ClassVar[str] = "fact.prompts.prompt.created.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "revision": 1}


class PromptUpdated(PromptChanged):
    """Title, description, tags, model or archive state changed."""

    subject: ClassVar[str] = "fact.prompts.prompt.updated.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "revision": 2}


class PromptDeleted(PromptChanged):
    """A prompt left the lists."""

    subject: ClassVar[str] = "fact.prompts.prompt.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "revision": 3}


class PromptRestored(PromptChanged):
    """A deleted prompt came back."""

    subject: ClassVar[str] = "fact.prompts.prompt.restored.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "revision": 4}


class PromptVersionCommitted(Fact):
    """An immutable version was added."""

    subject: ClassVar[str] = "fact.prompts.prompt_version.committed.v1"
    sample: ClassVar[dict[str, Any]] = {
        "prompt_id": PROMPT_ID,
        "prompt_version_id": VERSION_ID,
        "number": 2,
        "content_hash": CONTENT_HASH,
    }
    prompt_id: PromptId
    prompt_version_id: PromptVersionId
    number: int
    content_hash: str


class LabelMoved(Fact):
    """A label points at another version."""

    subject: ClassVar[str] = "fact.prompts.label.moved.v1"
    sample: ClassVar[dict[str, Any]] = {"prompt_id": PROMPT_ID, "label": "production", "version": 2}
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
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID, "name": "house-style", "version": 1}


class SnippetUpdated(SnippetChanged):
    """A snippet has a new text or description."""

    subject: ClassVar[str] = "fact.prompts.snippet.updated.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID, "name": "house-style", "version": 2}


class SnippetDeleted(SnippetChanged):
    """A snippet is gone."""

    subject: ClassVar[str] = "fact.prompts.snippet.deleted.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID, "name": "house-style", "version": 2}


class SnippetRestored(SnippetChanged):
    """A deleted snippet came back."""

    subject: ClassVar[str] = "fact.prompts.snippet.restored.v1"
    sample: ClassVar[dict[str, Any]] = {"snippet_id": SNIPPET_ID, "name": "house-style", "version": 2}


class OptimizationStarted(Fact):
    """A rewrite was ordered from a model."""

    subject: ClassVar[str] = "fact.prompts.optimization.started.v1"
    sample: ClassVar[dict[str, Any]] = {"optimization_id": OPTIMIZATION_ID, "generation_id": GENERATION_ID}
    optimization_id: OptimizationId
    generation_id: GenerationId


class OptimizationFinished(Fact):
    """A rewrite is ready, was refused or failed."""

    subject: ClassVar[str] = "fact.prompts.optimization.finished.v1"
    sample: ClassVar[dict[str, Any]] = {
        "optimization_id": OPTIMIZATION_ID,
        "generation_id": GENERATION_ID,
        "status": "ready",
    }
    optimization_id: OptimizationId
    generation_id: GenerationId
    status: Literal["ready", "refused", "failed"]
