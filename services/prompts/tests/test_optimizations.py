import asyncio

import pytest
from services.prompts.tests.conftest import Stage, ended

from prompts.domain.problems import ModelAnswerUnusable, TemplateInvalid
from prompts.operations.optimizations import (
    get_optimization,
    optimize_prompt,
    settle_optimization,
)
from prompts.operations.sweeping import look_after_optimizations
from prompts.operations.titles import suggest_title
from shared.contracts.llm_gateway import StartGeneration
from shared.contracts.prompts import GetOptimization, Optimization, OptimizationFinished, OptimizePrompt, SuggestTitle
from shared.problems import NotFound
from shared.testing.fixtures import make_call

RAW = "outline {{ premise }} with @house-style in {{ count | plus: 1 }} parts"
GOOD = "You are an editor.\nOutline {{ premise }} in {{ count | plus: 1 }} parts. Follow @house-style."


async def ordered(stage: Stage, template: str = RAW) -> Optimization:
    return await optimize_prompt(stage.desk, stage.call, OptimizePrompt(template=template, model="simulator/quill"))


async def current(stage: Stage, optimization: Optimization) -> Optimization:
    return await get_optimization(stage.desk, stage.call, GetOptimization(optimization_id=optimization.id))


async def outbox(stage: Stage, subject: str) -> list[bytes]:
    async with stage.desk.database.relay() as conn:
        rows = await conn.fetch("SELECT payload FROM outbox WHERE subject = $1 ORDER BY id", subject)
    return [row["payload"] for row in rows]


async def settled(stage: Stage, answer: str, status: str = "completed", **rest: object) -> Optimization:
    optimization = await ordered(stage)
    stage.gateway.end(optimization.generation_id, answer, status, **rest)  # type: ignore[arg-type]
    await settle_optimization(stage.desk, ended(stage.call, optimization.generation_id, status))
    return await current(stage, optimization)


async def test_an_order_stands_in_the_outbox_with_the_template_only_in_the_users_message(stage: Stage) -> None:
    optimization = await ordered(stage)
    assert (optimization.status, optimization.original, optimization.text) == ("running", RAW, None)
    (payload,) = await outbox(stage, StartGeneration.subject)
    job = StartGeneration.model_validate_json(payload)
    system, user = job.request.messages
    assert (job.generation_id, job.origin.optimization_id) == (optimization.generation_id, optimization.id)
    assert system.content.startswith("Scriptorium task: optimise_prompt\n")
    assert RAW not in system.content
    assert user.content == f"<prompt>\n{RAW}\n</prompt>"


async def test_a_rewrite_that_keeps_everything_is_ready_without_its_fence(stage: Stage) -> None:
    result = await settled(stage, f"```markdown\n{GOOD}\n```")
    assert (result.status, result.text, result.simulated) == ("ready", GOOD, True)
    assert len(await outbox(stage, OptimizationFinished.subject)) == 1


@pytest.mark.parametrize(
    ("answer", "lost", "added"),
    [
        (GOOD.replace("{{ premise }}", "the premise"), ["premise"], []),
        (GOOD.replace("@house-style", "the style"), ["@house-style"], []),
        (GOOD + " For {{ audience }}, @glossary@2.", [], ["@glossary@2", "audience"]),
        (GOOD + "{% render 'other' %}", [], ["default/other"]),
    ],
)
async def test_a_rewrite_that_lost_or_added_something_is_refused_by_name(
    stage: Stage, answer: str, lost: list[str], added: list[str]
) -> None:
    result = await settled(stage, answer)
    assert (result.status, result.text, result.lost, result.added) == ("refused", None, lost, added)


@pytest.mark.parametrize("answer", ["", GOOD + "{{", "x" * 70_000])
async def test_a_rewrite_that_is_no_template_is_refused_with_a_sentence(stage: Stage, answer: str) -> None:
    result = await settled(stage, answer)
    assert result.status == "refused"
    assert result.detail


@pytest.mark.parametrize(
    ("status", "rest", "detail"),
    [
        ("failed", {"detail": "The provider is overloaded."}, "The provider is overloaded."),
        ("cancelled", {}, "The rewrite was stopped."),
        ("interrupted", {}, "The model did not finish."),
        ("completed", {"finish_reason": "length"}, "The model reached its limit before the prompt was complete."),
        ("completed", {"content_hash": "f" * 64}, "The text arrived damaged. Try again."),
    ],
)
async def test_a_generation_that_ended_badly_fails_the_rewrite(
    stage: Stage, status: str, rest: dict[str, object], detail: str
) -> None:
    result = await settled(stage, GOOD, status, **rest)
    assert (result.status, result.detail, result.text) == ("failed", detail, None)


async def test_the_same_fact_again_changes_nothing(stage: Stage) -> None:
    optimization = await ordered(stage)
    stage.gateway.end(optimization.generation_id, GOOD)
    event = ended(stage.call, optimization.generation_id)
    await asyncio.gather(*(settle_optimization(stage.desk, event) for _ in range(5)))
    stage.gateway.end(optimization.generation_id, "other")
    await settle_optimization(stage.desk, ended(stage.call, optimization.generation_id, "failed"))
    assert (await current(stage, optimization)).text == GOOD
    assert len(await outbox(stage, OptimizationFinished.subject)) == 1


async def test_a_generation_of_somebody_else_has_no_effect(stage: Stage) -> None:
    optimization = await ordered(stage)
    await settle_optimization(stage.desk, ended(stage.call, optimization.id))
    stranger = make_call()
    await settle_optimization(stage.desk, ended(stranger, optimization.generation_id))
    assert (await current(stage, optimization)).status == "running"
    with pytest.raises(NotFound):
        await get_optimization(stage.desk, stranger, GetOptimization(optimization_id=optimization.id))


async def test_a_raw_prompt_that_does_not_parse_is_refused_before_a_model_is_asked(stage: Stage) -> None:
    with pytest.raises(TemplateInvalid):
        await ordered(stage, "outline {{ premise")
    assert await outbox(stage, StartGeneration.subject) == []


async def test_equal_keys_order_once(stage: Stage) -> None:
    stage.call = make_call(idempotency_key="key")
    assert await ordered(stage) == await ordered(stage)
    assert len(await outbox(stage, StartGeneration.subject)) == 1


async def unheard(stage: Stage, optimization: Optimization) -> None:
    async with stage.desk.database.relay() as conn:
        await conn.execute(
            "UPDATE optimizations SET looked_at = now() - interval '11 seconds' WHERE id = $1", optimization.id
        )


async def test_what_the_gateway_never_got_is_ordered_again_and_young_rewrites_are_left(stage: Stage) -> None:
    optimization = await ordered(stage)
    assert await look_after_optimizations(stage.desk) == 0
    await unheard(stage, optimization)
    assert await look_after_optimizations(stage.desk) == 1
    first, again = await outbox(stage, StartGeneration.subject)
    assert first == again
    assert await look_after_optimizations(stage.desk) == 0


async def test_an_order_of_somebody_who_left_is_not_sent_again(stage: Stage) -> None:
    optimization = await ordered(stage)
    stage.role = "viewer"
    await unheard(stage, optimization)
    await look_after_optimizations(stage.desk)
    assert (await current(stage, optimization)).status == "failed"
    assert len(await outbox(stage, StartGeneration.subject)) == 1


async def test_an_order_that_nobody_takes_fails_in_the_end(stage: Stage) -> None:
    optimization = await ordered(stage)
    async with stage.desk.database.relay() as conn:
        await conn.execute("UPDATE optimizations SET created_at = now() - interval '101 seconds'")
    await unheard(stage, optimization)
    await look_after_optimizations(stage.desk)
    result = await current(stage, optimization)
    assert (result.status, result.simulated, result.detail) == ("failed", None, "No model took the order. Try again.")


async def test_an_end_whose_fact_was_lost_is_found_by_looking(stage: Stage) -> None:
    optimization = await ordered(stage)
    stage.gateway.end(optimization.generation_id, GOOD)
    await unheard(stage, optimization)
    await look_after_optimizations(stage.desk)
    assert (await current(stage, optimization)).text == GOOD
    assert len(await outbox(stage, OptimizationFinished.subject)) == 1


async def test_a_generation_that_goes_on_or_a_gateway_that_is_away_changes_nothing(stage: Stage) -> None:
    optimization = await ordered(stage)
    stage.gateway.end(optimization.generation_id, GOOD, "running")
    for is_away in (False, True):
        stage.gateway.is_away = is_away
        await unheard(stage, optimization)
        assert await look_after_optimizations(stage.desk) == 1
    assert (await current(stage, optimization)).status == "running"
    assert len(await outbox(stage, StartGeneration.subject)) == 1


async def test_a_title_is_suggested_without_quotation_marks(stage: Stage) -> None:
    answer = await suggest_title(stage.desk, stage.call, SuggestTitle(template=RAW))
    assert (answer.title, answer.simulated) == ("The Last Ferry", True)
    (asked,) = stage.gateway.titles
    assert asked.request.messages[0].content.startswith("Scriptorium task: title_prompt\n")
    assert asked.request.messages[1].content == f"<prompt>\n{RAW}\n</prompt>"


async def test_an_answer_without_a_title_is_a_problem(stage: Stage) -> None:
    stage.gateway.title = '""\n'
    with pytest.raises(ModelAnswerUnusable):
        await suggest_title(stage.desk, stage.call, SuggestTitle(template=RAW))
