"""Finds the actor of a request, before anything else is looked at. Pure ASGI, behind the guard.

A browser holds a session in a cookie, a program sends a token as “Authorization: Bearer …”, a trusted proxy gives a
name in a header. A request without any of these gets the sign-in page, or a 401; while there are no people, every
request is `LOCAL`'s.
"""

from __future__ import annotations

import contextlib
import logging
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.domain.person import Session
from pushbutton.domain.token import hashed
from pushbutton.errors import SignInFailed, StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core

from . import cookies, csrf
from .errors import problem
from .origin_guard import PROBES, SAFE
from .scope import HOLDER, PEER

log = logging.getLogger(__name__)

OPEN = (
    *("/static/", "/signin", "/invite/", "/theme", "/api/asks", "/api/health", "/hooks/", "/calendar/"),
    *(*PROBES, "/metrics"),
)
"""Paths that are open without a sign-in, with all below them."""


class Auth:
    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app, self._core = app, core

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or HOLDER in scope:
            return await self._app(scope, receive, send)
        actor, refusal = await self._who(scope)
        scope.setdefault("state", {})["actor"] = actor
        if not refusal and (refusal := self._refusal(scope, actor)):
            scope["state"]["turned_away"] = True
        return await (refusal or self._app)(scope, receive, send)

    async def _who(self, scope: Scope) -> tuple[Actor, Response | None]:
        """The actor, or why the request goes no further."""
        directory, at = self._core.directory, now()
        headers, address = Headers(scope=scope), address_of(scope)
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret.startswith("pbt_"):
            if directory.token(secret.strip(), at) is None:
                await self._look()
            token = directory.token(secret.strip(), at)
            actor = directory.of_token(token, address) if token else NOBODY
            if token is None or not actor.known:
                if token and (user := directory.all.users.get(token.user)) and directory.lapsed(user, at):
                    why = "is gone or locked in the directory" if user.left else "has not signed in for a long time"
                    return NOBODY, unknown(f"Whoever made this token {why}; it counts again once they sign in.")
                return NOBODY, unknown("This token is not known, has expired, or was revoked; make a new one.")
            await directory.used(token, at)
            return actor, None
        if secret := HTTPConnection(scope).cookies.get(cookie_name(scope), ""):
            if directory.session(secret, at) is None:
                await self._look()
            session = directory.session(secret, at)
            if session:
                scope.setdefault("state", {})["session"] = session
                await directory.touch(session, at)
                actor = directory.of_session(session, address)
                if not (actor.known or session.pending):
                    _brought(scope, _over(session))
                return actor, None
            known = directory.all.sessions.get(hashed(secret))
            _brought(scope, _over(known) if known else "a session that is not known")
        peer = scope.get(PEER) or scope.get("client") or ("", 0)
        try:
            vouched = await self._core.signin.vouched(peer[0], scope["headers"], address)
        except SignInFailed as error:
            log.warning("somebody was not let in: %s", error.reason)
            _brought(scope, f"a proxy’s word: {error.reason}")
            return NOBODY, problem(403, str(error))
        return vouched or directory.unnamed(), None

    async def _look(self) -> None:
        """The command line, which is another process, may just have made the session or token."""
        with contextlib.suppress(StoreError):
            await self._core.directory.look()

    def _refusal(self, scope: Scope, actor: Actor) -> Response | None:
        path = path_of(scope)
        # A job reports with its own run's token, which the endpoint looks at.
        reports = scope["method"] == "POST" and path.startswith("/api/runs/") and path.endswith("/events")
        if not (actor.known or path.startswith(OPEN) or reports):
            return self._sign_in(scope, path)
        by_browser = actor.credential.startswith(("session:", "user:")) and scope["method"] not in SAFE
        given = Headers(scope=scope).get("x-csrf-token", "")
        # A program has a token; a page of ours that uses the API says so with the page's own.
        if by_browser and path.startswith("/api/") and not csrf.right(self._core, actor.credential, given):
            return problem(403, "This needs the page's token in “X-CSRF-Token”, or a token for programs.")
        return None

    def _sign_in(self, scope: Scope, path: str) -> Response:
        headers = Headers(scope=scope)
        accepted = headers.get("accept", "")
        if path.startswith("/api/") or "text/html" not in accepted or "application/json" in accepted:
            return unknown("Sign in first, or send a token as “Authorization: Bearer …”.")
        root, query = str(scope.get("root_path", "")).rstrip("/"), scope.get("query_string", b"").decode("latin-1")
        back, more = root + quote(path) + (f"?{query}" if query else ""), ""
        if scope["method"] not in SAFE:  # a form: nothing of it is kept, so back to its page
            came = urlsplit(headers.get("referer", ""))
            back = came._replace(scheme="", netloc="", fragment="").geturl() if came.netloc == headers["host"] else ""
            more = "" if path == "/signout" else "&ended=1"
        return RedirectResponse(f"{root}/signin?next={quote(back, safe='')}{more}", 303, {"cache-control": "no-store"})


def _brought(scope: Scope, what: str) -> None:
    """The credential that does not count, for the audit trail: its kind, never the secret itself."""
    scope.setdefault("state", {})["brought"] = what


def _over(session: Session) -> str:
    return f"a session of “{session.user}” that counts no more"


def unknown(sentence: str) -> Response:
    response = problem(401, sentence)
    response.headers["www-authenticate"] = "Bearer"
    return response


def path_of(scope: Scope) -> str:
    """Below the root."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")).rstrip("/")) or "/"


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def cookie_name(scope: Scope) -> str:
    return cookies.host(scope, "pushbutton")
