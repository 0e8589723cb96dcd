"""The content of a message: text, or parts of which text and images count."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, NoReturn

from simulator.refusals import Refusal

# What OpenAI bills for an image at low detail; here every image is one.
TOKENS_PER_IMAGE = 85


@dataclass(frozen=True, slots=True)
class Content:
    """The joined text of a content and the tokens of its images."""

    text: str
    image_tokens: int = 0


def read_content(content: object, param: str) -> Content:
    """A string, nothing, or a list of parts; raises Refusal for another shape or an image that is none.

    An image by address is counted and not fetched.
    """
    if content is None or isinstance(content, str):
        return Content(content or "")
    if not isinstance(content, list):
        raise Refusal(
            kind="invalid_request", message=f"'{param}' must have text or a list of parts as content", param=param
        )
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    images = sum(_is_image(part, param) for part in parts)
    return Content("".join(texts), images * TOKENS_PER_IMAGE)


def read_text(content: object, param: str) -> str:
    """Only the text of a content."""
    return read_content(content, param).text


def _is_image(part: dict[str, Any], param: str) -> bool:
    match part.get("type"):
        case "image_url":
            given = part.get("image_url")
            _check_address(given.get("url") if isinstance(given, dict) else given, param)
        case "input_image":
            _check_address(part.get("image_url") or f"https:{part.get('file_id', '')}", param)
        case "image":
            _check_source(part.get("source"), param)
        case _:
            return False
    return True


def _check_address(address: object, param: str) -> None:
    kind, _, rest = str(address).partition(":")
    if kind == "data":
        head, _, encoded = rest.partition(",")
        _check_picture(head.removesuffix(";base64"), encoded, param)
    elif kind not in {"http", "https"}:
        _refuse_image("Invalid image URL: expected an http(s) address or a data URL.", param)


def _check_source(source: object, param: str) -> None:
    if not isinstance(source, dict):
        _refuse_image(f"{param}.source: Field required", param)
    if source.get("type") == "base64":
        _check_picture(str(source.get("media_type")), str(source.get("data")), param)


def _check_picture(media_type: str, encoded: str, param: str) -> None:
    try:
        is_empty = not base64.b64decode(encoded, validate=True)
    except binascii.Error:
        is_empty = True
    if is_empty or not media_type.startswith("image/"):
        _refuse_image("Could not process image: it is not base64 of a supported media type.", param)


def _refuse_image(message: str, param: str) -> NoReturn:
    raise Refusal(kind="invalid_request", message=message, param=param)
