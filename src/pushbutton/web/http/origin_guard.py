"""Which requests may reach the server: known host names only, and writes only from our own pages or from programs.

Pure ASGI, in front of everything. While nobody logs in, these two checks keep another web site in the same browser from
pressing buttons (cross-site requests, DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import problem
from .hosts import Hosts

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PROBES = ("/livez", "/readyz")
"""Tell nothing but the server's state, and read nothing of the request."""
HEADERS = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            b"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
            b"base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
DOWNLOAD = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""The policy of a file that a job made: a browser runs and loads nothing of it."""
OVER_HTTPS = [*HEADERS, (b"strict-transport-security", b"max-age=31536000")]
"""A browser that came by https uses only https for a year. Over http the header would be ignored, or a lie."""


NO_STORE = (b"cache-control", b"no-store")
"""For JSON without a header of its own: inputs and people's words are in it."""
_JSON = (b"application/json", b"application/problem+json")


class Guard:
    def __init__(self, app: ASGIApp, *, hosts: Hosts | Collection[str]) -> None:
        """`hosts`: the names under which it may be reached, besides bare addresses."""
        self._app = app
        self._hosts = hosts if isinstance(hosts, Hosts) else Hosts(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scheme = scope.get("scheme", "http")
        headers = Headers(scope=scope)
        if "host" not in headers and scope["http_version"] == "1.0":
            if check := _check(scope):
                return await check(scope, receive, send)
            if scope["method"] in SAFE and scope["path"].removeprefix(scope.get("root_path", "")) in PROBES:
                return await self._app(scope, receive, send)
        refusal = self._refusal(scope["method"], headers, scheme)
        if refusal:
            response = problem(403, refusal)
            response.headers["connection"] = "close"  # what is behind it on the same connection is not read
            return await response(scope, receive, send)

        added = OVER_HTTPS if scheme == "https" else HEADERS

        async def hardened(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                present: dict[bytes, bytes] = dict(message["headers"])  # type: ignore[call-overload]
                more = [*added, NO_STORE] if present.get(b"content-type", b"").startswith(_JSON) else added
                message["headers"] = [
                    *message["headers"],  # type: ignore[misc]
                    *(pair for pair in more if pair[0] not in present),
                ]
            await send(message)

        if scope["path"] and scope["path"] == scope.get("root_path") and scope["method"] in SAFE:
            return await _slash(scope)(scope, receive, hardened)  # type: ignore[arg-type]
        return await self._app(scope, receive, hardened)  # type: ignore[arg-type]

    def _refusal(self, method: str, headers: Headers, scheme: str) -> str:
        host = headers.get("host", "")
        if len(headers.getlist("host")) > 1 or not self._hosts.known(host):
            return f"This server does not answer under the name “{host[:80]}”. Allow it with --allow-host if it should."
        if method in SAFE:
            return ""
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site not in {None, "same-origin", "none"}:
            return "Another web site sent this; nothing was done."
        if origin is None or origin == _origin(scheme, host):
            return ""
        if scheme == "http" and origin == _origin("https", host):
            return "This page came by https, but the request arrived by http: name the proxy with --trust-proxy."
        return "Another web site sent this; nothing was done."


def _check(scope: Scope) -> Response | None:
    """To health checks that send no host, as HAProxy does. A client that speaks HTTP/1.1 has to name a
    host, and so does every browser.
    """
    match scope["method"], scope["path"].removeprefix(scope.get("root_path", "")):
        case "OPTIONS", "/" | "":
            return Response(status_code=204, headers={"allow": "GET, HEAD, OPTIONS"})
        case "GET" | "HEAD", "/api/health":
            return JSONResponse({"ok": True}, headers={"cache-control": "no-store"})
    return None


def _slash(scope: Scope) -> Response:
    """The front page below a root, asked for without its last “/”."""
    query = scope.get("query_string", b"").decode("latin-1")
    return RedirectResponse(f"{scope['root_path']}/{'?' if query else ''}{query}", 308)


def _origin(scheme: str, host: str) -> str:
    """As browsers write it: small letters, no port where it is the scheme's own."""
    return f"{scheme}://{host.lower().removesuffix(':443' if scheme == 'https' else ':80')}"
