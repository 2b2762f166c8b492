"""The token in each form: it shows that the form comes from a page that was served to this browser.

A second check, after `Origin` and `Sec-Fetch-Site`, which all current browsers send. While nobody has to sign in there
is nothing that a token could be tied to, and the first check has to do.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.person import Session
from pushbutton.errors import Refused
from pushbutton.runtime.core import Core
from pushbutton.sentence import say

from . import cookies
from .context import core_of

FIELD = "csrf"
COOKIE = "form"
"""The cookie that ties forms to a browser without a session."""


def token(core: Core, basis: str) -> str:
    return hmac.new(core.key, f"csrf:{basis}".encode(), hashlib.sha256).hexdigest()[:40]


def right(core: Core, basis: str, given: str) -> bool:
    return hmac.compare_digest(token(core, basis).encode(), given.encode(errors="replace"))


def basis(request: Request) -> str:
    """The identity of this browser: its session, the name that a proxy gives, or a cookie for its forms."""
    session: Session | None = getattr(request.state, "session", None)
    if session:
        return f"session:{session.id}"
    credential: str = request.state.actor.credential
    if not credential and not hasattr(request.state, "form"):
        request.state.form = request.cookies.get(cookies.host(request.scope, COOKIE)) or secrets.token_urlsafe(18)
    return credential or str(request.state.form)


def remember(request: Request, response: Response) -> None:
    """Give the browser the cookie that its forms are tied to, if they are."""
    form, name = getattr(request.state, "form", ""), cookies.host(request.scope, COOKIE)
    if form and form != request.cookies.get(name):
        response.set_cookie(
            name, form, path=cookies.path(request.scope), secure=cookies.secure(request.scope), httponly=True,
            samesite="strict",
        )  # fmt: skip


def check(request: Request, form: FormData) -> None:
    """Raises `Refused`."""
    core = core_of(request)
    if not core.directory.closed or request.state.actor.credential.startswith("token:"):
        return
    given = form.get(FIELD)
    if not isinstance(given, str) or not right(core, basis(request), given):
        raise Refused(
            say("This page was opened before you signed in, or is too old. Go back, reload it, and try again.")
        )
