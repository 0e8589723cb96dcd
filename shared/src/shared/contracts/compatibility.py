"""Contracts only grow: what a new schema document may not do to the one that is committed."""

from collections.abc import Iterator
from typing import Any

type Schemas = dict[str, dict[str, Any]]


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List what an existing reader or writer would trip over, in words.

    Both are OpenAPI or AsyncAPI documents. A schema that only its owner's new version uses is free to change:
    so a break needs a new subject or path, and the old one stays for a release.
    """
    found = [*_lost("channel", old.get("channels", {}), new.get("channels", {}))]
    found += _lost("path", _operations(old), _operations(new))
    found += _schema_changes(_schemas(old), _schemas(new))
    return found


def _lost(kind: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    return (f"{kind} {name} is gone" for name in old if name not in new)


def _operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document.get("paths", {}).items()
        for method, operation in methods.items()
    }


def _schemas(document: dict[str, Any]) -> Schemas:
    schemas: Schemas = document.get("components", {}).get("schemas", {})
    return schemas


def _schema_changes(old: Schemas, new: Schemas) -> list[str]:
    found: list[str] = []
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            found.append(f"{name} is gone")
            continue
        found += _property_changes(name, before, after)
    return found


def _property_changes(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    earlier, later = before.get("properties", {}), after.get("properties", {})
    yield from _lost(f"{name}: field", earlier, later)
    for field in earlier:
        if field in later and _type(earlier[field]) != _type(later[field]):
            yield f"{name}.{field} was {_type(earlier[field])} and is {_type(later[field])}"
    for field in set(after.get("required", ())) - set(before.get("required", ())):
        yield f"{name}.{field} became required"


def _type(schema: dict[str, Any]) -> str:
    """Name a field's type as a reader sees it: bounds may widen, what it holds may not change."""
    if "anyOf" in schema:
        return " or ".join(sorted(_type(choice) for choice in schema["anyOf"]))
    return str(schema.get("$ref", schema.get("type", "anything")))
