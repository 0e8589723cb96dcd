import json
from typing import Any

import pytest

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.compatibility import breaking_changes
from shared.contracts.generate import SAMPLES
from shared.contracts.llm_gateway import StartGeneration
from shared.contracts.message import Fact, Job, Message, Request, all_messages, durable_name
from shared.contracts.permissions import durables, nats_permissions
from shared.policy import ACTIONS

MESSAGES = all_messages()
CORPUS = sorted(SAMPLES.glob("*/*.json"))
BY_SUBJECT = {message.subject: message for message in MESSAGES}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.subject)
def test_a_message_states_subject_promise_and_a_sample_that_it_accepts(message: type[Message]) -> None:
    kind, owner, *_, version = message.subject.split(".")
    expected = {"request": Request, "fact": Fact, "job": Job}[kind]
    assert issubclass(message, expected)
    assert message.__doc__
    assert version.startswith("v")
    assert message.__module__.split(".")[2] == owner
    message.model_validate(message.sample)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_that_was_ever_kept_can_still_be_read(path: Any) -> None:
    BY_SUBJECT[path.parent.name].model_validate_json(path.read_text())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "message", [m for m in MESSAGES if issubclass(m, Request)], ids=lambda message: message.subject
)
def test_a_request_names_an_action_of_the_policy_table(message: type[Request[Any]]) -> None:
    assert message.action in ACTIONS


def test_a_service_may_publish_only_its_own_facts_and_what_names_it_as_caller() -> None:
    allowed = nats_permissions("documents")["publish"]
    assert "fact.documents.>" in allowed
    assert "job.llm_gateway.start_generation.v1" in allowed
    assert not [subject for subject in allowed if subject.startswith("fact.") and subject != "fact.documents.>"]
    assert "request.prompts.create_prompt.v1" not in allowed
    assert not [subject for subject in allowed if subject.endswith("API.>")]


def test_durables_are_named_after_reader_and_fact() -> None:
    assert ("FACTS", "documents_on_generation_completed") in durables("documents")
    assert durable_name("llm_gateway", StartGeneration) == "llm_gateway_on_start_generation"


def test_the_asyncapi_document_describes_every_message() -> None:
    document = asyncapi_document()
    assert set(document["channels"]) == set(BY_SUBJECT)
    assert json.loads(json.dumps(document)) == document


def _schema(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"components": {"schemas": {"Thing": {"properties": fields, "required": list(fields)[:1]}}}}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (_schema(a={"type": "string"}), ["Thing: field b is gone"]),
        (_schema(a={"type": "integer"}, b={"type": "string"}), ["Thing.a was string and is integer"]),
        (_schema(b={"type": "string"}, a={"type": "string"}), ["Thing.b became required"]),
        ({}, ["Thing is gone"]),
        (_schema(a={"type": "string"}, b={"type": "string"}, c={"type": "string"}), []),
    ],
)
def test_what_would_break_a_reader_is_named(new: dict[str, Any], words: list[str]) -> None:
    assert breaking_changes(_schema(a={"type": "string"}, b={"type": "string"}), new) == words
