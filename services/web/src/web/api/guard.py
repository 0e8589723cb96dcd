"""The guard in front of all routes: changes come from our own pages only, and every answer is marked.

Three things together stop another site's page: the cookie is SameSite=Lax, the fetch metadata and Origin must be
ours, and the custom header cannot be sent from elsewhere without a CORS permission that we never give.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import problem_response, request_id_of
from web.domain import NotFromOurPages

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# React Flow, Radix, CodeMirror and sonner set styles from scripts: hence the one unsafe-inline.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuses foreign changes and marks every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what it stands before."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an own request on; answer a foreign one with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # What a member sees is not for caches; the app's own files say otherwise themselves.
                headers.setdefault("cache-control", "no-store")
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        reason = None if scope["method"] in _SAFE else foreign_reason(Headers(scope=scope))
        if reason is None:
            await self._app(scope, receive, marked)
        else:
            refusal = problem_response(NotFromOurPages(reason), request_id_of(Request(scope)))
            await refusal(scope, receive, marked)


def foreign_reason(headers: Headers) -> str | None:
    """Say why a change does not come from our pages; None where it does."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return "Another site asked for this change."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return "Another site asked for this change."
    if headers.get("scriptorium-request") != "1":
        return "Send the header Scriptorium-Request: 1 with every change."
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if has_body and headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return "Send JSON: Content-Type: application/json."
    return None
