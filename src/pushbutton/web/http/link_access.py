"""In front of everything below `/link/<text>`: lets the holder of a hand-over link in there, and nowhere else.

A link is a root of its own. `/link/<text>` is its page; below it lie the pages and streams of the runs that were
pressed with it, and no others. What is not listed here does not exist there. Sessions and tokens do not count.
"""

from __future__ import annotations

import re

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.errors import NoSuchLink
from pushbutton.runtime import links
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core

from .auth import address_of, path_of
from .errors import problem
from .origin_guard import SAFE
from .scope import HOLDER, MORE

BELOW = "/link/"
_REST = re.compile(
    r"/runs/[0-9]+|/api/events|/static/.+"
    r"|/api/runs/[0-9]+(?:/events|/artifacts/[^/]+|/inputs/[^/]+|/output(?:/stream|/lines|/search|/plain)?)?"
)
"""The addresses that can be read below a link; nothing can be changed there."""
_HEADERS = ((b"cache-control", b"no-store, no-transform"), (b"x-robots-tag", b"noindex, nofollow"))
_LONGEST = 200


class LinkAccess:
    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app, self._core = app, core

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not path_of(scope).startswith(BELOW):
            return await self._app(scope, receive, send)
        given, slash, rest = path_of(scope).removeprefix(BELOW).partition("/")
        actor = self._holder(given, address_of(scope))
        app: ASGIApp = self._app
        if slash:
            app = self._gone(scope, given, rest) if not actor.known else self._app
            if not _REST.fullmatch(f"/{rest}") or scope["method"] not in SAFE:
                app = problem(404, "There is nothing here.")
            scope = {**scope, "root_path": f"{scope.get('root_path', '').rstrip('/')}{BELOW}{given}"}
        scope = {**scope, "state": {**scope.get("state", {}), "actor": actor}, HOLDER: True, MORE: _HEADERS}
        return await app(scope, receive, _unseen(send, kept=rest.startswith("static/")))

    def _holder(self, given: str, address: str) -> Actor:
        try:
            link = links.find(self._core, given[:_LONGEST])
        except NoSuchLink:
            return NOBODY
        return self._core.directory.of_link(link, now(), address)

    def _gone(self, scope: Scope, given: str, rest: str) -> Response:
        """The link is over: its own page says why."""
        if rest.startswith("runs/"):
            root = str(scope.get("root_path", "")).rstrip("/")
            return RedirectResponse(f"{root}{BELOW}{given}", 303)
        return problem(404, "There is nothing here (any more).")


def _unseen(send: Send, *, kept: bool) -> Send:
    """Keeps it out of caches and indexes."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and not kept:
            headers = [pair for pair in message["headers"] if pair[0].lower() != b"cache-control"]
            message = {**message, "headers": [*headers, *_HEADERS]}
        await send(message)

    return sent
