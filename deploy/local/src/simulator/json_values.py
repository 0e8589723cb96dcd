"""Values that satisfy a JSON Schema and, where they can, come from the words of the request.

Types, enumerations, bounds, formats, references and the combining keywords are followed; a `pattern` is tried
with a few likely strings, not solved.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from simulator.refusals import Refusal
from simulator.tasks.prose import Prose
from simulator.tasks.reading import Reading, read_prompt

type Schema = Mapping[str, Any]

# Below this depth optional properties and spare list items are left out, so that a recursive schema ends.
_DEEPEST_OPTIONAL = 3
_DEEPEST = 40
_LIST_ITEMS = 2
_FORMATS = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT30M",
    "email": "reader@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.10",
    "ipv6": "2001:db8::10",
    "uri": "https://example.com/page",
    "uuid": "0198c7a0-0000-7000-8000-000000000000",
}
_PATTERN_TRIES = ("A", "a", "1", "12", "123", "1234", "12345", "AB", "ABC", "abc", "A1", "AB12", "ABC-123", "#a1b2c3")
_TITLES = frozenset({"title", "name", "subject", "topic", "heading", "headline", "label"})
_SENTENCES = frozenset(
    {"summary", "description", "text", "content", "body", "reason", "explanation", "answer", "message", "detail"}
)


class ValueMaker:
    """Makes values for one schema; equal arguments give equal values, in every process."""

    def __init__(self, root: Schema, request: str, prose: Prose) -> None:
        self._root = root
        self._request = request
        self._reading: Reading = read_prompt(request)
        self._prose = prose
        self._said: set[str] = set()
        self._names: Iterator[str] = iter(self._reading.names)
        self._numbers = [float(found) for found in re.findall(r"(?<![\w.])\d{1,9}(?:\.\d{1,6})?(?![\w])", request)]

    def value(self) -> object:
        """A value for the whole schema; raises Refusal for a schema that no finite value satisfies."""
        return self._make(self._root, "", 0)

    def _make(self, given: Schema, name: str, depth: int) -> object:
        if depth > _DEEPEST:
            _refuse_schema("it has no end")
        # `true` is a schema too: it allows everything.
        schema = self._resolved(given if isinstance(given, dict) else {}, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._one_of(list(schema["enum"]))
        match _kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._list(schema, name, depth)
            case kind:
                return self._plain(schema, name, kind)

    def _plain(self, schema: Schema, name: str, kind: str) -> object:
        match kind:
            case "integer" | "number":
                return self._number(schema, is_whole=kind == "integer")
            case "boolean":
                return self._prose.is_heads()
            case "null":
                return None
        return self._string(schema, name)

    def _resolved(self, schema: Schema, depth: int, steps: int = 0) -> Schema:
        if steps > _DEEPEST:
            _refuse_schema("its references lead in a circle")
        keyword = next((key for key in ("$ref", "allOf", "anyOf", "oneOf") if schema.get(key)), None)
        if keyword is None:
            return schema
        rest = {key: value for key, value in schema.items() if key != keyword}
        match keyword:
            case "$ref":
                added = [self._referred(schema["$ref"])]
            case "allOf":
                added = schema["allOf"]
            case _:
                added = [_option(schema[keyword], prefers_short=depth > _DEEPEST_OPTIONAL)]
        return self._resolved(_merged(rest, *added), depth, steps + 1)

    def _referred(self, reference: str) -> Schema:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            _refuse_schema(f"reference can't point to '{reference}'")
        return found

    def _one_of(self, options: list[object]) -> object:
        unsaid = [option for option in options if isinstance(option, str) and option not in self._said]
        said = next((option for option in unsaid if option and _is_said(option, self._request)), None)
        if said is None:
            return options[int(self._prose.choose([str(index) for index in range(len(options))]))]
        self._said.add(said)
        return said

    def _object(self, schema: Schema, depth: int) -> dict[str, object]:
        required = list(schema.get("required", []))
        properties: Mapping[str, Schema] = schema.get("properties", {})
        wanted = properties if depth <= _DEEPEST_OPTIONAL else [key for key in properties if key in required]
        names = [*wanted, *(key for key in required if key not in properties)]
        made = {key: self._make(properties.get(key, {}), key, depth + 1) for key in names}
        extra = schema.get("additionalProperties")
        if not properties and isinstance(extra, dict) and depth <= _DEEPEST_OPTIONAL:
            made["first"] = self._make(extra, "first", depth + 1)
        return made

    def _list(self, schema: Schema, name: str, depth: int) -> list[object]:
        fixed = [self._make(item, name, depth + 1) for item in schema.get("prefixItems", [])]
        items = schema.get("items", {} if not fixed else False)
        least = schema.get("minItems", 0)
        wanted = max(least, _LIST_ITEMS if depth <= _DEEPEST_OPTIONAL else 0)
        made = fixed
        # A list of different values may need more tries than it has places.
        for _ in range(wanted * 8 if isinstance(items, dict) else 0):
            if len(made) >= min(wanted, schema.get("maxItems", wanted)):
                break
            value = self._make(items, name.removesuffix("s"), depth + 1)
            if not schema.get("uniqueItems") or value not in made:
                made.append(value)
        return made

    def _number(self, schema: Schema, *, is_whole: bool) -> float:
        said = [number for number in self._numbers if _fits(number, schema, is_whole=is_whole)]
        if said:
            self._numbers.remove(said[0])
            return int(said[0]) if is_whole else said[0]
        tries = [float(self._prose.choose(list("123456789"))), *_near_bounds(schema)]
        fitting = [number for number in tries if _fits(number, schema, is_whole=is_whole)]
        if not fitting:
            _refuse_schema("no number is within its bounds")
        return int(fitting[0]) if is_whole else fitting[0]

    def _string(self, schema: Schema, name: str) -> str:
        if formatted := _FORMATS.get(schema.get("format", "")):
            return formatted
        text = self._phrase(name)
        if pattern := schema.get("pattern"):
            tries = (text, *(str(value) for _, value in self._reading.values), *_PATTERN_TRIES, *_FORMATS.values())
            text = next((candidate for candidate in tries if re.search(pattern, candidate)), text)
        text = text[: schema.get("maxLength", len(text))]
        return text.ljust(schema.get("minLength", 0), ".")

    def _phrase(self, name: str) -> str:
        spoken = re.sub(r"[_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().lower()
        labelled = {label.lower(): value for label, value in self._reading.values}
        if spoken in labelled:
            return labelled[spoken]
        title = self._reading.title or "Untitled"
        if spoken.rpartition(" ")[2] in _SENTENCES:
            return self._prose.sentence("point", requirement=title, topic=title, value=title)
        if spoken.rpartition(" ")[2] in _TITLES:
            return title
        return next(self._names, None) or self._prose.sentence("heading", topic=title)


def json_text(value: object) -> str:
    """A value as models write it: on one line, in plain characters."""
    return json.dumps(value, ensure_ascii=False)


def _is_said(option: str, request: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(option)}(?!\w)", request, re.IGNORECASE) is not None


def _kind(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


def _merged(*schemas: Schema) -> Schema:
    merged: dict[str, Any] = {}
    for schema in schemas:
        properties = dict(merged.get("properties", {})) | dict(schema.get("properties", {}))
        required = [*merged.get("required", []), *schema.get("required", [])]
        combined = [*merged.get("allOf", []), *schema.get("allOf", [])]
        merged |= dict(schema)
        merged |= {key: value for key, value in (("properties", properties), ("required", required)) if value}
        merged |= {"allOf": combined} if combined else {}
    return merged


def _option(options: list[Schema], *, prefers_short: bool) -> Schema:
    ends = [option for option in options if "$ref" not in option]
    without_null = [option for option in options if option.get("type") != "null"]
    if prefers_short:
        return next((option for option in ends if option.get("type") == "null"), (ends or options)[0])
    return (without_null or options)[0]


def _near_bounds(schema: Schema) -> list[float]:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        return [0.0, step] if high is None else [high // step * step, (high // step - 1) * step, high - step]
    above = -(-low // step) * step
    middle = [] if high is None else [(low + high) / 2]
    return [float(low), above, above + step, *middle]


def _fits(number: float, schema: Schema, *, is_whole: bool) -> bool:
    return (
        (not is_whole or float(number).is_integer())
        and schema.get("minimum", number) <= number <= schema.get("maximum", number)
        and ("exclusiveMinimum" not in schema or number > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or number < schema["exclusiveMaximum"])
        and ("multipleOf" not in schema or float(number / schema["multipleOf"]).is_integer())
    )


def _refuse_schema(why: str) -> NoReturn:
    raise Refusal(kind="invalid_request", message=f"Invalid schema: {why}.", param="schema")
