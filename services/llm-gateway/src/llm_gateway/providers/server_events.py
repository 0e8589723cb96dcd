"""Server-sent events out of raw bytes: the parsed models of the SDKs cost several times as much a chunk.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, "Interpreting an event stream".
"""

from collections.abc import AsyncGenerator, AsyncIterator


async def read_event_data(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes]]:
    """Yield the data of complete events, those together that arrived together. An unfinished event is dropped.

    Names, ids and comments are left aside.
    """
    rest = b""
    data: list[bytes] = []
    async for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        # A line that ends in CR may go on with the LF of the next chunk.
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        complete: list[bytes] = []
        for line in lines:
            text = line.rstrip(b"\r\n")
            if text.startswith(b"data:"):
                data.append(text[5:].removeprefix(b" "))
            elif not text and data:
                complete.append(b"\n".join(data))
                data.clear()
        if complete:
            yield complete
