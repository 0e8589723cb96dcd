"""Prompts pasted from elsewhere: OpenAI's prompt objects, and request bodies of its responses and chat endpoints.

Their placeholders are `{{name}}`, which Liquid reads as it is; what would be Liquid and was text there is quoted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from prompts.domain.versions import MAX_SLUG_LENGTH
from shared.problems import Invalid

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_TAG = re.compile(r"\{%|%\}|\{\{|\}\}")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_HEADINGS = {"user": "User", "assistant": "Assistant"}
_MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class PastedPrompt:
    """What was found: a template of ours, and the names under which code knew it."""

    template: str
    title: str
    slug: str | None
    model: str | None
    source_id: str | None


def read_pasted(source: str) -> PastedPrompt:
    """Read pasted JSON. Raises Invalid, which says what was looked for."""
    document = _object(source)
    # What code shows is `{"prompt": {...}}` or the whole body of a request.
    inner = document.get("prompt")
    found: Mapping[str, Any] = {**document, **inner} if isinstance(inner, dict) else document
    parts = [*_instructions(found), *_messages(found.get("messages") or found.get("input"))]
    if not parts:
        message = (
            "There is no text in it. Paste the JSON of the prompt with its instructions or messages; an id and "
            "a version alone say only where the text was kept."
        )
        raise _invalid(message)
    source_id = found.get("id") if isinstance(found.get("id"), str) else None
    title = found.get("name") or found.get("title") or source_id or parts[0].strip().splitlines()[0]
    model = found.get("model")
    return PastedPrompt(
        "\n\n".join(parts),
        str(title).lstrip("# ")[:_MAX_TITLE],
        slug_of_id(source_id) if source_id else None,
        model if isinstance(model, str) else None,
        source_id,
    )


def slug_of_id(source_id: str) -> str:
    """The name of an imported prompt, found again from the id that code knows: `pmpt_1A` is `pmpt-1a`."""
    return _NOT_SLUG.sub("-", source_id.lower()).strip("-")[:MAX_SLUG_LENGTH].rstrip("-")


def _object(source: str) -> dict[str, Any]:
    try:
        document = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        message = f"This is not JSON: {error}."
        raise _invalid(message) from error
    if not isinstance(document, dict):
        message = "Paste one JSON object."
        raise _invalid(message)
    return document


def _instructions(found: Mapping[str, Any]) -> Iterator[str]:
    for name in ("instructions", "system", "template", "content"):
        value = found.get(name)
        if isinstance(value, str) and value.strip():
            yield _liquid(value)
            return


def _messages(messages: object) -> Iterator[str]:
    """Write a conversation as sections; a single message without a model's answer needs no heading."""
    if isinstance(messages, str) and messages.strip():
        yield _liquid(messages)
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        return
    read = [message for message in messages if isinstance(message, dict)]
    for message in read:
        text = _text(message.get("content"))
        heading = _HEADINGS.get(str(message.get("role"))) if len(read) > 1 else None
        if text.strip():
            yield f"## {heading}\n\n{_liquid(text)}" if heading else _liquid(text)


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _liquid(text: str) -> str:
    """Keep placeholders and quote everything else that Liquid would read as its own."""
    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [_quoted(text[end : found.start()]), f"{{{{ {found[1]} }}}}"]
        end = found.end()
    return "".join([*pieces, _quoted(text[end:])])


def _quoted(text: str) -> str:
    return f"{{% raw %}}{text}{{% endraw %}}" if _TAG.search(text) else text


def _invalid(message: str) -> Invalid:
    return Invalid.of([{"name": "source", "code": "import", "message": message}])
