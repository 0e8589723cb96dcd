"""Answers in JSON: they satisfy their schema, in all three formats, unless a fault spoils them."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import anthropic
import jsonschema_rs
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel

from simulator.app import SimulatorOptions
from simulator.flaws import JsonFlaw, spoil
from simulator.json_values import ValueMaker
from simulator.refusals import Refusal
from simulator.tasks.prose import Prose
from simulator.testing import running_simulator

QUESTION = "Describe the harbour of Brest as JSON. Priority: high. It has 12 piers."


class Harbour(BaseModel):
    name: str
    piers: int
    priority: Literal["low", "high"]
    notes: list[str]


SCHEMA = Harbour.model_json_schema() | {"additionalProperties": False}
CHAT_FORM: Any = {"type": "json_schema", "json_schema": {"name": "harbour", "schema": SCHEMA, "strict": True}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_simulator(SimulatorOptions(seed=7, chunk_seconds=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


@pytest.fixture
async def claude(url: str) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=url, api_key="key", max_retries=0, timeout=5) as opened:
        yield opened


async def ask(client: AsyncOpenAI, model: str = "quill", form: Any = CHAT_FORM, *more: Any) -> str:
    completion = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": QUESTION}, *more], response_format=form
    )
    return completion.choices[0].message.content or ""


async def test_a_chat_answer_satisfies_its_schema_and_uses_the_question(client: AsyncOpenAI) -> None:
    harbour = Harbour.model_validate_json(await ask(client))
    assert (harbour.piers, harbour.priority) == (12, "high")


async def test_the_parse_methods_of_both_sdks_get_their_model(client: AsyncOpenAI, claude: AsyncAnthropic) -> None:
    chat = await client.chat.completions.parse(
        model="quill", messages=[{"role": "user", "content": QUESTION}], response_format=Harbour
    )
    response = await client.responses.parse(model="quill", input=QUESTION, text_format=Harbour)
    message = await claude.messages.parse(
        model="reed", max_tokens=500, messages=[{"role": "user", "content": QUESTION}], output_format=Harbour
    )
    parsed = chat.choices[0].message.parsed, response.output_parsed, message.parsed_output
    assert {harbour.piers for harbour in parsed if harbour is not None} == {12}
    assert None not in parsed


async def test_a_streamed_structured_answer_is_the_same_json(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(
        model="quill", messages=[{"role": "user", "content": QUESTION}], response_format=CHAT_FORM, stream=True
    )
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in answer])
    assert text == await ask(client)


async def test_any_object_is_an_object(client: AsyncOpenAI) -> None:
    assert isinstance(json.loads(await ask(client, form={"type": "json_object"})), dict)


async def test_any_object_is_refused_when_nobody_speaks_of_json(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="must contain the word 'json'"):
        await client.chat.completions.create(
            model="quill", messages=[{"role": "user", "content": "Hello"}], response_format={"type": "json_object"}
        )


@pytest.mark.parametrize(
    "form", [{"type": "xml"}, {"type": "json_schema"}, {"type": "json_schema", "json_schema": {"schema": {}}}]
)
async def test_a_form_that_makes_no_sense_is_a_bad_request(client: AsyncOpenAI, form: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        await ask(client, form=form)


async def test_a_format_without_a_schema_is_a_bad_request_for_messages(claude: AsyncAnthropic) -> None:
    form: Any = {"format": {"type": "json_schema"}}
    with pytest.raises(anthropic.BadRequestError, match="Field required"):
        await claude.messages.create(
            model="reed", max_tokens=9, messages=[{"role": "user", "content": "x"}], output_config=form
        )


async def test_broken_json_cannot_be_parsed_and_wrong_json_breaks_the_schema(client: AsyncOpenAI) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(await ask(client, "quill+broken-json"))
    assert not jsonschema_rs.is_valid(SCHEMA, json.loads(await ask(client, "quill+wrong-json")))


@pytest.mark.parametrize("fault", ["broken-json-once", "wrong-json-once"])
async def test_a_flaw_that_strikes_once_is_mended_by_asking_again(client: AsyncOpenAI, fault: str) -> None:
    first = await ask(client, f"quill+{fault}")
    more = {"role": "assistant", "content": first}, {"role": "user", "content": "This JSON is not valid: mend it."}
    second = await ask(client, f"quill+{fault}", CHAT_FORM, *more)
    assert first not in {second, await ask(client, f"quill+{fault}")}
    assert jsonschema_rs.is_valid(SCHEMA, json.loads(second))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 5, "exclusiveMaximum": 6},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        {"type": "integer", "multipleOf": 7, "minimum": 50},
        {"type": "integer", "maximum": -3},
        {"type": "string", "minLength": 300},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "date-time"},
        {"type": "string", "pattern": r"^[A-Z]{3}-\d{3}$"},
        {"type": ["null", "string"]},
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}]},
        {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"x": {"const": 4}}, "required": ["x"]}]},
        {"allOf": [{"properties": {"x": {"type": "integer"}}}, {"required": ["x"], "properties": {"y": True}}]},
        {"$defs": {"a/b": {"type": "boolean"}}, "properties": {"flag": {"$ref": "#/$defs/a~1b"}}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "required": ["unlisted"]},
        {
            "$defs": {"node": {"properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}},
            "$ref": "#/$defs/node",
        },
        {"properties": {"children": {"type": "array", "items": {"$ref": "#"}}}, "required": ["children"]},
        {},
    ],
)
def test_a_value_satisfies_its_schema(schema: dict[str, Any]) -> None:
    for seed in range(5):
        jsonschema_rs.validate(schema, ValueMaker(schema, QUESTION, Prose(seed)).value())


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#"},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"properties": {"again": {"$ref": "#"}}, "required": ["again"]},
    ],
)
def test_a_schema_that_nothing_satisfies_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="Invalid schema"):
        ValueMaker(schema, QUESTION, Prose(1)).value()


def test_a_property_takes_the_value_that_the_question_gives_it() -> None:
    schema = {"properties": {"dueDate": {"type": "string"}, "summary": {"type": "string"}}}
    value = ValueMaker(schema, "Plan the move.\nDue date: next Friday", Prose(1)).value()
    assert isinstance(value, dict)
    assert value["dueDate"] == "next Friday"
    assert len(value["summary"].split()) > 3


@pytest.mark.parametrize("flaw", ["broken", "wrong"])
@pytest.mark.parametrize("text", ["{}", "[]", '{"a": 1}', '"text"'])
def test_a_spoiled_text_is_another(text: str, flaw: JsonFlaw) -> None:
    assert spoil(text, flaw) != text == spoil(text, None)
