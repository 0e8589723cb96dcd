"""How each provider is told that an answer shall satisfy a schema, as far as the model takes it.

Sources: https://platform.openai.com/docs/guides/structured-outputs,
https://docs.claude.com/en/docs/build-with-claude/structured-outputs, https://console.groq.com/docs/structured-outputs.
"""

from typing import Any

from pydantic import JsonValue

from llm_gateway.domain.connections import SIMULATOR
from llm_gateway.domain.structured import fits_strict_mode
from llm_gateway.providers.catalogue import describe

# Ollama, vLLM and llama.cpp write by a schema with every model.
_ANY_MODEL = frozenset({"compatible", SIMULATOR})


def chat_format(provider: str, name: str, schema: dict[str, JsonValue]) -> dict[str, Any]:
    """The `response_format` of chat completions: by the schema, or some JSON where the model knows no more.

    Strict modes refuse what they do not know, so they are asked for only where the schema is as they want it.
    """
    if not _writes_by_schema(provider, name):
        return {"type": "json_object"}
    wanted = {"name": "answer", "schema": schema, "strict": fits_strict_mode(schema)}
    return {"type": "json_schema", "json_schema": wanted}


def messages_format(provider: str, name: str, schema: dict[str, JsonValue] | None) -> dict[str, Any] | None:
    """The `output_config.format` of messages; None where words must do, because it is always strict."""
    if schema is None or not _writes_by_schema(provider, name) or not fits_strict_mode(schema):
        return None
    return {"type": "json_schema", "schema": schema}


def _writes_by_schema(provider: str, name: str) -> bool:
    return provider in _ANY_MODEL or "json_schema" in describe(provider, name).capabilities
