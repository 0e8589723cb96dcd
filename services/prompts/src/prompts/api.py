"""HTTP for other teams, with an API key: the same operations as over NATS."""

from typing import Annotated

from fastapi import Depends, Query, Request

from prompts.operations import optimizations, prompts, snippets, templates, titles, versions
from prompts.operations.desk import Desk
from shared.contracts import prompts as contracts
from shared.contracts.ids import OptimizationId, PromptId, SnippetId
from shared.http import CallOf, ServiceRouter

prompt_routes = ServiceRouter(prefix="/v1/prompts", tags=["prompts"])
snippet_routes = ServiceRouter(prefix="/v1/snippets", tags=["snippets"])
optimization_routes = ServiceRouter(prefix="/v1/optimizations", tags=["optimizations"])
template_routes = ServiceRouter(prefix="/v1/templates", tags=["templates"])
title_routes = ServiceRouter(prefix="/v1/titles", tags=["titles"])
ROUTERS = (prompt_routes, snippet_routes, optimization_routes, template_routes, title_routes)


def desk_of(request: Request) -> Desk:
    """Return what the running service's operations work with."""
    desk: Desk = request.app.state.desk
    return desk


DeskOf = Annotated[Desk, Depends(desk_of)]


@prompt_routes.get("", action="prompts.read")
async def list_prompts(
    query: Annotated[contracts.ListPrompts, Query()], call: CallOf, desk: DeskOf
) -> contracts.PromptPage:
    """List the prompts of the project, newest change first."""
    return await prompts.list_prompts(desk, call, query)


@prompt_routes.post("", action="prompts.write", status_code=201)
async def create_prompt(body: contracts.CreatePrompt, call: CallOf, desk: DeskOf) -> contracts.PromptDetail:
    """Create a prompt whose text becomes version 1."""
    return await prompts.create_prompt(desk, call, body)


@prompt_routes.post("/import", action="prompts.write", status_code=201)
async def import_prompt(body: contracts.ImportPrompt, call: CallOf, desk: DeskOf) -> contracts.PromptDetail:
    """Make a prompt of an OpenAI prompt object, or of the body of a request."""
    return await prompts.import_prompt(desk, call, body)


@prompt_routes.get("/{prompt_id}", action="prompts.read")
async def get_prompt(prompt_id: PromptId, call: CallOf, desk: DeskOf) -> contracts.PromptDetail:
    """Read one prompt with its latest version."""
    return await prompts.get_prompt(desk, call, contracts.GetPrompt(prompt_id=prompt_id))


@prompt_routes.patch("/{prompt_id}", action="prompts.write")
async def update_prompt(
    prompt_id: PromptId, body: contracts.PromptChanges, call: CallOf, desk: DeskOf
) -> contracts.PromptDetail:
    """Change what is not versioned; a field left out stays, an empty `default_model` takes the model away."""
    command = contracts.UpdatePrompt(prompt_id=prompt_id, **body.model_dump())
    return await prompts.update_prompt(desk, call, command)


@prompt_routes.delete("/{prompt_id}", action="prompts.write")
async def delete_prompt(prompt_id: PromptId, call: CallOf, desk: DeskOf) -> contracts.Done:
    """Take a prompt out of every list."""
    return await prompts.delete_prompt(desk, call, contracts.DeletePrompt(prompt_id=prompt_id))


@prompt_routes.post("/{prompt_id}/restore", action="prompts.write")
async def restore_prompt(prompt_id: PromptId, call: CallOf, desk: DeskOf) -> contracts.PromptDetail:
    """Undo a deletion."""
    return await prompts.restore_prompt(desk, call, contracts.RestorePrompt(prompt_id=prompt_id))


@prompt_routes.get("/{prompt_id}/versions", action="prompts.read")
async def list_versions(prompt_id: PromptId, call: CallOf, desk: DeskOf) -> contracts.PromptVersionPage:
    """List the versions of a prompt, newest first."""
    return await versions.list_versions(desk, call, contracts.ListVersions(prompt_id=prompt_id))


@prompt_routes.post("/{prompt_id}/versions", action="prompts.write", status_code=201)
async def commit_version(
    prompt_id: PromptId, body: contracts.NewVersion, call: CallOf, desk: DeskOf
) -> contracts.PromptDetail:
    """Add an immutable version."""
    command = contracts.CommitVersion(prompt_id=prompt_id, **body.model_dump())
    return await versions.commit_version(desk, call, command)


@prompt_routes.put("/{prompt_id}/labels/{label}", action="prompts.write")
async def move_label(
    prompt_id: PromptId, label: contracts.Slug, body: contracts.LabelTarget, call: CallOf, desk: DeskOf
) -> contracts.PromptDetail:
    """Point a label at a version."""
    command = contracts.MoveLabel(prompt_id=prompt_id, label=label, version=body.version)
    return await prompts.move_label(desk, call, command)


@prompt_routes.post("/{prompt_id}/preview", action="prompts.read")
async def preview_template(
    prompt_id: PromptId, body: contracts.Preview, call: CallOf, desk: DeskOf
) -> contracts.RenderedPrompt:
    """Render unsaved text with values."""
    command = contracts.PreviewTemplate(prompt_id=prompt_id, **body.model_dump())
    return await templates.preview_template(desk, call, command)


@prompt_routes.post("/{prompt_id}/render", action="prompts.read")
async def render_prompt(
    prompt_id: PromptId, body: contracts.Render, call: CallOf, desk: DeskOf
) -> contracts.RenderedPrompt:
    """Render a version with values; without `version` or `label` the latest."""
    command = contracts.RenderPrompt(prompt_id=prompt_id, **body.model_dump())
    return await templates.render_prompt(desk, call, command)


@snippet_routes.get("", action="prompts.read")
async def list_snippets(
    query: Annotated[contracts.ListSnippets, Query()], call: CallOf, desk: DeskOf
) -> contracts.SnippetPage:
    """List the snippets of the project by name."""
    return await snippets.list_snippets(desk, call, query)


@snippet_routes.post("", action="prompts.write", status_code=201)
async def create_snippet(body: contracts.CreateSnippet, call: CallOf, desk: DeskOf) -> contracts.Snippet:
    """Create a snippet whose text becomes version 1."""
    return await snippets.create_snippet(desk, call, body)


@snippet_routes.get("/{name}", action="prompts.read")
async def get_snippet(name: contracts.SnippetName, call: CallOf, desk: DeskOf) -> contracts.Snippet:
    """Read one snippet by name."""
    return await snippets.get_snippet(desk, call, contracts.GetSnippet(name=name))


@snippet_routes.patch("/{snippet_id}", action="prompts.write")
async def update_snippet(
    snippet_id: SnippetId, body: contracts.SnippetChanges, call: CallOf, desk: DeskOf
) -> contracts.Snippet:
    """Change a snippet; a new text becomes its next version."""
    command = contracts.UpdateSnippet(snippet_id=snippet_id, **body.model_dump())
    return await snippets.update_snippet(desk, call, command)


@snippet_routes.delete("/{snippet_id}", action="prompts.write")
async def delete_snippet(snippet_id: SnippetId, call: CallOf, desk: DeskOf) -> contracts.Done:
    """Delete a snippet that nothing mentions."""
    return await snippets.delete_snippet(desk, call, contracts.DeleteSnippet(snippet_id=snippet_id))


@snippet_routes.post("/{snippet_id}/restore", action="prompts.write")
async def restore_snippet(snippet_id: SnippetId, call: CallOf, desk: DeskOf) -> contracts.Snippet:
    """Undo a deletion."""
    return await snippets.restore_snippet(desk, call, contracts.RestoreSnippet(snippet_id=snippet_id))


@optimization_routes.post("", action="prompts.generate", status_code=201)
async def optimize_prompt(body: contracts.OptimizePrompt, call: CallOf, desk: DeskOf) -> contracts.Optimization:
    """Have a model rewrite a raw prompt; answers at once."""
    return await optimizations.optimize_prompt(desk, call, body)


@optimization_routes.get("/{optimization_id}", action="prompts.read")
async def get_optimization(optimization_id: OptimizationId, call: CallOf, desk: DeskOf) -> contracts.Optimization:
    """Read a rewrite."""
    command = contracts.GetOptimization(optimization_id=optimization_id)
    return await optimizations.get_optimization(desk, call, command)


@template_routes.post("/check", action="prompts.read")
async def check_template(body: contracts.CheckTemplate, call: CallOf, desk: DeskOf) -> contracts.TemplateCheck:
    """Say what a template holds and what is wrong with it."""
    return await templates.check_template(desk, call, body)


@title_routes.post("", action="prompts.generate")
async def suggest_title(body: contracts.SuggestTitle, call: CallOf, desk: DeskOf) -> contracts.SuggestedTitle:
    """Have a model name a prompt; waits for the answer."""
    return await titles.suggest_title(desk, call.with_deadline(titles.TITLE_SECONDS), body)
