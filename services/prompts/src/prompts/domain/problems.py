"""What can go wrong with prompts, snippets and templates, each with a stable type."""

from pydantic import JsonValue

from shared.contracts.prompts import Finding
from shared.problems import Conflict, NotFound, Problem, Unavailable


class PromptNotFound(NotFound):
    """A missing, deleted or foreign prompt: the three are not told apart, by type nor by sentence."""

    def __init__(self) -> None:
        """Say what may have happened to a prompt that somebody had on the screen."""
        super().__init__("This prompt is not here. It may have been deleted: choose another, or restore it.")


class PromptSlugTaken(Conflict):
    """Another prompt of the set has this slug."""

    type = "/problems/prompt-slug-taken"
    title = "Name taken"


class PromptVersionConflict(Conflict):
    """Somebody committed since the author began: the document carries both texts, so that neither is lost."""

    type = "/problems/prompt-version-conflict"
    title = "The prompt has a newer version"


class PromptRevisionConflict(Conflict):
    """Title, tags or model changed since the writer looked; `revision` is the one that is stored."""

    type = "/problems/prompt-revision-conflict"
    title = "The prompt has changed"


class PromptInUse(Conflict):
    """Other prompts include this one; `used_by` lists them."""

    type = "/problems/prompt-in-use"
    title = "Other prompts include this one"


class LabelReserved(Problem):
    """`latest` is computed and cannot be moved."""

    type = "/problems/label-reserved"
    title = "Reserved label"
    status = 422


class SnippetNameTaken(Conflict):
    """Another snippet of the project has this name."""

    type = "/problems/snippet-name-taken"
    title = "Name taken"


class SnippetRevisionConflict(Conflict):
    """The snippet changed since the writer looked; the document carries the stored text."""

    type = "/problems/snippet-revision-conflict"
    title = "The snippet has changed"


class SnippetInUse(Conflict):
    """Prompts or snippets mention this one; `used_by` lists them."""

    type = "/problems/snippet-in-use"
    title = "This snippet is in use"


class TemplateInvalid(Problem):
    """A template does not parse, or uses what is not allowed; `findings` says where and what."""

    type = "/problems/template-invalid"
    title = "The template has errors"
    status = 422

    @classmethod
    def of(cls, findings: list[Finding]) -> "TemplateInvalid":
        """Name the first fault in the sentence and all of them in `findings`."""
        first = findings[0]
        listed: list[JsonValue] = [finding.model_dump(mode="json") for finding in findings]
        return cls(f"Line {first.line}, column {first.column}: {first.message}", findings=listed)


class TemplateCycle(Problem):
    """Prompts or snippets contain each other; `cycle` names the way round."""

    type = "/problems/template-cycle"
    title = "A template contains itself"
    status = 422

    @classmethod
    def of(cls, path: list[str]) -> "TemplateCycle":
        """Show the way round in the sentence."""
        return cls(f"{' → '.join(path)}: take one of these out.", cycle=list[JsonValue](path))


class TemplateTooHeavy(Problem):
    """A template runs past its bounds of time, memory, output, depth or size; `limit` names which."""

    type = "/problems/template-too-heavy"
    title = "The template does too much"
    status = 422


class UnknownReference(Problem):
    """A template mentions snippets or prompts that are not there; `missing` names them."""

    type = "/problems/unknown-reference"
    title = "Something that the prompt mentions is missing"
    status = 422

    @classmethod
    def of(cls, missing: list[str]) -> "UnknownReference":
        """Name everything that is missing."""
        return cls(
            f"Not found: {', '.join(missing)}. Create what is missing, or write @@ for a plain @.",
            missing=list[JsonValue](missing),
        )


class RenderingBusy(Unavailable):
    """Every renderer is taken for longer than a person should wait."""

    type = "/problems/rendering-busy"
    title = "Rendering is busy"


class ModelAnswerUnusable(Problem):
    """A model answered, but not with what was asked for."""

    type = "/problems/model-answer-unusable"
    title = "The model's answer cannot be used"
    status = 502
