"""NATS: every request answered and every fact read, each by one operation."""

from functools import partial

from prompts.operations import optimizations, prompts, snippets, templates, titles, versions
from prompts.operations.desk import Desk
from shared.call import Event
from shared.contracts import llm_gateway as gateway
from shared.contracts import prompts as contracts
from shared.runtime import House


def subscribe(house: House, desk: Desk) -> None:
    """Answer requests and read facts once the house runs."""
    answer = house.bus.answer
    answer(contracts.ListPrompts, partial(prompts.list_prompts, desk))
    answer(contracts.GetPrompt, partial(prompts.get_prompt, desk))
    answer(contracts.CreatePrompt, partial(prompts.create_prompt, desk))
    answer(contracts.ImportPrompt, partial(prompts.import_prompt, desk))
    answer(contracts.UpdatePrompt, partial(prompts.update_prompt, desk))
    answer(contracts.DeletePrompt, partial(prompts.delete_prompt, desk))
    answer(contracts.RestorePrompt, partial(prompts.restore_prompt, desk))
    answer(contracts.MoveLabel, partial(prompts.move_label, desk))
    answer(contracts.CommitVersion, partial(versions.commit_version, desk))
    answer(contracts.ListVersions, partial(versions.list_versions, desk))
    answer(contracts.NameVersions, partial(versions.name_versions, desk))
    answer(contracts.CheckTemplate, partial(templates.check_template, desk))
    answer(contracts.PreviewTemplate, partial(templates.preview_template, desk))
    answer(contracts.RenderPrompt, partial(templates.render_prompt, desk))
    answer(contracts.RenderPromptByName, partial(templates.render_prompt_by_name, desk))
    answer(contracts.ListSnippets, partial(snippets.list_snippets, desk))
    answer(contracts.GetSnippet, partial(snippets.get_snippet, desk))
    answer(contracts.CreateSnippet, partial(snippets.create_snippet, desk))
    answer(contracts.UpdateSnippet, partial(snippets.update_snippet, desk))
    answer(contracts.DeleteSnippet, partial(snippets.delete_snippet, desk))
    answer(contracts.RestoreSnippet, partial(snippets.restore_snippet, desk))
    answer(contracts.OptimizePrompt, partial(optimizations.optimize_prompt, desk))
    answer(contracts.GetOptimization, partial(optimizations.get_optimization, desk))
    answer(contracts.SuggestTitle, partial(titles.suggest_title, desk))
    house.bus.consume(gateway.GenerationCompleted, partial(on_generation_ended, desk))
    house.bus.consume(gateway.GenerationFailed, partial(on_generation_ended, desk))
    house.bus.consume(gateway.GenerationCancelled, partial(on_generation_ended, desk))
    house.bus.consume(gateway.GenerationInterrupted, partial(on_generation_ended, desk))


async def on_generation_ended(desk: Desk, event: Event[gateway.GenerationEnded]) -> None:
    """Settle the rewrite that the generation was for, if it was for one."""
    if event.message.task == "optimise_prompt":
        await optimizations.settle_optimization(desk, event)
