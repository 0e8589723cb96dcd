"""Equal questions and their kept answers. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson

from llm_gateway.domain.calls import Route, Wire

# Longer answers are rare, and a cache of them would push out many others.
LONGEST_KEPT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a caller was told: the bytes, who wrote them, and what writing took. `key` is the hash of the question."""

    key: str
    body: bytes
    model: str
    provider: str
    is_streamed: bool
    input_tokens: int
    output_tokens: int

    def head(self) -> dict[str, Any]:
        """Everything but the bytes."""
        return {name: value for name, value in asdict(self).items() if name != "body"}


def question_key(
    project_id: UUID, wire: Wire, routes: Sequence[Route], body: Mapping[str, Any], headers: Mapping[str, str]
) -> str:
    """Hash everything that decides about an answer: whose question, which accounts and models, every parameter."""
    asked = [f"{route.account_key} {route.model}" for route in routes]
    question = [str(project_id), wire, asked, dict(body), dict(headers)]
    return hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()
