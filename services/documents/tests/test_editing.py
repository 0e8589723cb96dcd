import asyncio

import pytest
from services.documents.tests.conftest import Stage

from documents.domain import RevisionConflict
from documents.operations.editing import create_document, delete_document, restore_document, update_document
from documents.operations.reading import get_document
from shared.contracts.documents import (
    CreateDocument,
    DeleteDocument,
    DocumentDetail,
    GetDocument,
    RestoreDocument,
    UpdateDocument,
)
from shared.problems import NotFound
from shared.testing.fixtures import make_call

CREATED = "fact.documents.document.created.v1"
UPDATED = "fact.documents.document.updated.v1"


async def _create(stage: Stage, content: str = "# Notes\n\nOne.") -> DocumentDetail:
    command = CreateDocument(title="Notes", content=content, tags=["sea"])
    return await create_document(stage.database, stage.call, command)


async def _update(stage: Stage, document: DocumentDetail, revision: int, **changes: object) -> DocumentDetail:
    command = UpdateDocument.model_validate({"document_id": document.id, "revision": revision, **changes})
    return await update_document(stage.database, stage.call, command)


async def test_a_document_of_a_persons_text_is_ready_at_once(stage: Stage) -> None:
    document = await _create(stage)
    assert (document.status, document.revision, document.words) == ("ready", 1, 3)
    assert (document.prompt_id, document.generation_id, document.cost_usd) == (None, None, None)
    assert await stage.messages() == [CREATED]


async def test_twenty_creations_with_one_key_make_one_document(stage: Stage) -> None:
    call = make_call(idempotency_key="once")
    command = CreateDocument(title="Notes")
    answers = await asyncio.gather(
        *(create_document(stage.database, call, command) for _ in range(20)), return_exceptions=True
    )
    assert len({answer.id for answer in answers if isinstance(answer, DocumentDetail)}) == 1
    assert await stage.messages(call) == [CREATED]


async def test_a_text_of_the_largest_size_is_stored_whole(stage: Stage) -> None:
    content = ("word " * 300_000)[:1_500_000]
    assert (await _create(stage, content)).content == content


async def test_changing_title_text_tags_and_archive_state_makes_one_new_revision(stage: Stage) -> None:
    document = await _create(stage)
    changed = await _update(stage, document, 1, title="Log", content="One two.", tags=["log"], archived=True)
    assert (changed.title, changed.content, changed.tags, changed.archived) == ("Log", "One two.", ["log"], True)
    assert (changed.excerpt, changed.words, changed.revision) == ("One two.", 2, 2)
    assert await stage.messages() == [CREATED, UPDATED]


async def test_a_field_left_out_stays(stage: Stage) -> None:
    document = await _create(stage)
    changed = await _update(stage, document, 1, title="Log")
    assert (changed.content, changed.tags) == (document.content, ["sea"])


async def test_an_update_that_changes_nothing_makes_no_revision_and_tells_nothing(stage: Stage) -> None:
    document = await _create(stage)
    assert await _update(stage, document, 1, content=document.content) == document
    assert await stage.messages() == [CREATED]


async def test_a_stale_update_is_refused_with_409_and_both_texts_are_kept(stage: Stage) -> None:
    document = await _create(stage)
    await _update(stage, document, 1, content="theirs")
    with pytest.raises(RevisionConflict) as caught:
        await _update(stage, document, 1, content="mine")
    assert caught.value.status == 409
    assert caught.value.extensions == {"current_content": "theirs", "current_revision": 2}
    assert (await _update(stage, document, 2, content="theirs and mine")).revision == 3


async def test_of_two_writers_at_once_one_is_refused(stage: Stage) -> None:
    document = await _create(stage)
    answers = await asyncio.gather(
        *(_update(stage, document, 1, content=text) for text in ("mine", "theirs")), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["DocumentDetail", "RevisionConflict"]


async def test_a_deleted_document_is_gone_and_comes_back(stage: Stage) -> None:
    document = await _create(stage)
    await delete_document(stage.database, stage.call, DeleteDocument(document_id=document.id))
    with pytest.raises(NotFound):
        await get_document(stage.database, stage.call, GetDocument(document_id=document.id))
    with pytest.raises(NotFound):
        await delete_document(stage.database, stage.call, DeleteDocument(document_id=document.id))
    restored = await restore_document(stage.database, stage.call, RestoreDocument(document_id=document.id))
    assert (restored.content, restored.revision) == (document.content, 3)
    subjects = ["fact.documents.document.deleted.v1", "fact.documents.document.restored.v1"]
    assert (await stage.messages())[1:] == subjects


async def test_restoring_what_is_there_changes_nothing(stage: Stage) -> None:
    document = await _create(stage)
    assert await restore_document(stage.database, stage.call, RestoreDocument(document_id=document.id)) == document
    assert await stage.messages() == [CREATED]


async def test_another_project_finds_changes_and_deletes_nothing(stage: Stage) -> None:
    document = await _create(stage)
    stranger = make_call("admin")
    with pytest.raises(NotFound):
        await get_document(stage.database, stranger, GetDocument(document_id=document.id))
    change = UpdateDocument(document_id=document.id, revision=1, title="taken")
    with pytest.raises(NotFound):
        await update_document(stage.database, stranger, change)
    with pytest.raises(NotFound):
        await delete_document(stage.database, stranger, DeleteDocument(document_id=document.id))
    with pytest.raises(NotFound):
        await restore_document(stage.database, stranger, RestoreDocument(document_id=document.id))
    assert await get_document(stage.database, stage.call, GetDocument(document_id=document.id)) == document
