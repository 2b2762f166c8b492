"""The facts that proxies in front tell about a request: its scheme, host, client address and prefix.

Pure ASGI, in front of everything. Only proxies that `trust_proxy` names are believed: any client can send such headers.

    X-Forwarded-For      the last address that is no proxy of ours   → scope["client"]
    X-Forwarded-Proto    the last one: http or https                 → scope["scheme"]
    X-Forwarded-Host     the last one, where `Host` is ours too      → the host header
    X-Forwarded-Prefix   what the proxy took from the path's begin   → scope["root_path"], and the path whole again

The setting `root_path` is the prefix where the proxy sends none, whether the proxy removes it from the path or not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pushbutton.domain.networks import Network, address, within
from pushbutton.domain.prefix import PREFIX

from .errors import problem
from .hosts import Hosts
from .limits import Crowd
from .scope import PEER

TOO_MANY = "Too many requests from your address are open at once; wait until some have ended."


class Proxies:
    """`crowd` counts the requests of clients that come by a proxy; those that come by themselves are counted as
    connections (`connection`), which costs nothing with each request.
    """

    def __init__(
        self, app: ASGIApp, *, trusted: Sequence[Network], hosts: Hosts, crowd: Crowd, root_path: str = ""
    ) -> None:
        self._app, self._trusted, self._hosts, self._root = app, trusted, hosts, root_path
        self._crowd = crowd

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # no frame that a stream keeps
        if scope["type"] != "http" or not (self._trusted or self._root):
            return self._app(scope, receive, send)
        there = scope.get(PEER) or scope.get("client")
        peer = address(there[0]) if there else None
        if peer is None or not within(peer, self._trusted):
            return self._app(self._below(scope, self._root), receive, send)
        headers = Headers(scope=scope)
        told: Scope = {**scope, PEER: there, "scheme": _scheme(headers) or scope["scheme"]}
        if host := self._host(headers):
            told["headers"] = [pair for pair in scope["headers"] if pair[0] != b"host"] + [(b"host", host)]
        prefix = _last(headers, "x-forwarded-prefix").rstrip("/")
        told = _rooted(told, prefix, added=prefix) if PREFIX.fullmatch(prefix) else self._below(told, self._root)
        client = self._client(headers)
        if not client:
            return self._app(told, receive, send)
        told["client"] = (client, 0)
        return self._counted(client, told, receive, send)

    async def _counted(self, client: str, scope: Scope, receive: Receive, send: Send) -> None:
        place = self._crowd.place(client)
        if not self._crowd.enter(place):
            response = problem(429, TOO_MANY)
            response.headers["retry-after"] = "5"
            return await response(scope, receive, send)
        try:
            return await self._app(scope, receive, send)
        finally:
            self._crowd.leave(place)

    @staticmethod
    def _below(scope: Scope, prefix: str) -> Scope:
        path: str = scope["path"]
        if not prefix:
            return scope
        whole = path == prefix or path.startswith(f"{prefix}/")
        return _rooted(scope, prefix, added="" if whole else prefix)

    def _host(self, headers: Headers) -> bytes:
        """Only where the `Host` header is ours as well: many proxies pass on what a client wrote."""
        told = _last(headers, "x-forwarded-host")
        asked = headers.getlist("host")
        ours = bool(told) and len(asked) == 1 and self._hosts.known(asked[0])
        return told.encode("latin-1") if ours else b""

    def _client(self, headers: Headers) -> str:
        """The address of the client of the outermost of our proxies; "" when they do not say."""
        found = ""
        for word in reversed(_all(headers, "x-forwarded-for")):
            one = address(word)
            if one is None:
                break  # what stands before it was not written by a trusted proxy
            found = str(one)
            if not within(one, self._trusted):
                break
        return found


def _rooted(scope: Scope, prefix: str, *, added: str) -> Scope:
    """Below `prefix`; `added` is what the path has to get back of it. Another application's mount lies further in."""
    raw = scope.get("raw_path")
    return {
        **scope,
        "root_path": prefix + str(scope.get("root_path", "")),
        "path": added + scope["path"],
        "raw_path": added.encode() + raw if isinstance(raw, bytes) else raw,
    }


def _scheme(headers: Headers) -> str:
    scheme = _last(headers, "x-forwarded-proto").lower()
    return scheme if scheme in ("http", "https") else ""


def _last(headers: Headers, name: str) -> str:
    return next(reversed(_all(headers, name)), "")


def _all(headers: Headers, name: str) -> list[str]:
    """The values of a header that is a list, the last hop's last."""
    parts = (part.strip(" \t") for part in ",".join(headers.getlist(name)).split(","))
    return [part for part in parts if part]
