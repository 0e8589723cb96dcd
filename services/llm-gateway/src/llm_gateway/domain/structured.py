"""Answers in JSON that a schema describes: while they arrive, and checked at their end. Pure."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import jsonschema_rs
from json_repair import repair_json
from pydantic import JsonValue
from pydantic_core import from_json

from shared.problems import Problem

_MOST_ERRORS = 5
_LONGEST_REASON = 300
_KEPT_SCHEMAS = 100
# Repair is plain Python and takes a second for a megabyte; a broken answer of that length is asked for again sooner.
_LONGEST_REPAIR = 200_000
_FENCE = re.compile(r"\s*```[a-zA-Z]*[ \t]*\r?\n(.*?)(?:\n```\s*)?\Z", re.DOTALL)
# What the strict modes of OpenAI and Anthropic have in common.
_PLAIN_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs"}
    | {"title", "description"}
)
# Of a number, the end is not known before the next character.
_UNFINISHED_NUMBER = re.compile(r"(?:\A|(?<=[\s\[:,]))-?\d[\d.eE+-]*\Z")


class StructuredOutputInvalid(Problem):
    """The model's answer does not satisfy the schema, also after it was told why."""

    type = "/problems/structured-output-invalid"
    title = "The answer does not fit the schema"
    status = 422


class ResponseSchemaInvalid(Problem):
    """The schema cannot be used: it is no JSON Schema, or it refers to something outside of itself."""

    type = "/problems/response-schema-invalid"
    title = "The schema cannot be used"
    status = 422


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why an answer does not satisfy its schema: a JSON Pointer and a reason for each place.

    The reasons never quote a value of the answer.
    """

    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        """The reasons as one sentence after another."""
        return " ".join(self.reasons)


def check_schema(schema: dict[str, JsonValue]) -> None:
    """Raise ResponseSchemaInvalid where no answer could be checked with it."""
    _validator(json.dumps(schema))


def check_answer(text: str, schema: dict[str, JsonValue], *, is_cut: bool = False) -> str | Mismatch:
    """Return the JSON of an answer that satisfies its schema, or why it does not.

    What surrounds the JSON is dropped, and small breakage is mended once: quotes, commas, an end that is missing. An
    answer that was cut is not mended: it would look whole and lack what was not written.
    """
    try:
        found, value = _read(text, is_mended=not is_cut)
    except (ValueError, RecursionError):
        return Mismatch(("At the beginning: the answer is not JSON.",))
    errors = islice(_validator(json.dumps(schema)).iter_errors(value), _MOST_ERRORS)
    reasons = tuple(_reason(error) for error in errors)
    return Mismatch(reasons) if reasons else found


def partial_value(text: str, before: JsonValue = None) -> JsonValue:
    """The value of an answer that is still arriving; `before` where these characters add nothing that can be read.

    Fed with growing beginnings of one JSON text, each value extends the one before it.
    """
    begun = _UNFINISHED_NUMBER.sub("", _unfenced(text))
    try:
        value: JsonValue = from_json(begun, allow_partial="trailing-strings", allow_inf_nan=False)
    except ValueError:
        return before
    return value


def whole_value(text: str) -> JsonValue:
    """Read JSON that was checked before."""
    value: JsonValue = from_json(text.encode(), allow_inf_nan=False)
    return value


def asked_again(mismatch: Mismatch) -> str:
    """Tell the model what was wrong with its answer."""
    return (
        f"That answer does not satisfy the JSON schema. {mismatch.words} "
        "Answer again with the whole corrected JSON, and nothing else."
    )


def schema_instruction(schema: dict[str, JsonValue]) -> str:
    """Tell a model in words what a provider without such a parameter would not tell it."""
    return f"Answer with JSON that satisfies this JSON Schema, and with nothing else:\n{json.dumps(schema)}"


def fits_strict_mode(schema: dict[str, JsonValue]) -> bool:
    """Whether providers that write by a schema take this one: closed objects, and none but the plain keywords."""
    return schema.get("type") == "object" and _is_plain(schema)


def _is_plain(schema: JsonValue) -> bool:
    if not isinstance(schema, dict) or not schema.keys() <= _PLAIN_KEYWORDS:
        return False
    members = _members(schema.get("properties"))
    if schema.get("type") == "object" or members:
        required = schema.get("required")
        if schema.get("additionalProperties") is not False or {*members} != {*(required or ())}:  # type: ignore[misc]
            return False
    choices = schema.get("anyOf")
    inner = [*members.values(), *_members(schema.get("$defs")).values()]
    inner += choices if isinstance(choices, list) else []
    inner += [schema["items"]] if "items" in schema else []
    return all(map(_is_plain, inner))


def _members(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _read(text: str, *, is_mended: bool) -> tuple[str, JsonValue]:
    """Find the JSON in an answer. Raises ValueError."""
    for candidate in (text.strip(), _unfenced(text).strip()):
        try:
            return candidate, whole_value(candidate)
        except ValueError:
            continue
    mended = repair_json(text, ensure_ascii=False) if is_mended and len(text) <= _LONGEST_REPAIR else ""
    return mended, whole_value(mended)


def _unfenced(text: str) -> str:
    fenced = _FENCE.match(text)
    return fenced[1] if fenced else text.lstrip()


@lru_cache(_KEPT_SCHEMAS)
def _validator(schema: str) -> jsonschema_rs.Validator:
    """Compile a schema. Offline, with patterns that cannot backtrack: whoever sends it may be anybody."""
    try:
        return jsonschema_rs.validator_for(
            json.loads(schema), offline=True, mask="the value", pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        message = f"The schema cannot be used: {str(error).splitlines()[0][:_LONGEST_REASON]}"
        raise ResponseSchemaInvalid(message) from error


def _reason(error: jsonschema_rs.ValidationError) -> str:
    place = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.instance_path)
    return f"At {place or 'the beginning'}: {error.message[:_LONGEST_REASON]}."
