"""Rows that are not contracts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.ids import encode_id
from shared.contracts.prompts import Parameter, SnippetUse


@dataclass(frozen=True)
class VersionContent:
    """What a new version holds, and what of it lists and searches repeat."""

    template: str
    parameters: list[Parameter]
    content_hash: str
    snippet_uses: list[SnippetUse]
    includes: list[str]

    @property
    def snippet_names(self) -> list[str]:
        """The snippets mentioned, each once."""
        return list(dict.fromkeys(use.name for use in self.snippet_uses))

    def stored_uses(self) -> list[dict[str, object]]:
        """The uses as the jsonb column keeps them; whether a snippet is found is asked at reading."""
        return [use.model_dump(mode="json", exclude={"found"}) for use in self.snippet_uses]

    def stored_parameters(self) -> list[dict[str, object]]:
        """The parameters as the jsonb column keeps them."""
        return [parameter.model_dump(mode="json") for parameter in self.parameters]


@dataclass(frozen=True)
class PromptHead:
    """A prompt's row as a writer holds it, locked."""

    id: UUID
    set_slug: str
    slug: str
    title: str
    latest_version: int
    revision: int
    is_deleted: bool

    @property
    def address(self) -> str:
        """How other prompts name it."""
        return f"{self.set_slug}/{self.slug}"


@dataclass(frozen=True)
class SnippetHead:
    """A snippet's row as a writer holds it, locked."""

    id: UUID
    name: str
    description: str
    content: str
    content_hash: str
    version: int
    revision: int
    is_deleted: bool


@dataclass(frozen=True)
class SnippetText:
    """A snippet as a template asked for it; `asked` 0 is the latest."""

    name: str
    asked: int
    version: int
    content: str
    content_hash: str


@dataclass(frozen=True)
class PromptText:
    """A prompt's latest version as another prompt includes it."""

    address: str
    prompt_id: UUID
    prompt_version_id: UUID
    version: int
    content_hash: str
    template: str
    parameters: list[Parameter]


@dataclass(frozen=True)
class User:
    """Something that mentions or includes what is to be deleted."""

    kind: Literal["prompt", "snippet"]
    id: UUID
    title: str

    def listed(self) -> dict[str, JsonValue]:
        """How a problem lists it."""
        prefix = "pr" if self.kind == "prompt" else "sn"
        return {"kind": self.kind, "id": encode_id(prefix, self.id), "title": self.title}


@dataclass(frozen=True)
class OptimizationRow:
    """A rewrite with what its order needs to be sent again."""

    id: UUID
    project_id: UUID
    generation_id: UUID
    status: str
    original: str
    model: str | None
    author_id: UUID
    request_id: str
    age_seconds: float = 0.0


@dataclass(frozen=True)
class Cursor:
    """The last row of a page; the next one begins below it."""

    updated_at: datetime
    id: UUID


@dataclass(frozen=True)
class PromptFilter:
    """What a list shows. `words` is a tsquery, or None for all."""

    words: str | None
    tag: str | None
    archived: bool
