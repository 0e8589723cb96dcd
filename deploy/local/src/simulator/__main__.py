"""`python -m simulator --port N`: run the provider simulator as a process of its own."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from simulator.app import SimulatorOptions, create_app

# A stalled answer never ends by itself, so a stop does not wait for it.
_STOP_SECONDS = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; answers still being sent are dropped after a second."""
    given = _parser().parse_args(arguments)
    options = SimulatorOptions(given.seed, given.chunk_milliseconds / 1000, given.ledger_file)
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
    uvicorn.run(
        create_app(options),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A simulated model provider.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0, help="another seed, other answers")
    parser.add_argument("--chunk-milliseconds", type=float, default=15.0, help="pause between two chunks of a stream")
    parser.add_argument("--ledger-file", type=Path, help="append the ledger to this file as JSON lines")
    return parser


def _is_no_cut(record: logging.LogRecord) -> bool:
    # The fault `cut` ends a response on purpose where the server sees a mistake.
    return "without completing response" not in record.getMessage()


if __name__ == "__main__":
    main()
