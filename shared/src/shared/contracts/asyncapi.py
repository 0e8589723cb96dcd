"""The AsyncAPI 3.0 document of all messages, made from the contract classes."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts.message import Fact, Job, Message, Request, all_messages

_REFERENCE = "#/components/schemas/{model}"


def asyncapi_document() -> dict[str, Any]:
    """Describe every request, fact and job: channel, payload, who sends and who reads."""
    messages = all_messages()
    models = [(m, "validation") for m in messages] + [
        (m.answer, "serialization") for m in messages if issubclass(m, Request)
    ]
    _, definitions = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Scriptorium messages",
            "version": "1",
            "description": "Requests are core NATS request and reply; facts and jobs are CloudEvents in JetStream.",
        },
        "channels": {m.subject: _channel(m) for m in messages},
        "operations": {name: operation for m in messages for name, operation in _operations(m).items()},
        "components": {
            "messages": {m.__name__: _message(m) for m in messages}
            | {_answer(m).__name__: _answer_message(m) for m in messages if issubclass(m, Request)},
            "schemas": dict(sorted(definitions["$defs"].items())),
        },
    }


def kind_of(message: type[Message]) -> str:
    """Say request, fact or job."""
    return message.subject.split(".", 1)[0]


def _channel(message: type[Message]) -> dict[str, Any]:
    listed = {message.__name__: {"$ref": f"#/components/messages/{message.__name__}"}}
    if issubclass(message, Request):
        listed[_answer(message).__name__] = {"$ref": f"#/components/messages/{_answer(message).__name__}"}
    return {"address": message.subject, "description": summary_of(message), "messages": listed}


def _operations(message: type[Message]) -> dict[str, Any]:
    channel = {"$ref": f"#/channels/{message.subject}"}
    told = [{"$ref": f"#/channels/{message.subject}/messages/{message.__name__}"}]
    if issubclass(message, Request):
        reply = {
            "channel": channel,
            "messages": [{"$ref": f"#/channels/{message.subject}/messages/{_answer(message).__name__}"}],
        }
        extra = {"x-action": message.action, "x-callers": list(message.callers)}
        return {
            f"{message.owner()}.answer.{message.__name__}": {
                "action": "receive",
                "channel": channel,
                "messages": told,
                "reply": reply,
                **extra,
            }
        }
    if issubclass(message, Job):
        return {
            f"{message.owner()}.do.{message.__name__}": {
                "action": "receive",
                "channel": channel,
                "messages": told,
                "x-callers": list(message.callers),
            }
        }
    assert issubclass(message, Fact)  # noqa: S101  there are three kinds of message
    return {
        f"{message.owner()}.tell.{message.__name__}": {
            "action": "send",
            "channel": channel,
            "messages": told,
            "x-readers": list(message.readers),
        }
    }


def _message(message: type[Message]) -> dict[str, Any]:
    return {
        "name": message.__name__,
        "summary": summary_of(message),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
        "examples": [{"payload": message.sample}],
    }


def _answer(message: type[Request[Any]]) -> type[BaseModel]:
    return message.answer


def _answer_message(message: type[Request[Any]]) -> dict[str, Any]:
    answer = message.answer
    return {
        "name": answer.__name__,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{answer.__name__}"},
    }


def summary_of(message: type[Message]) -> str:
    """Return the first sentence of the class's promise."""
    return (message.__doc__ or "").strip().split("\n", 1)[0]
