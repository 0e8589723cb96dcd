"""The simulator's own account of every call: the judge of what clients say they were charged."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Literal

type Outcome = Literal["open", "completed", "refused", "failed", "cut", "client_closed"]


@dataclass(slots=True)
class Call:
    """One call of a model endpoint, from arrival (`open`) to its end.

    Tokens are 0 for a refused call, which no provider bills; a call that ended early counts its whole
    input and the output that was sent. `key_hash` is the start of the SHA-256 of the API key.
    """

    sequence: int
    received_at: str
    path: str
    model: str
    key_hash: str
    client_request_id: str | None
    traceparent: bool
    stream: bool
    response_id: str | None = None
    task: str | None = None
    status: int | None = None
    outcome: Outcome = "open"
    client_closed_early: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    chunks_sent: int = 0
    duration_milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a call before it is answered."""

    path: str
    model: str
    key: str
    client_request_id: str | None
    traceparent: bool
    stream: bool


@dataclass(slots=True)
class Ledger:
    """Keeps the calls in memory and, when given a file, writes a JSON line at each one's arrival and end.

    In the file the last line of a sequence number is the true one.
    """

    file: Path | None = None
    calls: list[Call] = field(default_factory=list)
    _sequence: int = 0
    _started: dict[int, float] = field(default_factory=dict)

    def open(self, arrival: Arrival) -> Call:
        """Record that a call has arrived."""
        self._sequence += 1
        call = Call(
            sequence=self._sequence,
            received_at=datetime.now(UTC).isoformat(),
            path=arrival.path,
            model=arrival.model,
            key_hash=hash_key(arrival.key),
            client_request_id=arrival.client_request_id,
            traceparent=arrival.traceparent,
            stream=arrival.stream,
        )
        self.calls.append(call)
        self._started[call.sequence] = monotonic()
        self._append(call)
        return call

    def close(self, call: Call, outcome: Outcome) -> None:
        """Record how a call ended; a second close changes nothing."""
        started = self._started.pop(call.sequence, None)
        if started is None:
            return
        call.outcome = outcome
        call.client_closed_early = outcome == "client_closed"
        call.duration_milliseconds = round((monotonic() - started) * 1000, 3)
        self._append(call)

    def clear(self) -> None:
        """Forget the calls so far; those still open are not listed again, and numbering goes on."""
        self.calls.clear()

    def as_json(self) -> bytes:
        """All calls in order of arrival: `{"calls": [...]}`."""
        return json.dumps({"calls": [asdict(call) for call in self.calls]}).encode()

    def _append(self, call: Call) -> None:
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(call)) + "\n")


def hash_key(key: str) -> str:
    """The ledger's name for an API key: 16 hexadecimal digits of its SHA-256; empty for no key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16] if key else ""
