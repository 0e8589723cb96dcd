"""Asks a process of ours over HTTP whether it is ready."""

import asyncio
from urllib.parse import urlsplit

ANSWER_TIMEOUT_SECONDS = 2.0


async def answers_ok(url: str) -> bool:
    """Tell whether a GET of `url` is answered with 200; written out because no HTTP client is imported here."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            return b" 200 " in await _first_line(parts.hostname, parts.port, request.encode())
    except (OSError, TimeoutError):
        return False


async def _first_line(host: str | None, port: int | None, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.close()
