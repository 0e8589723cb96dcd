"""What another team asks, read from the body of a request as far as the gateway must understand it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from llm_gateway.domain.budgets import input_tokens_bound
from llm_gateway.domain.calls import Account, Route
from llm_gateway.providers.wires import WireFormat
from shared.problems import Invalid

type Json = dict[str, Any]

# A caller chooses a model, never an address, an account or headers: with a key that is kept here, each of these would
# send it to a stranger.
STEERING_FIELDS: Final = frozenset(
    {
        "api_base",
        "api_key",
        "api_type",
        "api_version",
        "base_url",
        "custom_llm_provider",
        "default_headers",
        "extra_body",
        "extra_headers",
        "extra_query",
        "headers",
    }
)
# Names of things at the provider that were not made through this project's calls, as far as we know.
_STATE: Final = re.compile(
    rb'"(previous_response_id|conversation|item_reference|file_id|vector_store_ids|container|background)"'
)
_KEPT_ELSEWHERE: Final = frozenset({"conversation", "item_reference", "file_id", "vector_store_ids", "container"})
_IMAGE_TYPES: Final = frozenset({"image", "image_url", "input_image"})
_STREAM_USAGE: Final = {"include_usage": True}


@dataclass(slots=True)
class Asking:
    """One request of another team.

    `state_ids` are the fields that name something kept at the provider; `headers` go along to it.
    `wants_fresh` passes the cache by.
    """

    account: Account
    request_id: str
    wire: WireFormat
    body: Json
    model: str | None
    is_streamed: bool
    input_characters: int
    deadline: float
    headers: Mapping[str, str] = field(default_factory=dict)
    prompt_version_id: UUID | None = None
    previous_response_id: str | None = None
    state_ids: frozenset[str] = frozenset()
    wants_fresh: bool = False

    @property
    def hides_usage(self) -> bool:
        """Whether the caller did not ask for the chunk with usage that accounting needs."""
        if self.wire.wire != "chat_completions" or not self.is_streamed:
            return False
        options = self.body.get("stream_options")
        return not (isinstance(options, dict) and options.get("include_usage") is True)

    @property
    def output_limit(self) -> int | None:
        """How many tokens the caller lets the model write."""
        for name in self.wire.limit_fields:
            value = self.body.get(name)
            if isinstance(value, int):
                return value
        return None

    def input_tokens_bound(self) -> int:
        """Bound from above what the model will read: pictures count as such, everything else by its bytes."""
        images, hidden = _images(self.body)
        return input_tokens_bound(max(0, self.input_characters - hidden), images=images)

    def upstream_body(self, route: Route, output_limit: int | None) -> bytes:
        """Write what this route is asked: the same, with its own name of the model."""
        body = {**self.body, "model": route.name}
        if self.hides_usage:
            options = self.body.get("stream_options")
            body["stream_options"] = {**(options if isinstance(options, dict) else {}), **_STREAM_USAGE}
        if output_limit is not None and self.wire.limit_fields:
            # Servers of one's own often know only the older of the two names.
            body[self.wire.limit_fields[-1 if route.provider == "compatible" else 0]] = output_limit
        return orjson.dumps(body)


def read_asking(account: Account, request_id: str, wire: WireFormat, raw: bytes, deadline: float) -> Asking:
    """Read the body of a request. Raises Invalid, which names the field.

    It is written anew for the provider, so that nobody reads two things out of it: a name that comes twice counts once.
    """
    body = _object(raw)
    _refuse_steering(body)
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise invalid_field(field="model", code="type", message="model must be a string.")
    stream = body.get("stream")
    if stream not in {None, True, False}:
        raise invalid_field(field="stream", code="type", message="stream must be true or false.")
    asking = Asking(account, request_id, wire, body, model, stream is True, len(raw), deadline)
    if _STATE.search(raw):
        _read_state(asking)
    return asking


def _object(raw: bytes) -> Json:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid_field(field="body", code="json", message=f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise invalid_field(field="body", code="type", message="The body must be a JSON object.")
    return body


def _refuse_steering(body: Json) -> None:
    steering = STEERING_FIELDS & body.keys()
    if steering:
        name = min(steering)
        message = f"{name} is not taken: which server is called, and with which key, is set up in Scriptorium."
        raise invalid_field(field=name, code="steering", message=message)


def _read_state(asking: Asking) -> None:
    if asking.body.get("background"):
        message = "background is not offered here: start a generation and follow it instead (POST /v1/generations)."
        raise invalid_field(field="background", code="unsupported", message=message)
    previous = asking.body.get("previous_response_id")
    if isinstance(previous, str):
        asking.previous_response_id = previous
    asking.state_ids = frozenset(_names(asking.body)) & _KEPT_ELSEWHERE


def _names(value: object) -> Iterator[str]:
    """List the field names, and the types of items, at any depth."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            yield from inner
            if inner.get("type") == "item_reference":
                yield "item_reference"
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner


def _images(value: object) -> tuple[int, int]:
    """Count pictures, and the characters in which they are written."""
    waiting, images, hidden = [value], 0, 0
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            if inner.get("type") in _IMAGE_TYPES:
                images += 1
                hidden += len(orjson.dumps(inner))
            else:
                waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner
    return images, hidden


def require_own_state(asking: Asking, route: Route) -> None:
    """Refuse names of things at the provider where several projects share the account: they may be another's."""
    if asking.state_ids and route.account_key.startswith("installation:"):
        name = min(asking.state_ids)
        message = (
            f"{name} names something that is kept at the provider, under an account that several projects share. "
            "Give the project a connection of its own, or send the content itself."
        )
        raise invalid_field(field=name, code="shared_account", message=message)


def invalid_field(*, field: str, code: str, message: str) -> Invalid:
    """Refuse one field by its name."""
    return Invalid.of([{"name": field, "code": code, "message": message}])
