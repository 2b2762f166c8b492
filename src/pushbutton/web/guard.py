"""Who may reach the server at all: known host names only, and writes only from our own pages or from programs.

Pure ASGI, in front of everything. While nobody logs in, these two are what keeps another web site, opened in the same
browser, from pressing buttons (cross-site requests, DNS rebinding).
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            b"connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Guard:
    def __init__(self, app: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers, scope.get("scheme", "http"))
        if refusal:
            response = problem(403, refusal)
            response.headers["connection"] = "close"  # what is behind it on the same connection is not read
            return await response(scope, receive, send)

        async def hardened(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}  # type: ignore[attr-defined]
                message["headers"] = [
                    *message["headers"],  # type: ignore[misc]
                    *(pair for pair in HEADERS if pair[0] not in present),
                ]
            await send(message)

        return await self._app(scope, receive, hardened)  # type: ignore[arg-type]

    def _refusal(self, method: str, headers: Headers, scheme: str) -> str:
        host = headers.get("host", "")
        if len(headers.getlist("host")) > 1 or not self._known(host):
            return f"This server does not answer under the name “{host[:80]}”. Allow it with --allow-host if it should."
        if method in SAFE:
            return ""
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site not in {None, "same-origin", "none"}:
            return "Another web site sent this; nothing was done."
        if origin is not None and origin != f"{scheme}://{host}":
            return "Another web site sent this; nothing was done."
        return ""

    def _known(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").rstrip(".").lower()
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # a bare address cannot be rebound to another one
