"""Sending an answer: its pace, the faults on the way, and the ledger entry that ends with it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.answers import Answer
from simulator.faults import Faults
from simulator.ledger import Call, Ledger, Outcome
from simulator.wire import Transcript

type Script = Callable[[Send], Awaitable[Outcome]]

_STALL_SECONDS = 3600.0


@dataclass(slots=True)
class Bill:
    """Keeps a ledger entry true while its answer is being sent."""

    ledger: Ledger
    call: Call
    answer: Answer

    def close(self, outcome: Outcome) -> None:
        """End the entry; the tokens are those of the chunks that were sent."""
        self.call.input_tokens = self.answer.input_tokens
        self.call.output_tokens = self.answer.tokens_of(self.call.chunks_sent)
        self.ledger.close(self.call, outcome)


class Delivery(Response):
    """A response that plays a script until it ends or the client leaves, and bills either way."""

    def __init__(self, bill: Bill, script: Script) -> None:
        super().__init__()
        self._bill = bill
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- the ASGI signature
        """Play the script; a client that leaves stops it at once, wherever it waits."""
        sender = asyncio.ensure_future(self._script(send))
        listener = asyncio.ensure_future(_client_gone(receive))
        outcome: Outcome = "cut"
        try:
            await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
            outcome = sender.result() if sender.done() else "client_closed"
        finally:
            sender.cancel()
            listener.cancel()
            self._bill.close(outcome)


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(frozen=True, slots=True)
class Plan:
    """How an answer shall be sent."""

    headers: list[tuple[bytes, bytes]]
    faults: Faults
    chunk_seconds: float


def stream_script(plan: Plan, transcript: Transcript, call: Call) -> Script:
    """Send an event stream chunk by chunk at its pace, with the faults of the plan.

    A cut returns without a last body part, upon which the server drops the connection.
    """

    async def play(send: Send) -> Outcome:
        await asyncio.sleep(plan.faults.slow_first_seconds)
        await _start(send, [*plan.headers, (b"content-type", b"text/event-stream; charset=utf-8")])
        await _part(send, transcript.opening)
        ended = await _play_chunks(send, plan, transcript, call)
        if ended is not None:
            return ended
        await _part(send, transcript.closing, more=False)
        return "completed"

    return play


async def _play_chunks(send: Send, plan: Plan, transcript: Transcript, call: Call) -> Outcome | None:
    clock = asyncio.get_running_loop().time
    start = clock()
    for index, chunk in enumerate(transcript.chunks):
        if ended := await _strike(send, plan.faults, transcript, index):
            return ended
        # Due times, not pauses, so that the pace holds however long sending takes; 0 still lets others run.
        await asyncio.sleep(max(start + index * plan.chunk_seconds - clock(), 0))
        await _part(send, chunk)
        call.chunks_sent = index + 1
    return await _strike(send, plan.faults, transcript, len(transcript.chunks))


async def _strike(send: Send, faults: Faults, transcript: Transcript, chunks_sent: int) -> Outcome | None:
    if faults.malformed_after_chunks == chunks_sent:
        await _part(send, transcript.malformed)
    if faults.stall_after_chunks == chunks_sent:
        await asyncio.sleep(_STALL_SECONDS)
    if faults.cut_after_chunks == chunks_sent:
        return "cut"
    if faults.error_after_chunks == chunks_sent:
        await _part(send, transcript.error, more=False)
        return "failed"
    return None


def whole_script(plan: Plan, body: bytes, call: Call, chunks: int) -> Script:
    """Send an answer in one piece; a cut or a stall sends half, `stall:0` nothing, a malformed one lacks its end."""

    async def play(send: Send) -> Outcome:
        faults = plan.faults
        await asyncio.sleep(faults.slow_first_seconds)
        if faults.stall_after_chunks == 0:
            await asyncio.sleep(_STALL_SECONDS)
        sent = body if faults.malformed_after_chunks is None else body[: len(body) // 2]
        length = str(len(sent)).encode()
        await _start(send, [*plan.headers, (b"content-type", b"application/json"), (b"content-length", length)])
        if faults.cut_after_chunks is not None or faults.stall_after_chunks is not None:
            await _part(send, sent[: len(sent) // 2])
        if faults.stall_after_chunks is not None:
            await asyncio.sleep(_STALL_SECONDS)
        if faults.cut_after_chunks is not None:
            return "cut"
        call.chunks_sent = chunks
        await _part(send, sent, more=False)
        return "completed"

    return play


async def _start(send: Send, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _part(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
