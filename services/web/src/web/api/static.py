"""The built web app: files with a hash for ever, the page itself never cached, deep links lead to the page."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from shared.problems import NotFound

_FOR_EVER = "public, max-age=31536000, immutable"
_ALWAYS_ASK = "no-cache"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_ENCODINGS = ((".br", "br"), (".gz", "gzip"))
_NOT_BUILT = """<!doctype html><html lang="en"><title>Scriptorium</title>
<h1>The web app is not built yet</h1><p>Run <code>make web</code>, then load this page again.</p></html>"""


def add_static(app: FastAPI, folder: Path | None) -> None:
    """Serve the files below `folder`, and its index page for every address of the app."""
    root = folder.resolve() if folder else None

    @app.api_route("/api", methods=_METHODS, include_in_schema=False)
    @app.api_route("/api/{path:path}", methods=_METHODS, include_in_schema=False)
    async def nowhere(path: str = "") -> Response:  # noqa: ARG001  taken, so that every address below is met
        raise _nowhere()

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        found = _file(root, path)
        if found is not None:
            return _served(found, request, _FOR_EVER if path.startswith("assets/") else _ALWAYS_ASK)
        return _index(root, path, request)


def _nowhere() -> NotFound:
    return NotFound("There is no such address.")


def _file(root: Path | None, path: str) -> Path | None:
    """Find a file below the folder; an address cannot lead out of it."""
    if root is None or not path:
        return None
    try:
        found = (root / path).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None
    except (OSError, ValueError):
        # A name that no file system takes: too long, or with U+0000.
        return None


def _index(root: Path | None, path: str, request: Request) -> Response:
    """Answer a page's address with the app; a missing asset stays missing, so that the app can reload itself."""
    if path.startswith("assets/") or not _wants_page(path, request.headers.get("accept", "*/*")):
        raise _nowhere()
    index = _file(root, "index.html")
    if index is None:
        return HTMLResponse(_NOT_BUILT, 503, {"cache-control": _ALWAYS_ASK})
    return _served(index, request, _ALWAYS_ASK)


def _wants_page(path: str, accept: str) -> bool:
    """Tell a person or a simple client at a page's address from a browser that looks for a file."""
    return "text/html" in accept or (accept == "*/*" and "." not in path.rpartition("/")[2])


def _served(file: Path, request: Request, cache: str) -> Response:
    """Serve a file, in the smallest form that was built and that the browser takes."""
    accepted = request.headers.get("accept-encoding", "")
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"cache-control": cache, "vary": "accept-encoding"}
    for suffix, encoding in _ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            return FileResponse(packed, headers=headers | {"content-encoding": encoding}, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)
