"""Checking, previewing and rendering templates."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import JsonValue

from prompts.domain.composition import DEFAULT_SET
from prompts.domain.importing import slug_of_id
from prompts.domain.positions import line_and_column, utf16_length
from prompts.domain.problems import PromptNotFound, TemplateCycle, TemplateInvalid, TemplateTooHeavy, UnknownReference
from prompts.domain.versions import LATEST, canonical_text, content_hash
from prompts.operations.desk import Desk
from prompts.store import prompts as prompt_rows
from prompts.store import versions as version_rows
from prompts.store.rows import VersionContent
from prompts.templating.pool import TemplatePool
from prompts.templating.resolution import ResolvedTemplate, resolve
from prompts.templating.tasks import Analysis, Exhausted, Failure, Fault, RefusedValues, Rendering, Subject
from shared.call import Call
from shared.contracts.prompts import (
    CheckTemplate,
    Finding,
    Parameter,
    PreviewTemplate,
    PromptSummary,
    PromptVersion,
    RenderedPrompt,
    RenderPrompt,
    RenderPromptByName,
    TemplateCheck,
)
from shared.postgres import Connection
from shared.problems import Invalid, NotFound, Problem


async def check_template(desk: Desk, call: Call, command: CheckTemplate) -> TemplateCheck:
    """Say what a template holds and what is wrong with it. Faults are findings here, never problems."""
    text = canonical_text(command.template)
    try:
        async with desk.database.transaction(call.project_id) as conn:
            resolved = await resolve(conn, call.project_id, text)
        outcome = await desk.templates.analyse(subject_of(resolved, (), ()))
    except (TemplateCycle, TemplateTooHeavy) as problem:
        return TemplateCheck(parameters=[], snippets=[], findings=[_whole_text_finding(problem)])
    return TemplateCheck(
        parameters=outcome.parameters if isinstance(outcome, Analysis) else [],
        snippets=resolved.uses,
        findings=findings_of(resolved, outcome) + _unknown_snippets(resolved),
    )


async def make_content(
    templates: TemplatePool,
    resolved: ResolvedTemplate,
    declared: Sequence[Parameter] | None,
    previous: Sequence[Parameter] = (),
) -> VersionContent:
    """Make what a version holds. Without declarations those of the version before go on where they are still used.

    Raises TemplateInvalid, TemplateTooHeavy or Invalid. An unknown snippet is no error yet: it may be written later.
    """
    subject = subject_of(resolved, declared or (), previous)
    outcome = await templates.analyse(subject)
    errors = [finding for finding in findings_of(resolved, outcome) if finding.severity == "error"]
    if not isinstance(outcome, Analysis) or errors:
        raise _problem_of(outcome, errors)
    return VersionContent(
        template=resolved.source,
        parameters=outcome.parameters,
        content_hash=content_hash(resolved.source, outcome.parameters),
        snippet_uses=resolved.uses,
        includes=resolved.includes,
    )


async def render_prompt(desk: Desk, call: Call, command: RenderPrompt) -> RenderedPrompt:
    """Render a version with values: the named one, the labelled one, or the latest."""
    async with desk.database.transaction(call.project_id) as conn:
        summary = await found_prompt(conn, call, command.prompt_id)
        version = await _wanted_version(conn, call, summary, command)
        resolved = await resolve(conn, call.project_id, version.template, _address(summary))
    text = await _render(desk, resolved, version.parameters, (), command.values)
    return _rendered(summary, version, version.content_hash, resolved, text)


async def render_prompt_by_name(desk: Desk, call: Call, command: RenderPromptByName) -> RenderedPrompt:
    """Render the prompt of this address, or one that was imported from this id. Raises PromptNotFound."""
    set_slug, _, name = command.name.rpartition("/")
    slug = slug_of_id(name)
    async with desk.database.transaction(call.project_id) as conn:
        prompt_id = await prompt_rows.find_prompt_id(conn, call.project_id, set_slug or DEFAULT_SET, slug)
    if prompt_id is None:
        raise PromptNotFound
    return await render_prompt(desk, call, RenderPrompt(prompt_id=prompt_id, **command.model_dump(exclude={"name"})))


async def preview_template(desk: Desk, call: Call, command: PreviewTemplate) -> RenderedPrompt:
    """Render unsaved text under a prompt's ids; the hash is that of the unsaved text."""
    async with desk.database.transaction(call.project_id) as conn:
        summary = await found_prompt(conn, call, command.prompt_id)
        version = await version_rows.find_version(conn, call.project_id, summary.id, summary.latest_version)
        resolved = await resolve(conn, call.project_id, canonical_text(command.template), _address(summary))
    if version is None:
        raise NotFound
    declared = command.parameters or []
    known = summary.parameters if command.parameters is None else []
    text = await _render(desk, resolved, declared, known, command.values)
    return _rendered(summary, version, content_hash(resolved.source, declared or known), resolved, text)


async def found_prompt(conn: Connection, call: Call, prompt_id: UUID) -> PromptSummary:
    """Read a prompt of the caller's project. Raises PromptNotFound."""
    summary = await prompt_rows.find_prompt(conn, call.project_id, prompt_id)
    if summary is None:
        raise PromptNotFound
    return summary


def subject_of(resolved: ResolvedTemplate, declared: Sequence[Parameter], known: Sequence[Parameter]) -> Subject:
    """Make what a renderer is given; what included prompts declare is known too."""
    return Subject(
        text=resolved.expansion.text,
        sources=resolved.sources,
        declared=list(declared),
        known=[*known, *resolved.known],
    )


def findings_of(resolved: ResolvedTemplate, outcome: object) -> list[Finding]:
    """Place an outcome's faults in the author's own text."""
    if isinstance(outcome, Analysis):
        return [_finding(resolved, fault) for fault in outcome.faults]
    if isinstance(outcome, Failure):
        return [_finding(resolved, outcome.fault)]
    if isinstance(outcome, Exhausted):
        return [Finding(severity="error", code=f"limit-{outcome.limit}", message=outcome.message, line=1, column=1)]
    return []


async def _wanted_version(conn: Connection, call: Call, summary: PromptSummary, command: RenderPrompt) -> PromptVersion:
    number = command.version or summary.latest_version
    if command.label is not None and command.label != LATEST:
        number = summary.labels.get(command.label, 0)
    version = await version_rows.find_version(conn, call.project_id, summary.id, number)
    if version is None:
        message = f"The prompt has no label {command.label}." if command.label else "The prompt has no such version."
        raise NotFound(message)
    return version


async def _render(
    desk: Desk,
    resolved: ResolvedTemplate,
    declared: Sequence[Parameter],
    known: Sequence[Parameter],
    values: Mapping[str, JsonValue],
) -> str:
    if resolved.missing:
        raise UnknownReference.of(resolved.missing)
    outcome = await desk.templates.render(subject_of(resolved, declared, known), values)
    if not isinstance(outcome, Rendering):
        raise _problem_of(outcome, findings_of(resolved, outcome))
    return outcome.text


def _problem_of(outcome: object, errors: list[Finding]) -> Problem:
    if isinstance(outcome, RefusedValues):
        return Invalid.of(outcome.errors)
    if isinstance(outcome, Exhausted):
        return TemplateTooHeavy(outcome.message, limit=outcome.limit)
    return TemplateInvalid.of(errors)


def _rendered(
    summary: PromptSummary, version: PromptVersion, hash_: str, resolved: ResolvedTemplate, text: str
) -> RenderedPrompt:
    return RenderedPrompt(
        prompt_id=summary.id,
        prompt_version_id=version.id,
        prompt_title=summary.title,
        version=version.number,
        content_hash=hash_,
        text=text,
        snippets=resolved.used_snippets,
        default_model=summary.default_model,
        included=resolved.used_prompts,
    )


def _address(summary: PromptSummary) -> str:
    return f"{summary.set_slug}/{summary.slug}"


def _finding(resolved: ResolvedTemplate, fault: Fault) -> Finding:
    """Move a fault from the expanded text to the author's; one inside a snippet stands at its mention."""
    offset, mention = resolved.expansion.source_of(fault.offset)
    line, column = line_and_column(resolved.source, offset)
    marked = str(mention) if mention else resolved.source[offset : offset + fault.length]
    message = f"in {mention}: {fault.message}" if mention else fault.message
    return Finding(
        severity=fault.severity,
        code=fault.code,
        message=message,
        line=line,
        column=column,
        length=utf16_length(marked),
    )


def _unknown_snippets(resolved: ResolvedTemplate) -> list[Finding]:
    absent = set(resolved.missing)
    findings = []
    for place in resolved.places:
        if str(place.mention) in absent:
            line, column = line_and_column(resolved.source, place.start)
            message = f"there is no snippet {place.mention}"
            findings.append(
                Finding(
                    severity="warning",
                    code="unknown-snippet",
                    message=message,
                    line=line,
                    column=column,
                    length=place.end - place.start,
                )
            )
    return findings


def _whole_text_finding(problem: TemplateCycle | TemplateTooHeavy) -> Finding:
    code = "cycle" if isinstance(problem, TemplateCycle) else "limit"
    return Finding(severity="error", code=code, message=problem.detail, line=1, column=1)
