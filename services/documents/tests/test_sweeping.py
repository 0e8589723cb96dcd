import asyncio

import pytest
from services.documents.tests.conftest import TEXT, Stage, an_order

from documents.operations import sweeping
from documents.operations.generating import generate_document
from documents.operations.reading import get_document
from documents.operations.sweeping import sweep
from shared.contracts.documents import DocumentDetail, GetDocument
from shared.contracts.llm_gateway import StartGeneration


async def _silent(stage: Stage) -> DocumentDetail:
    document = await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order())
    await stage.silence()
    return document


async def _read(stage: Stage, document: DocumentDetail) -> DocumentDetail:
    return await get_document(stage.database, stage.call, GetDocument(document_id=document.id))


async def _jobs(stage: Stage) -> list[str]:
    return await stage.payloads(StartGeneration.subject)


async def test_a_fresh_order_is_left_in_peace(stage: Stage) -> None:
    await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order())
    await sweep(stage.database, stage.bus)
    assert len(await _jobs(stage)) == 1


async def test_a_lost_job_is_sent_again_with_the_same_id_and_request(stage: Stage) -> None:
    await _silent(stage)
    await sweep(stage.database, stage.bus)
    first, second = await _jobs(stage)
    assert first == second


async def test_a_job_that_was_sent_again_is_given_time(stage: Stage) -> None:
    await _silent(stage)
    for _ in range(3):
        await sweep(stage.database, stage.bus)
    assert len(await _jobs(stage)) == 2


async def test_a_running_generation_counts_as_heard(stage: Stage) -> None:
    document = await _silent(stage)
    stage.gateway.write(document.generation_id, status="running")
    await sweep(stage.database, stage.bus)
    assert len(await _jobs(stage)) == 1
    async with stage.database.relay() as conn:
        assert await conn.fetchval("SELECT check_after > now() + interval '8 seconds' FROM generation_orders")


@pytest.mark.parametrize(("status", "becomes"), [("completed", "ready"), ("interrupted", "interrupted")])
async def test_a_lost_fact_is_replaced_by_asking(stage: Stage, status: str, becomes: str) -> None:
    document = await _silent(stage)
    stage.gateway.write(document.generation_id, TEXT, status)  # type: ignore[arg-type]
    await sweep(stage.database, stage.bus)
    found = await _read(stage, document)
    assert (found.status, found.content) == (becomes, TEXT)


async def test_a_gateway_that_is_away_is_asked_again_later_and_nothing_is_lost(stage: Stage) -> None:
    document = await _silent(stage)
    stage.gateway.is_away = True
    await sweep(stage.database, stage.bus)
    assert (await _read(stage, document)).status == "generating"
    stage.gateway.is_away = False
    stage.gateway.write(document.generation_id)
    await stage.silence()
    await sweep(stage.database, stage.bus)
    assert (await _read(stage, document)).status == "ready"


async def test_a_text_that_does_not_fit_its_hash_is_left_for_the_next_round(stage: Stage) -> None:
    document = await _silent(stage)
    assert document.generation_id is not None
    stage.gateway.write(document.generation_id)
    read = stage.gateway.generations[document.generation_id]
    stage.gateway.generations[document.generation_id] = read.model_copy(update={"segments": read.segments[:1]})
    await sweep(stage.database, stage.bus)
    assert (await _read(stage, document)).status == "generating"


async def test_two_sweepers_ask_for_each_order_once(stage: Stage) -> None:
    for _ in range(6):
        await generate_document(stage.database, stage.bus, stage.models, stage.call, an_order())
    await stage.silence()
    await asyncio.gather(*(sweep(stage.database, stage.bus) for _ in range(2)))
    assert len(await _jobs(stage)) == 12


async def test_an_order_of_somebody_who_may_no_longer_generate_ends_as_failed(stage: Stage) -> None:
    document = await _silent(stage)
    stage.web.role = "viewer"
    await sweep(stage.database, stage.bus)
    failed = await _read(stage, document)
    assert (failed.status, len(await _jobs(stage))) == ("failed", 1)
    assert "no longer" in str(failed.detail)


async def test_a_job_that_is_never_taken_ends_as_failed_with_a_sentence(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await _silent(stage)
    monkeypatch.setattr(sweeping, "GIVE_UP_SECONDS", 0.0)
    await sweep(stage.database, stage.bus)
    assert (await _read(stage, document)).detail == "The model service did not take this order. Try again."
