"""The process in which answers are checked against schemas: one at a time, with bounds that the kernel keeps.

Started as `python -m llm_gateway.operations.check_worker`. Speaks lines of JSON on stdin and stdout. Nothing of the
service is reachable from here. Both the schema and the answer may have been made to take for ever.
"""

import json
import resource
import signal
import sys
from pathlib import Path

from llm_gateway.domain.structured import Mismatch, check_answer

# An answer of 200 kB that needs mending takes about half of it.
CPU_SECONDS = 2.0
MEMORY_BYTES = 512 * 1024 * 1024


def main() -> None:
    """Serve until the pipe is closed. A check that takes too long ends the process."""
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints must not get between the lines.
    sys.stdout = sys.stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    for line in asked:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        outcome = perform(line)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answered.write(outcome + b"\n")
        answered.flush()


def perform(line: bytes) -> bytes:
    """Check one answer: its JSON comes back, or the list of reasons why not."""
    text, schema, is_cut = json.loads(line)
    found = check_answer(text, schema, is_cut=is_cut)
    return json.dumps(found.reasons if isinstance(found, Mismatch) else found).encode()


def _limit_memory() -> None:
    """Allow what the process has now and a bit. Only Linux says how much that is; elsewhere the time remains."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
