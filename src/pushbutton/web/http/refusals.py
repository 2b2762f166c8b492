"""Refused requests are in the audit trail: each 403, and a 401 or a redirect to the sign-in page where a credential did
not count (a token, a session, a proxy's name).

Of the request only what it was about is kept, and its method: no token, no cookie, and no secret in an address.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.event import Json
from pushbutton.domain.identity import LONGEST_TEXT
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core

from .auth import address_of, path_of
from .scope import HOLDER

_ABOUT = re.compile(r"(?:/api)?/(?P<kind>run|task)s/(?P<name>[\w-]{1,100})(?:/(?P<what>[a-z-]{1,20}))?", re.ASCII)
_PLACE = re.compile(r"(?:/api)?/[a-z-]{1,20}", re.ASCII)
_ITS_OWN = ("/signin", "/invite/")  # a sign-in that is refused has a record of its own


class Refused:
    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app, self._refusals = app, core.signin.refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or HOLDER in scope:
            return await self._app(scope, receive, send)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
            await send(message)

        return await self._app(scope, receive, sent)

    def _note(self, scope: Scope, status: int) -> None:
        state, path = scope.get("state", {}), path_of(scope)
        what: str = state.get("brought", "")
        brought = what or any(name == b"authorization" for name, _ in scope["headers"])
        turned_away = bool(brought) and (status == HTTPStatus.UNAUTHORIZED or state.get("turned_away"))
        if path.startswith(_ITS_OWN) or not (turned_away or status == HTTPStatus.FORBIDDEN):
            return
        actor: Actor = state.get("actor", NOBODY)
        about, tried = _about(path)
        data: dict[str, Json] = {"tried": f"{scope['method']} {tried}"[:60], "status": status}
        if what and not actor.known:
            data["brought"] = what[:LONGEST_TEXT]
        self._refusals.note(Act(actor.name, Deed.REQUEST_REFUSE, about, now(), data, address_of(scope)))


def _about(path: str) -> tuple[str, str]:
    """(what it was about, the path without names that may be secret)."""
    if found := _ABOUT.match(path):
        tried = f"{found['kind']}s" + (f"/{found['what']}" if found["what"] else "")
        return f"{found['kind']} {found['name']}", tried
    place = _PLACE.match(path)
    return "the server", place[0] if place else "/"
