"""Prompts for the browser: each route asks the prompts service one thing."""

from typing import Annotated

from fastapi import Query

from shared.contracts import prompts as contracts
from shared.contracts.ids import OptimizationId, PromptId
from web.api.edge import Ask, BrowserRouter

router = BrowserRouter(prefix="/api/prompts", tags=["prompts"])
tools = BrowserRouter(prefix="/api", tags=["prompts"])
# A model names a prompt in seconds; a slow one gets this long before the person types a title.
TITLE_SECONDS = 30


@router.get("", action="prompts.read")
async def list_prompts(query: Annotated[contracts.ListPrompts, Query()], ask: Ask) -> contracts.PromptPage:
    """List the prompts of the project, newest change first."""
    return await ask(query)


@router.post("", action="prompts.write", status_code=201)
async def create_prompt(body: contracts.CreatePrompt, ask: Ask) -> contracts.PromptDetail:
    """Create a prompt whose text becomes version 1."""
    return await ask(body)


@router.post("/import", action="prompts.write", status_code=201)
async def import_prompt(body: contracts.ImportPrompt, ask: Ask) -> contracts.PromptDetail:
    """Make a prompt of pasted JSON: an OpenAI prompt object, or the body of a request."""
    return await ask(body)


@router.get("/{prompt_id}", action="prompts.read")
async def get_prompt(prompt_id: PromptId, ask: Ask) -> contracts.PromptDetail:
    """Read one prompt with its latest version."""
    return await ask(contracts.GetPrompt(prompt_id=prompt_id))


@router.patch("/{prompt_id}", action="prompts.write")
async def update_prompt(prompt_id: PromptId, body: contracts.PromptChanges, ask: Ask) -> contracts.PromptDetail:
    """Change what is not versioned; a field left out stays."""
    return await ask(contracts.UpdatePrompt(prompt_id=prompt_id, **dict(body)))


@router.delete("/{prompt_id}", action="prompts.write")
async def delete_prompt(prompt_id: PromptId, ask: Ask) -> contracts.Done:
    """Take a prompt out of every list."""
    return await ask(contracts.DeletePrompt(prompt_id=prompt_id))


@router.post("/{prompt_id}/restore", action="prompts.write")
async def restore_prompt(prompt_id: PromptId, ask: Ask) -> contracts.PromptDetail:
    """Undo a deletion."""
    return await ask(contracts.RestorePrompt(prompt_id=prompt_id))


@router.get("/{prompt_id}/versions", action="prompts.read")
async def list_versions(prompt_id: PromptId, ask: Ask) -> contracts.PromptVersionPage:
    """List the versions of a prompt, newest first."""
    return await ask(contracts.ListVersions(prompt_id=prompt_id))


@tools.get("/prompt-versions", action="prompts.read")
async def name_versions(query: Annotated[contracts.NameVersions, Query()], ask: Ask) -> contracts.PromptVersionNames:
    """Say what versions are called of which only ids are known, at most 100 at once."""
    return await ask(query)


@router.post("/{prompt_id}/versions", action="prompts.write", status_code=201)
async def commit_version(prompt_id: PromptId, body: contracts.NewVersion, ask: Ask) -> contracts.PromptDetail:
    """Add an immutable version."""
    return await ask(contracts.CommitVersion(prompt_id=prompt_id, **dict(body)))


@router.put("/{prompt_id}/labels/{label}", action="prompts.write")
async def move_label(
    prompt_id: PromptId, label: contracts.Slug, body: contracts.LabelTarget, ask: Ask
) -> contracts.PromptDetail:
    """Point a label at a version."""
    return await ask(contracts.MoveLabel(prompt_id=prompt_id, label=label, version=body.version))


@router.post("/{prompt_id}/preview", action="prompts.read")
async def preview_template(prompt_id: PromptId, body: contracts.Preview, ask: Ask) -> contracts.RenderedPrompt:
    """Render unsaved text with values."""
    return await ask(contracts.PreviewTemplate(prompt_id=prompt_id, **dict(body)))


@tools.post("/templates/check", action="prompts.read")
async def check_template(body: contracts.CheckTemplate, ask: Ask) -> contracts.TemplateCheck:
    """Say what a template holds and what is wrong with it."""
    return await ask(body)


@tools.post("/titles", action="prompts.generate")
async def suggest_title(body: contracts.SuggestTitle, ask: Ask) -> contracts.SuggestedTitle:
    """Have a model name a prompt."""
    return await ask.within(TITLE_SECONDS)(body)


@tools.post("/optimizations", action="prompts.generate", status_code=201)
async def optimize_prompt(body: contracts.OptimizePrompt, ask: Ask) -> contracts.Optimization:
    """Have a model rewrite a prompt; the text streams under the answer's generation."""
    return await ask(body)


@tools.get("/optimizations/{optimization_id}", action="prompts.read")
async def get_optimization(optimization_id: OptimizationId, ask: Ask) -> contracts.Optimization:
    """Read an optimisation."""
    return await ask(contracts.GetOptimization(optimization_id=optimization_id))
