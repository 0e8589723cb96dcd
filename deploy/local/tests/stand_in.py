"""A service without a domain: starts in 0.1 s, so that the supervisor is tested and not the services."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ready(BaseHTTPRequestHandler):
    """Answers everything with its own environment."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Say nothing."""


def run(name: str) -> None:
    """Do what `python -m <name>` was asked to."""
    command = sys.argv[1]
    if os.environ.get("STAND_IN_BREAKS") == f"{name} {command}":
        sys.exit("the stand-in was asked to break")
    if command == "sign-in-link":
        sys.stdout.write("http://localhost/sign-in#stand-in\n")
    if command in ("serve", "--host"):
        serve(name)


def serve(name: str) -> None:
    """Serve until SIGTERM."""
    port = int(sys.argv[sys.argv.index("--port") + 1] if name == "simulator" else os.environ[f"{name.upper()}_PORT"])
    sys.stdout.write(json.dumps({"event": "stand_in_started", "level": "info", "port": port}) + "\n")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", port), Ready).serve_forever()
