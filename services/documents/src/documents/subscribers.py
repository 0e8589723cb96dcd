"""What documents answers and hears on NATS; each calls one operation."""

from functools import partial

from documents.operations import editing, ending, generating, reading, sweeping
from documents.operations.models import KnownModels
from shared.contracts import documents as contracts
from shared.contracts.llm_gateway import (
    GenerationCancelled,
    GenerationCompleted,
    GenerationFailed,
    GenerationInterrupted,
)
from shared.runtime import House


def subscribe(house: House, models: KnownModels) -> None:
    """Register every request, fact and background work of this service."""
    _answer_requests(house, models)
    take_end = partial(ending.take_generation_end, house.database, house.bus)
    for fact in (GenerationCompleted, GenerationFailed, GenerationCancelled, GenerationInterrupted):
        house.bus.consume(fact, take_end)
    house.background(partial(sweeping.keep_sweeping, house.database, house.bus), "silent_generations")


def _answer_requests(house: House, models: KnownModels) -> None:
    bus, database = house.bus, house.database
    bus.answer(contracts.GenerateDocument, partial(generating.generate_document, database, bus, models))
    bus.answer(contracts.ContinueDocument, partial(generating.continue_document, database))
    bus.answer(contracts.CreateDocument, partial(editing.create_document, database))
    bus.answer(contracts.UpdateDocument, partial(editing.update_document, database))
    bus.answer(contracts.DeleteDocument, partial(editing.delete_document, database))
    bus.answer(contracts.RestoreDocument, partial(editing.restore_document, database))
    bus.answer(contracts.ListDocuments, partial(reading.list_documents, database))
    bus.answer(contracts.GetDocument, partial(reading.get_document, database))
