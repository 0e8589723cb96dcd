"""OpenAI Embeddings: vectors in which texts of the same words lie close together.

The shapes follow https://platform.openai.com/docs/api-reference/embeddings.
"""

import base64
import hashlib
import math
import re
import struct
from functools import lru_cache

from simulator.conversation import EmbeddingForm, EmbeddingInput, ModelCall, count_tokens
from simulator.refusals import Refusal
from simulator.wire import Json, Reply, Transcript, check_fields, known_fields, read_limit, read_model
from simulator.wire_openai import OpenAIProvider

DEFAULT_DIMENSIONS = 64
_MOST_DIMENSIONS = 3072
_MOST_INPUTS = 2048
_MOST_TOKENS = 8192
_FIELDS = known_fields("embeddings")


class Embeddings(OpenAIProvider):
    """`POST /v1/embeddings`."""

    path = "/v1/embeddings"
    # An embedding has no id on the wire; the ledger needs one all the same.
    response_id_prefix = "embd-"

    def read_call(self, body: Json) -> ModelCall:
        """Read the inputs (texts or tokens), their dimensions and encoding."""
        check_fields(body, _FIELDS)
        model, inputs = read_model(body), _read_inputs(body.get("input"))
        dimensions = read_limit(body, "dimensions") or DEFAULT_DIMENSIONS
        if dimensions > _MOST_DIMENSIONS:
            message = f"Invalid value for 'dimensions' = {dimensions}. Must be at most {_MOST_DIMENSIONS}."
            raise Refusal(kind="invalid_request", message=message, param="dimensions")
        encoding = body.get("encoding_format") or "float"
        if encoding not in {"float", "base64"}:
            message = f"Invalid value for 'encoding_format': '{encoding}'."
            raise Refusal(kind="invalid_request", message=message, param="encoding_format")
        return ModelCall(model, (), embedding=EmbeddingForm(inputs, dimensions, encoding == "base64"))

    def whole(self, reply: Reply) -> Json:
        """A `list` of `embedding` objects in the order of the inputs."""
        form = reply.call.embedding
        inputs = form.inputs if form else ()
        vectors = [embed(given.text, form.dimensions) for given in inputs] if form else []
        encoded = [_base64(vector) if form and form.is_base64 else list(vector) for vector in vectors]
        data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(encoded)]
        usage = {"prompt_tokens": reply.answer.input_tokens, "total_tokens": reply.answer.input_tokens}
        return {"object": "list", "data": data, "model": reply.call.model, "usage": usage}

    def transcript(self, reply: Reply) -> Transcript:  # noqa: ARG002 -- the signature of every wire
        """Vectors are never streamed."""
        return Transcript(b"", (), b"", b"", b"")


def embed(text: str, dimensions: int) -> tuple[float, ...]:
    """A unit vector: every word and every beginning of a word adds a fixed direction of its own."""
    sums = [0.0] * dimensions
    words = re.findall(r"\w+", text.lower()) or [text]
    for feature in (form for word in words for form in (word, f"^{word[:4]}")):
        place, sign = _direction(feature)
        sums[place % dimensions] += sign
    # Words may cancel each other out; the zero vector has no direction, so one is given.
    length = math.sqrt(sum(value * value for value in sums))
    return tuple(value / length for value in sums) if length else (1.0, *sums[1:])


@lru_cache(maxsize=10_000)
def _direction(feature: str) -> tuple[int, float]:
    digest = hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest[:7]), 1.0 if digest[7] % 2 else -1.0


def _base64(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _read_inputs(given: object) -> tuple[EmbeddingInput, ...]:
    if _is_tokens(given) or isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not given or len(given) > _MOST_INPUTS:
        message = f"'$.input' is invalid: expected a text, tokens, or a list of at most {_MOST_INPUTS} of them."
        raise Refusal(kind="invalid_request", message=message, param="input")
    return tuple(_read_input(each) for each in given)


def _read_input(given: object) -> EmbeddingInput:
    if isinstance(given, str) and given:
        found = EmbeddingInput(given, count_tokens(given))
    elif isinstance(given, list) and _is_tokens(given):
        found = EmbeddingInput(" ".join(str(token) for token in given), len(given))
    else:
        message = "'$.input' is invalid: an input is a text that is not empty, or a list of tokens."
        raise Refusal(kind="invalid_request", message=message, param="input")
    if found.tokens > _MOST_TOKENS:
        message = (
            f"This model's maximum context length is {_MOST_TOKENS} tokens, however you requested {found.tokens} "
            "tokens for one input. Please reduce your prompt."
        )
        raise Refusal(kind="invalid_request", message=message, param="input")
    return found


def _is_tokens(given: object) -> bool:
    return isinstance(given, list) and bool(given) and all(type(token) is int for token in given)
