"""Values for parameters: each missing, extra or ill-typed one is refused by name."""

import math
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from shared.contracts.prompts import Parameter
from shared.problems import Invalid

# Beyond this a double no longer holds every integer, and arithmetic in templates would surprise.
_LARGEST_NUMBER = 2**53


def complete_values(parameters: Sequence[Parameter], values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a value for every parameter: the given one, its default, or None where it is optional.

    Raises Invalid with one entry for each refused name; `code` is missing, extra, type or constraint. A
    pattern runs here, so this belongs where time is bounded.
    """
    errors: list[dict[str, JsonValue]] = []
    complete: dict[str, JsonValue] = {}
    for parameter in parameters:
        complete[parameter.name] = value = _given_or_default(parameter, values)
        fault = _refusal(parameter, value, is_given=parameter.name in values)
        if fault:
            errors.append({"name": parameter.name, "code": fault[0], "message": fault[1]})
    errors += [
        {"name": name, "code": "extra", "message": "the prompt has no such parameter"}
        for name in values
        if name not in complete
    ]
    if errors:
        raise Invalid.of(errors)
    return complete


def fault_of(parameter: Parameter, value: JsonValue) -> tuple[str, str] | None:
    """Say what is wrong with one value as (code, message); None where it fits. Types are strict: "3" is no number."""
    if not _has_type(parameter, value):
        return "type", f"is not {_TYPE_WORDS[parameter.type]}"
    message = _broken_constraint(parameter, value)
    return ("constraint", message) if message else None


_TYPE_WORDS = {
    "string": "a text",
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "enum": "one of its choices",
    "list": "a list",
    "json": "an object or a list",
}


def _given_or_default(parameter: Parameter, values: Mapping[str, JsonValue]) -> JsonValue:
    value = values.get(parameter.name)
    return parameter.default if value is None else value


def _refusal(parameter: Parameter, value: JsonValue, *, is_given: bool) -> tuple[str, str] | None:
    if value is not None:
        return fault_of(parameter, value)
    if not parameter.required:
        return None
    return "missing", "needs a value" if not is_given else "must not be empty"


def _has_type(parameter: Parameter, value: JsonValue) -> bool:
    if parameter.type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_plain_number(value)
    if parameter.type == "boolean":
        return isinstance(value, bool)
    if parameter.type == "list":
        return isinstance(value, list)
    if parameter.type == "json":
        return isinstance(value, dict | list)
    return isinstance(value, str)


def _is_plain_number(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= _LARGEST_NUMBER


def _broken_constraint(parameter: Parameter, value: JsonValue) -> str | None:
    if isinstance(value, str):
        return _broken_text_constraint(parameter, value)
    if parameter.type == "number" and isinstance(value, int | float):
        return _broken_bound(parameter, value)
    return None


def _broken_bound(parameter: Parameter, value: float) -> str | None:
    if parameter.minimum is not None and value < parameter.minimum:
        return f"is less than {parameter.minimum:g}"
    if parameter.maximum is not None and value > parameter.maximum:
        return f"is more than {parameter.maximum:g}"
    return None


def _broken_text_constraint(parameter: Parameter, value: str) -> str | None:
    if parameter.choices is not None and value not in parameter.choices:
        return f"is not one of {', '.join(parameter.choices)}"
    if parameter.min_length is not None and len(value) < parameter.min_length:
        return f"is shorter than {parameter.min_length} characters"
    if parameter.max_length is not None and len(value) > parameter.max_length:
        return f"is longer than {parameter.max_length} characters"
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        return "does not match the pattern"
    return None
