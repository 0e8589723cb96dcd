from dataclasses import replace

import pytest
from services.documents.tests.conftest import NO_KEY, Stage, a_model, an_order

from documents.domain import ChosenModel
from documents.operations import models
from documents.operations.generating import generate_document
from shared.contracts.documents import DocumentDetail
from shared.contracts.llm_gateway import StartGeneration
from shared.problems import Invalid
from shared.testing.fixtures import make_call


async def _generate(stage: Stage, **changes: object) -> DocumentDetail:
    return await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order(**changes))


@pytest.mark.parametrize(
    ("asked", "of_the_prompt", "model", "simulated"),
    [
        ("anthropic/claude", "simulator/quill", "anthropic/claude", False),
        (None, "simulator/quill", "simulator/quill", True),
        (None, None, "anthropic/claude", False),
        ("simulator/quill+words:60", None, "simulator/quill+words:60", True),
        ("compatible/unlisted", None, "compatible/unlisted", None),
    ],
)
async def test_while_a_document_is_written_its_model_is_known(
    stage: Stage, asked: str | None, of_the_prompt: str | None, model: str, *, simulated: bool | None
) -> None:
    stage.prompts.default_model = of_the_prompt
    document = await _generate(stage, model=asked)
    assert (document.status, document.model, document.simulated) == ("generating", model, simulated)
    (payload,) = await stage.payloads(StartGeneration.subject)
    assert StartGeneration.model_validate_json(payload).request.model == model


@pytest.mark.parametrize("asked", ["openai/gpt", "openai/unlisted"])
async def test_a_model_without_a_key_is_refused_with_the_gateways_sentence_and_nothing_is_stored(
    stage: Stage, asked: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await _generate(stage, model=asked)
    assert refused.value.extensions["errors"] == [{"name": "model", "code": "unavailable", "message": NO_KEY}]
    assert await stage.messages() == []


async def test_a_model_is_refused_only_by_a_fresh_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.models.choose(stage.call, None)
    stage.gateway.models = [a_model("openai/gpt")]
    monkeypatch.setattr(models, "REFUSAL_SECONDS", 0.0)
    assert await stage.models.choose(stage.call, "openai/gpt") == ChosenModel("openai/gpt", is_simulated=False)


async def test_the_catalogue_is_asked_once_for_many_orders(stage: Stage) -> None:
    for _ in range(3):
        await stage.models.choose(stage.call, None)
    assert stage.gateway.asked_for_models == 1


async def test_a_gateway_that_is_away_refuses_nothing_and_is_not_waited_for_each_time(stage: Stage) -> None:
    stage.gateway.is_away = True
    document = await _generate(stage, model="openai/gpt")
    assert (document.status, document.model, document.simulated) == ("generating", "openai/gpt", None)
    assert await stage.models.choose(stage.call, None) == ChosenModel(None, None)
    assert stage.gateway.asked_for_models == 1


async def test_a_key_that_may_not_list_models_may_order_documents(stage: Stage) -> None:
    call = make_call(None)
    scopes = frozenset({"documents.generate", "prompts.read"})
    call = replace(call, identity=replace(call.identity, scopes=scopes))
    document = await generate_document(stage.database, stage.bus, stage.models, call, an_order())
    assert document.simulated is True
