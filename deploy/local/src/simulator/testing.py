"""A simulator for tests: a real server on a free port, in a thread of the test's process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

import uvicorn

from simulator.app import SimulatorOptions, create_app

_START_SECONDS = 10
_POLL_SECONDS = 0.005


@contextmanager
def running_simulator(options: SimulatorOptions) -> Iterator[str]:
    """Serve until the block ends; gives the address without a trailing slash."""
    config = uvicorn.Config(
        create_app(options),
        host="127.0.0.1",
        port=0,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    for _ in range(int(_START_SECONDS / _POLL_SECONDS)):
        if server.started:
            port: int = server.servers[0].sockets[0].getsockname()[1]
            return port
        if not thread.is_alive():
            break
        sleep(_POLL_SECONDS)
    msg = "the simulator did not start"
    raise RuntimeError(msg)
