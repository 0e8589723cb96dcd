"""`python -m tests.bench.gateway.provider PORT`: a model that costs nothing, so that the gateway is what is measured.

A bare protocol without a framework. It speaks Chat Completions: a fixed answer at once, or a stream of as many chunks
at such a pace as the question asks for. `GET /calls` says how many questions it has answered; whatever else is sent to
it, such as traces, is taken and forgotten.
"""

import asyncio
import re
import sys
import time
from typing import cast

import httptools
import uvloop

from shared.embedded.ports import LOOPBACK
from tests.bench.gateway.stamps import stamp

ORDER = "Write {chunks} chunks, one every {microseconds} microseconds."
_ORDERED = re.compile(rb"Write (\d+) chunks, one every (\d+) microseconds")
_STREAMED = re.compile(rb'"stream":\s?true')
_COUNTED = re.compile(rb'"include_usage":\s?true')

_USAGE = b'{"prompt_tokens":24,"completion_tokens":9,"total_tokens":33}'
_ANSWER = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"A door is a hinge with a wall around it.","refusal":null},'
    b'"logprobs":null,"finish_reason":"stop"}],"usage":' + _USAGE + b',"system_fingerprint":"fp_bench"}'
)
_CHUNK = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench",'
    b'"system_fingerprint":"fp_bench","choices":['
)
_CONTENT = _CHUNK + b'{"index":0,"delta":{"content":"'
_CONTENT_END = b'"},"logprobs":null,"finish_reason":null}]}\n\n'
_ROLE = _CHUNK + b'{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n'
_STOP = _CHUNK + b'{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
_COUNT = _CHUNK + b'],"usage":' + _USAGE + b"}\n\n"
_DONE = b"data: [DONE]\n\n"
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


_PLAIN_ANSWER = _plain(_ANSWER)
_FIRST = _STREAM_HEAD + _framed(_ROLE)
_BEFORE_STAMP = b"%x\r\n" % (len(_CONTENT) + 4 + len(_CONTENT_END)) + _CONTENT
_AFTER_STAMP = _CONTENT_END + b"\r\n"


class Provider(asyncio.Protocol):
    """One connection: answers one question after the other."""

    calls = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # uvloop's transports keep the promises of asyncio's without being descended from them.
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_lost(self, _error: Exception | None) -> None:
        """Write no more for somebody who has gone."""
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read; the parser calls the methods below."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Take the address, which may come in parts."""
        self._url += url

    def on_body(self, body: bytes) -> None:
        """Take the body, which may come in parts."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer what was asked."""
        url, body, self._url, self._body = self._url, self._body, b"", b""
        if url.endswith(b"/chat/completions"):
            Provider.calls += 1
            self._complete(body)
        elif url == b"/calls":
            self._transport.write(_plain(b"%d" % Provider.calls))
        else:
            self._transport.write(_plain(b""))

    def _complete(self, body: bytes) -> None:
        if not _STREAMED.search(body):
            self._transport.write(_PLAIN_ANSWER)
            return
        ordered = _ORDERED.search(body)
        chunks, microseconds = map(int, ordered.groups()) if ordered else (1, 0)
        end = (_framed(_COUNT) if _COUNTED.search(body) else b"") + _framed(_DONE) + b"0\r\n\r\n"
        self._transport.write(_FIRST)
        self._next_chunk(chunks, microseconds / 1e6, self._loop.time(), end)

    def _next_chunk(self, left: int, pace: float, due: float, end: bytes) -> None:
        """Write a chunk, and order the next by the time at which this one was due: a late one delays no other."""
        if left == 0:
            self._transport.write(_framed(_STOP) + end)
            return
        self._transport.write(_BEFORE_STAMP + stamp(time.monotonic_ns()) + _AFTER_STAMP)
        self._timer = self._loop.call_at(due + pace, self._next_chunk, left - 1, pace, due + pace, end)


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Provider, LOOPBACK, port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])), loop_factory=uvloop.new_event_loop)
