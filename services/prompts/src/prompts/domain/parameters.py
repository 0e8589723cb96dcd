"""Parameters of a template: which ones a version has, and whether their declarations make sense."""

import re
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from prompts.domain.values import fault_of
from shared.contracts.prompts import Parameter
from shared.problems import Invalid

_LENGTHS_OF = ("string", "text")
_TYPE_OF_RULE = {
    "choices": ("enum",),
    "minimum": ("number",),
    "maximum": ("number",),
    "min_length": _LENGTHS_OF,
    "max_length": _LENGTHS_OF,
    "pattern": ("string",),
}


def merge(declared: Iterable[Parameter], found: Iterable[Parameter]) -> list[Parameter]:
    """Keep the declared ones and append what else the template uses, in its order."""
    merged = {parameter.name: parameter for parameter in declared}
    for parameter in found:
        merged.setdefault(parameter.name, parameter)
    return list(merged.values())


def carry_over(known: Iterable[Parameter], found: Iterable[Parameter]) -> list[Parameter]:
    """Take the first known declaration of each parameter that was found, and what nobody knows as found."""
    declarations: dict[str, Parameter] = {}
    for parameter in known:
        declarations.setdefault(parameter.name, parameter)
    return [declarations.get(parameter.name, parameter) for parameter in found]


def check_declarations(parameters: Sequence[Parameter]) -> None:
    """Raise Invalid naming every declaration that contradicts itself."""
    names = [parameter.name for parameter in parameters]
    twice = [_error(name, "is declared twice") for name in dict.fromkeys(names) if names.count(name) > 1]
    errors = twice + [_error(p.name, fault) for p in parameters if (fault := _declaration_fault(p))]
    if errors:
        raise Invalid.of(errors)


def _error(name: str, message: str) -> dict[str, JsonValue]:
    return {"name": name, "code": "declaration", "message": message}


def _declaration_fault(parameter: Parameter) -> str | None:
    misplaced = next((r for r, types in _TYPE_OF_RULE.items() if _misplaces(parameter, r, types)), None)
    if misplaced:
        return f"{misplaced} does not go with the type {parameter.type}"
    if parameter.type == "enum" and not parameter.choices:
        return "an enum needs its choices"
    if _is_reversed(parameter.minimum, parameter.maximum) or _is_reversed(parameter.min_length, parameter.max_length):
        return "the minimum is greater than the maximum"
    if parameter.pattern is not None and not _compiles(parameter.pattern):
        return "the pattern is not a regular expression"
    fault = None if parameter.default is None else fault_of(parameter, parameter.default)
    return f"the default {fault[1]}" if fault else None


def _misplaces(parameter: Parameter, rule: str, types: tuple[str, ...]) -> bool:
    return getattr(parameter, rule) is not None and parameter.type not in types


def _is_reversed(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
