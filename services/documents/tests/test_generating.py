import asyncio
import json
from decimal import Decimal

import pytest
from services.documents.tests.conftest import PROMPT_ID, TEXT, Stage, an_order, event_of

from documents.domain import DocumentBeingWritten, NotContinuable, TextNotSettledError
from documents.operations.editing import delete_document, restore_document, update_document
from documents.operations.ending import take_generation_end
from documents.operations.generating import continue_document, generate_document
from documents.operations.reading import get_document
from shared.contracts.documents import (
    ContinueDocument,
    DeleteDocument,
    DocumentDetail,
    GetDocument,
    RestoreDocument,
    UpdateDocument,
)
from shared.contracts.llm_gateway import GenerationEnded, StartGeneration
from shared.idempotency import IdempotencyKeyReused, RequestUnderWay
from shared.problems import NotFound, RemoteProblem
from shared.testing.fixtures import make_call

GENERATED = "fact.documents.document.generated.v1"
STOPPED = "fact.documents.document.generation_stopped.v1"


async def _generate(stage: Stage, **changes: object) -> DocumentDetail:
    return await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order(**changes))


async def _take(stage: Stage, fact: GenerationEnded) -> None:
    await take_generation_end(stage.database, stage.bus, event_of(stage.call, fact))


async def _read(stage: Stage, document: DocumentDetail) -> DocumentDetail:
    return await get_document(stage.database, stage.call, GetDocument(document_id=document.id))


async def _continue(stage: Stage, document: DocumentDetail) -> DocumentDetail:
    return await continue_document(stage.database, stage.call, ContinueDocument(document_id=document.id))


async def test_generating_stores_document_order_job_and_fact_together(stage: Stage) -> None:
    document = await _generate(stage, tags=["sea"], max_output_tokens=900)
    assert (document.status, document.title, document.content) == ("generating", "Episode outline", "")
    assert (document.prompt_id, document.prompt_version, document.model) == (PROMPT_ID, 3, "simulator/quill")
    assert ([used.name for used in document.snippets], document.values) == (["house-style"], {"premise": "A ferry"})
    assert [(used.address, used.version) for used in document.included] == [("default/tone", 4)]
    assert await stage.messages() == [StartGeneration.subject, "fact.documents.document.generation_started.v1"]


async def test_the_job_carries_the_system_prompt_of_its_task_and_the_rendered_prompt(stage: Stage) -> None:
    document = await _generate(stage, model="anthropic/claude", max_output_tokens=900)
    (payload,) = await stage.payloads(StartGeneration.subject)
    job = StartGeneration.model_validate_json(payload)
    system, user = job.request.messages
    assert system.content.splitlines()[0] == "Scriptorium task: generate_document"
    assert (user.role, user.content) == ("user", "Outline A ferry")
    assert (job.generation_id, job.origin.document_id) == (document.generation_id, document.id)
    assert (job.request.model, job.request.max_output_tokens) == ("anthropic/claude", 900)


async def test_what_changes_in_prompts_later_leaves_request_and_provenance_as_they_were(stage: Stage) -> None:
    document = await _generate(stage)
    asked = await stage.payloads(StartGeneration.subject)
    stage.prompts.included_version = 5
    again = await _generate(stage)
    assert await _read(stage, document) == document
    assert [used.version for used in (*document.included, *again.included)] == [4, 5]
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", "interrupted"))
    going_on = await _continue(stage, document)
    assert (going_on.included, going_on.snippets) == (document.included, document.snippets)
    job = StartGeneration.model_validate_json((await stage.payloads(StartGeneration.subject))[-1])
    assert job.request == StartGeneration.model_validate_json(asked[0]).request


async def test_refused_values_pass_through_from_prompts_by_name_and_nothing_is_stored(stage: Stage) -> None:
    with pytest.raises(RemoteProblem) as caught:
        await _generate(stage, values={"refused": 1})
    assert (caught.value.status, json.dumps(caught.value.extensions).count('"name": "refused"')) == (422, 1)
    assert await stage.messages() == []


async def test_twenty_requests_with_one_key_make_one_document(stage: Stage) -> None:
    call = make_call(idempotency_key="once")
    answers = await asyncio.gather(
        *(generate_document(stage.database, stage.bus, stage.models, call, an_order()) for _ in range(20)),
        return_exceptions=True,
    )
    documents = {answer.id for answer in answers if isinstance(answer, DocumentDetail)}
    assert len(documents) == 1
    assert all(isinstance(answer, DocumentDetail | RequestUnderWay) for answer in answers)
    assert (await stage.messages(call)).count(StartGeneration.subject) == 1


async def test_a_repeated_key_gives_the_first_answer_without_rendering_again(stage: Stage) -> None:
    call = make_call(idempotency_key="again")
    first = await generate_document(stage.database, stage.bus, stage.models, call, an_order())
    assert await generate_document(stage.database, stage.bus, stage.models, call, an_order()) == first
    assert stage.prompts.rendered == 1
    with pytest.raises(IdempotencyKeyReused):
        await generate_document(stage.database, stage.bus, stage.models, call, an_order(title="Another"))


async def test_the_completed_fact_stores_text_title_usage_and_tells_it(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id))
    ready = await _read(stage, document)
    assert (ready.status, ready.content, ready.title, ready.words) == ("ready", TEXT, "The last ferry", 11)
    assert (ready.input_tokens, ready.output_tokens, ready.cost_usd) == (10, 20, Decimal("0.002"))
    assert (ready.simulated, ready.revision) == (True, 2)
    assert (await stage.messages())[-1] == GENERATED


async def test_a_given_title_stays_when_the_text_arrives(stage: Stage) -> None:
    document = await _generate(stage, title="My own name")
    await _take(stage, stage.gateway.write(document.generation_id))
    assert (await _read(stage, document)).title == "My own name"


async def test_the_same_fact_twice_changes_nothing_the_second_time(stage: Stage) -> None:
    document = await _generate(stage)
    event = event_of(stage.call, stage.gateway.write(document.generation_id))
    for _ in range(2):
        await take_generation_end(stage.database, stage.bus, event)
    assert (await _read(stage, document)).revision == 2
    assert (await stage.messages()).count(GENERATED) == 1


async def test_two_facts_of_one_end_at_the_same_moment_write_once(stage: Stage) -> None:
    document = await _generate(stage)
    fact = stage.gateway.write(document.generation_id)
    await asyncio.gather(*(_take(stage, fact) for _ in range(5)))
    assert (await _read(stage, document)).revision == 2
    assert (await stage.messages()).count(GENERATED) == 1


async def test_facts_of_several_documents_may_come_in_any_order_and_often(stage: Stage) -> None:
    documents = [await _generate(stage) for _ in range(4)]
    texts = [f"# Text {number}" for number in range(4)]
    facts = [stage.gateway.write(each.generation_id, text) for each, text in zip(documents, texts, strict=True)]
    for number in (3, 0, 2, 0, 1, 3, 2, 1, 0):
        await _take(stage, facts[number])
    assert [(await _read(stage, each)).content for each in documents] == texts
    assert (await stage.messages()).count(GENERATED) == 4


async def test_a_generation_that_was_not_ordered_here_is_left_alone(stage: Stage) -> None:
    other = make_call()
    document = await generate_document(stage.database, stage.bus, stage.models, other, an_order())
    await _take(stage, stage.gateway.write(document.generation_id))
    assert await stage.messages() == []
    assert (await get_document(stage.database, other, GetDocument(document_id=document.id))).status == "generating"


async def test_a_text_with_another_hash_is_refused_until_it_is_right(stage: Stage) -> None:
    document = await _generate(stage)
    told = stage.gateway.write(document.generation_id, "# The whole text")
    stage.gateway.write(document.generation_id, "# The whole")
    event = event_of(stage.call, told)
    with pytest.raises(TextNotSettledError):
        await take_generation_end(stage.database, stage.bus, event)
    assert (await _read(stage, document)).status == "generating"
    stage.gateway.write(document.generation_id, "# The whole text")
    await take_generation_end(stage.database, stage.bus, event)
    assert (await _read(stage, document)).content == "# The whole text"


@pytest.mark.parametrize("status", ["failed", "cancelled", "interrupted"])
async def test_a_generation_that_stopped_keeps_its_text_and_says_why(stage: Stage, status: str) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", status))  # type: ignore[arg-type]
    stopped = await _read(stage, document)
    assert (stopped.status, stopped.content, stopped.title) == (status, "# Half", "Half")
    assert stopped.detail == "The connection to the model was lost."
    assert (await stage.messages())[-1] == STOPPED


async def test_continuing_goes_on_under_a_new_generation_and_adds_the_usage_up(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", "interrupted"))
    going_on = await _continue(stage, document)
    assert (going_on.status, going_on.content, going_on.revision) == ("generating", "# Half", 3)
    job = StartGeneration.model_validate_json((await stage.payloads(StartGeneration.subject))[-1])
    assert (job.generation_id, job.continues) == (going_on.generation_id, document.generation_id)
    await _take(stage, stage.gateway.write(going_on.generation_id, "# Half and the rest"))
    whole = await _read(stage, document)
    assert (whole.status, whole.content) == ("ready", "# Half and the rest")
    assert (whole.output_tokens, whole.cost_usd) == (40, Decimal("0.004"))


async def test_a_late_fact_of_an_older_generation_changes_nothing(stage: Stage) -> None:
    document = await _generate(stage)
    late = stage.gateway.write(document.generation_id, "# Half", "interrupted")
    await _take(stage, late)
    going_on = await _continue(stage, document)
    await _take(stage, late)
    assert (await _read(stage, document)) == going_on
    await _take(stage, stage.gateway.write(going_on.generation_id, "# Half and the rest"))
    await _take(stage, late)
    assert (await _read(stage, document)).content == "# Half and the rest"


async def test_a_text_cut_at_its_limit_is_ready_and_can_be_continued(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Cut", finish_reason="length"))
    assert (await _read(stage, document)).status == "ready"
    assert (await _continue(stage, document)).status == "generating"


async def test_a_failed_continuation_keeps_the_text_and_the_next_one_goes_on_from_it(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", "interrupted"))
    second = await _continue(stage, document)
    await _take(stage, stage.gateway.write(second.generation_id, "", "failed"))
    assert (await _read(stage, document)).content == "# Half"
    await _continue(stage, document)
    job = StartGeneration.model_validate_json((await stage.payloads(StartGeneration.subject))[-1])
    assert job.continues == document.generation_id


async def test_two_continuations_at_once_order_one(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", "cancelled"))
    answers = await asyncio.gather(*(_continue(stage, document) for _ in range(2)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["DocumentBeingWritten", "DocumentDetail"]
    assert (await stage.messages()).count(StartGeneration.subject) == 2


async def test_an_edited_text_is_not_continued_so_that_the_edits_stay(stage: Stage) -> None:
    document = await _generate(stage)
    await _take(stage, stage.gateway.write(document.generation_id, "# Half", "interrupted"))
    change = UpdateDocument(document_id=document.id, revision=2, content="# Half, by hand")
    await update_document(stage.database, stage.call, change)
    with pytest.raises(NotContinuable):
        await _continue(stage, document)


async def test_the_text_is_not_writable_while_generating_but_the_title_is(stage: Stage) -> None:
    document = await _generate(stage)
    with pytest.raises(DocumentBeingWritten):
        await update_document(
            stage.database, stage.call, UpdateDocument(document_id=document.id, revision=1, content="mine")
        )
    await update_document(stage.database, stage.call, UpdateDocument(document_id=document.id, revision=1, title="Mine"))
    await _take(stage, stage.gateway.write(document.generation_id))
    ready = await _read(stage, document)
    assert (ready.title, ready.content, ready.revision) == ("Mine", TEXT, 3)


async def test_a_document_deleted_while_generating_comes_back_with_its_text(stage: Stage) -> None:
    document = await _generate(stage)
    await delete_document(stage.database, stage.call, DeleteDocument(document_id=document.id))
    await _take(stage, stage.gateway.write(document.generation_id))
    with pytest.raises(NotFound):
        await _read(stage, document)
    restored = await restore_document(stage.database, stage.call, RestoreDocument(document_id=document.id))
    assert (restored.status, restored.content) == ("ready", TEXT)
