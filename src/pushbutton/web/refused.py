"""Requests that are refused are in the audit trail: 403, and 401 where something was brought that does not count.

Of the request only what it was about is kept, and its method: neither a token nor the secret in an address.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.event import Json
from pushbutton.runtime.core import Core, now
from pushbutton.runtime.refusals import Refusals

from .auth import address_of, path_of

_ABOUT = re.compile(r"(?:/api)?/(?P<kind>run|task)s/(?P<name>[\w-]{1,100})(?:/(?P<what>[a-z-]{1,20}))?", re.ASCII)
_PLACE = re.compile(r"(?:/api)?/[a-z-]{1,20}", re.ASCII)
_ITS_OWN = ("/signin", "/invite/")  # a sign-in that is refused has a record of its own


class Refused:
    def __init__(self, app: ASGIApp, core: Core) -> None:
        self._app, self._refusals = app, Refusals(core.store.audit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {401, 403}:
                self._note(scope, message["status"])
            await send(message)

        return await self._app(scope, receive, sent)

    def _note(self, scope: Scope, status: int) -> None:
        path = path_of(scope)
        brought = any(name == b"authorization" for name, _ in scope["headers"])
        if path.startswith(_ITS_OWN) or (status == HTTPStatus.UNAUTHORIZED and not brought):
            return
        actor: Actor = scope.get("state", {}).get("actor", NOBODY)
        about, tried = _about(path)
        data: dict[str, Json] = {"tried": f"{scope['method']} {tried}"[:60], "status": status}
        self._refusals.note(Act(actor.name, Deed.REQUEST_REFUSE, about, now(), data, address_of(scope)))


def _about(path: str) -> tuple[str, str]:
    """(what it was about, the path without names that may be secret)."""
    if found := _ABOUT.match(path):
        tried = f"{found['kind']}s" + (f"/{found['what']}" if found["what"] else "")
        return f"{found['kind']} {found['name']}", tried
    place = _PLACE.match(path)
    return "the server", place[0] if place else "/"
