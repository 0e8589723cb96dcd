import asyncio
from collections.abc import AsyncIterator

import pytest
from services.documents.tests.conftest import TEXT, Stage, an_order

from documents.operations.models import KnownModels
from documents.subscribers import subscribe
from shared.bus import Bus
from shared.call import Event
from shared.consumers import Consumers
from shared.contracts.documents import (
    ContinueDocument,
    CreateDocument,
    DeleteDocument,
    DocumentDetail,
    GenerateDocument,
    GetDocument,
    ListDocuments,
    RestoreDocument,
    UpdateDocument,
)
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import GenerationEnded, StartGeneration
from shared.contracts.message import Request, all_messages
from shared.envelope import write_headers
from shared.problems import RemoteProblem
from shared.testing.fixtures import BusFor, DatabaseFor, HouseFor, make_call

ANSWERED = {
    GenerateDocument,
    ContinueDocument,
    CreateDocument,
    ListDocuments,
    GetDocument,
    UpdateDocument,
    DeleteDocument,
    RestoreDocument,
}


@pytest.fixture
async def web(stage: Stage, house_for: HouseFor, bus_for: BusFor) -> AsyncIterator[Bus]:
    """Run documents as its process does, and ask it as web."""
    house = await house_for("documents")
    subscribe(house, KnownModels(house.bus))
    async with house.running():
        yield await bus_for("web")


def test_every_request_of_the_contract_is_answered() -> None:
    declared = {m for m in all_messages() if issubclass(m, Request) and m.owner() == "documents"}
    assert declared == ANSWERED


async def _until_written(web: Bus, stage: Stage, document: DocumentDetail) -> DocumentDetail:
    async with asyncio.timeout(20):
        while True:
            found = await web.request(stage.call.with_deadline(5), GetDocument(document_id=document.id))
            if found.status != "generating":
                return found
            await asyncio.sleep(0.05)


async def _tell(gateway: Bus, stage: Stage, fact: GenerationEnded) -> None:
    await gateway.publish_stored(
        fact.subject, fact.model_dump_json().encode(), write_headers(new_id(), "/llm_gateway", stage.call, fact)
    )


async def test_a_document_is_written_end_to_end_over_nats(
    web: Bus, stage: Stage, bus_for: BusFor, database_for: DatabaseFor
) -> None:
    gateway = await bus_for("llm_gateway")
    consumers = Consumers(gateway, await database_for("llm_gateway"))

    async def do(event: Event[StartGeneration]) -> None:
        fact = stage.gateway.write(event.message.generation_id)
        for _ in range(2):
            await _tell(gateway, stage, fact)

    gateway.consume(StartGeneration, do)
    running = asyncio.create_task(consumers.run())
    document = await web.request(stage.call, an_order())
    written = await _until_written(web, stage, document)
    running.cancel()
    assert (written.status, written.content, written.revision) == ("ready", TEXT, 2)


async def test_the_facts_of_the_story_are_told_once_each(web: Bus, stage: Stage, bus_for: BusFor) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(subject: str, _data: bytes, _headers: dict[str, str]) -> None:
        heard.put_nowait(subject)

    gateway = await bus_for("llm_gateway")
    await web.listen("fact.documents.>", hear)
    document = await web.request(stage.call, an_order())
    fact = stage.gateway.write(document.generation_id, "# Half", "interrupted")
    for _ in range(3):
        await _tell(gateway, stage, fact)
    await _until_written(web, stage, document)
    async with asyncio.timeout(10):
        told = [await heard.get() for _ in range(2)]
    assert told == [
        "fact.documents.document.generation_started.v1",
        "fact.documents.document.generation_stopped.v1",
    ]
    assert heard.empty()


async def test_problems_reach_the_asker_with_status_and_names(web: Bus, stage: Stage) -> None:
    with pytest.raises(RemoteProblem) as refused:
        await web.request(stage.call, an_order(values={"refused": 1}))
    assert (refused.value.status, refused.value.extensions["errors"][0]["name"]) == (422, "refused")  # type: ignore[index,call-overload]
    with pytest.raises(RemoteProblem) as missing:
        await web.request(stage.call, GetDocument(document_id=new_id()))
    assert missing.value.status == 404


async def test_a_viewer_reads_and_writes_nothing(web: Bus, stage: Stage) -> None:
    viewer = make_call("viewer")
    assert (await web.request(viewer, ListDocuments())).total == 0
    for command in (CreateDocument(title="x"), an_order(), DeleteDocument(document_id=new_id())):
        with pytest.raises(RemoteProblem) as caught:
            await web.request(viewer, command)
        assert caught.value.status == 403


async def test_a_document_by_hand_goes_through_its_whole_life_over_nats(web: Bus, stage: Stage) -> None:
    created = await web.request(stage.call, CreateDocument(title="Notes", content="one"))
    change = UpdateDocument(document_id=created.id, revision=1, content="two")
    assert (await web.request(stage.call, change)).content == "two"
    with pytest.raises(RemoteProblem) as stale:
        await web.request(stage.call, change)
    assert stale.value.extensions["current_content"] == "two"
    assert (await web.request(stage.call, DeleteDocument(document_id=created.id))).done
    assert (await web.request(stage.call, RestoreDocument(document_id=created.id))).content == "two"
    with pytest.raises(RemoteProblem) as finished:
        await web.request(stage.call, ContinueDocument(document_id=created.id))
    assert finished.value.type == "/problems/document-not-continuable"
