"""Asks a provider for its list of models: does the address answer, does the key open?"""

import asyncio
import ssl
import time
from dataclasses import dataclass

import httpx2
import orjson

from llm_gateway.domain.connections import Connection
from llm_gateway.providers.addresses import AddressRefusedError, AddressRules
from llm_gateway.providers.connections import authorisation_of
from llm_gateway.providers.transport import Access, http_client
from shared.contracts.llm_gateway import ConnectionCheck

CHECK_SECONDS = 10.0
_LONGEST_QUOTE = 200
# Lists of models are long at some; more than this is no list.
_LONGEST_ANSWER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


async def check_connection(connection: Connection, rules: AddressRules, seconds: float) -> ConnectionCheck:
    """Ask once and put what happened into a sentence for the admin. The key is in no sentence."""
    if connection.missing is not None:
        return ConnectionCheck(ok=False, detail=connection.missing, milliseconds=0)
    began = time.monotonic()
    ok, detail = await _outcome(connection, rules, min(seconds, CHECK_SECONDS))
    return ConnectionCheck(ok=ok, detail=detail, milliseconds=round((time.monotonic() - began) * 1000))


async def _outcome(connection: Connection, rules: AddressRules, seconds: float) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(seconds):
            answer = await _ask(connection, rules, seconds)
    except (TimeoutError, httpx2.TimeoutException):
        return False, f"Nobody answered within {seconds:.0f} seconds."
    except httpx2.HTTPError as error:
        return False, _connection_words(error)
    if answer.status != 200:
        return False, _refusal_words(connection, answer)
    listed = _document(answer.body).get("data")
    if not isinstance(listed, list):
        return False, "The server answered, but not with a list of models. Check the path of the address."
    return True, f"The provider answered and lists {len(listed)} models."


async def _ask(connection: Connection, rules: AddressRules, seconds: float) -> _Answer:
    access = Access(
        provider=connection.provider,
        base_url=connection.base_url,
        api_key=connection.api_key or "",
        key_variable=connection.key_source,
        connect_seconds=seconds,
        read_seconds=seconds,
        first_byte_seconds=seconds,
        rules=None if connection.id is None else rules,
    )
    headers = authorisation_of(connection.provider, connection.api_key, "messages")
    async with (
        http_client(access) as client,
        client.stream("GET", f"{connection.base_url}/models", headers=headers) as response,
    ):
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _LONGEST_ANSWER:
                break
        return _Answer(response.status_code, bytes(body))


def _refusal_words(connection: Connection, answer: _Answer) -> str:
    status = answer.status
    if status in {401, 403}:
        return f"The provider refused the key (status {status}). Check it and what it may be used for."
    if 300 <= status < 400:
        return "The server sends callers to another address, which is not followed. Enter that address instead."
    if status == 404:
        return "There is no list of models at this address (status 404). Check its path: it often ends in /v1."
    if status == 429:
        return "The provider is limiting requests (status 429): address and key are known there. Try again later."
    if status >= 500:
        return f"The provider is out of order (status {status}). Try again later."
    return f"The provider answered with status {status}{_quoted(connection, answer.body)}"


def _quoted(connection: Connection, body: bytes) -> str:
    """The provider's own words, cut short, without the key that some of them repeat."""
    error = _document(body).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(message, str):
        return "."
    if connection.api_key:
        message = message.replace(connection.api_key, "(the key)")
    return f": {message[:_LONGEST_QUOTE]}"


def _connection_words(error: BaseException) -> str:
    causes = list(_causes(error))
    if any(isinstance(cause, AddressRefusedError) for cause in causes):
        return "This host is on a private network, where this installation does not send requests of projects."
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "The server's certificate is not trusted: it is expired, for another name, or signed by nobody known."
    return "No connection came about. Check host and port."


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _document(body: bytes) -> dict[str, object]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
