"""Prompts of the registry behind the endpoints: by the name of a model, and by OpenAI's prompt object.

`model="prompt:set/name@label"` asks the prompt's own default model. The object `prompt {id, version, variables}` names
a prompt by its id or address and leaves the request's model. Values come in the field `variables`.
"""

import re
from typing import Any, Final

from pydantic import ValidationError

from llm_gateway.operations.endpoints.asking import Asking, invalid_field
from shared.bus import Bus
from shared.call import Call
from shared.contracts.ids import decode_id
from shared.contracts.prompts import RenderedPrompt, RenderPrompt, RenderPromptByName

type Json = dict[str, Any]

PREFIX: Final = "prompt:"
_NAMED: Final = re.compile(r"(?P<name>[^\s@]+)(?:@(?P<pin>[^\s@]+))?")
_PROMPT_ID: Final = "pr_"


async def take_prompt(bus: Bus, call: Call, asking: Asking) -> None:
    """Put the rendered prompt into the request where it names one. Raises the registry's problems, or Invalid."""
    if asking.model is not None and asking.model.startswith(PREFIX):
        rendered = await _render(bus, call, asking.model.removeprefix(PREFIX), None, asking.body.pop("variables", None))
        asking.model = rendered.default_model
        asking.body.pop("model", None)
    elif isinstance(asking.body.get("prompt"), dict):
        wanted: Json = asking.body.pop("prompt")
        name, version = wanted.get("id"), wanted.get("version")
        rendered = await _render(bus, call, str(name), version, wanted.get("variables"))
        asking.model = asking.model or rendered.default_model
    else:
        return
    asking.prompt_version_id = rendered.prompt_version_id
    asking.input_characters += len(rendered.text)
    _put(asking, rendered.text)


async def _render(bus: Bus, call: Call, reference: str, version: object, variables: object) -> RenderedPrompt:
    found = _NAMED.fullmatch(reference)
    if found is None:
        message = f"{reference[:100]!r} names no prompt: write set/name, set/name@label or set/name@3."
        raise invalid_field(field="prompt", code="prompt", message=message)
    name, pin = found["name"], str(version) if version is not None else found["pin"]
    pinned = {"version": int(pin)} if pin and pin.isdecimal() else {"label": pin}
    wanted: Json = {**(pinned if pin else {}), "values": variables if isinstance(variables, dict) else {}}
    try:
        if name.startswith(_PROMPT_ID):
            return await bus.request(call, RenderPrompt(prompt_id=decode_id("pr", name), **wanted))
        return await bus.request(call, RenderPromptByName(name=name, **wanted))
    except (ValidationError, ValueError) as error:
        message = f"{reference[:100]!r} names no prompt: write set/name, set/name@label, set/name@3, or its id."
        raise invalid_field(field="prompt", code="prompt", message=message) from error


def _put(asking: Asking, text: str) -> None:
    """The prompt speaks first; where nobody says anything after it, it is the question itself."""
    body = asking.body
    match asking.wire.wire:
        case "chat_completions":
            messages = body.get("messages") or []
            role = "system" if messages else "user"
            body["messages"] = [{"role": role, "content": text}, *messages]
        case "responses" if body.get("input"):
            body["instructions"] = _joined(text, body.get("instructions"))
        case "responses":
            body["input"] = text
        case "messages" if body.get("messages"):
            body["system"] = _system(text, body.get("system"))
        case "messages":
            body["messages"] = [{"role": "user", "content": text}]
        case "embeddings":
            message = "A prompt cannot be embedded: send its text as input."
            raise invalid_field(field="prompt", code="prompt", message=message)


def _joined(text: str, more: object) -> str:
    return f"{text}\n\n{more}" if isinstance(more, str) and more else text


def _system(text: str, more: object) -> str | list[Json]:
    """Anthropic's system is a text or a list of parts."""
    if isinstance(more, list):
        return [{"type": "text", "text": text}, *more]
    return _joined(text, more)
