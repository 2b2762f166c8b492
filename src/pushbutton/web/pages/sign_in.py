"""Signing in and out, as pages. Nothing here says whether a name is known."""

from __future__ import annotations

import logging
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.person import Session
from pushbutton.errors import BadInput, InviteGone, NotFound, SignInFailed, SlowDown, StoreDamaged
from pushbutton.runtime.clock import now
from pushbutton.runtime.signin import From, SignedIn
from pushbutton.sentence import say
from pushbutton.web.http import cookies
from pushbutton.web.http.auth import address_of, cookie_name
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.errors import status_of
from pushbutton.web.http.viewer import root_of, way_back

from .base import sent, show, text_of

log = logging.getLogger(__name__)

LONGEST_AGENT = 200
STATE = "signin"
"""The cookie that ties a sign-in elsewhere to the browser that began it."""
MANY = 429
UNKNOWN = 401


async def form(request: Request) -> Response:
    if actor_of(request).known:
        return RedirectResponse(_next(request, request.query_params.get("next", "")), 303)
    if _waits(request):
        return RedirectResponse(_code(request, request.query_params.get("next", "")), 303)
    ended = say("You were signed out before this arrived, and nothing was done. Sign in, then send it once more.")
    wrong = ended if "ended" in request.query_params else ""
    return await _form(request, back=request.query_params.get("next", ""), wrong=wrong)


async def _form(request: Request, *, back: str, name: str = "", wrong: str = "", status: int = 200) -> Response:
    signin = core_of(request).signin
    return await show(
        request, "signin.html", status, room="", back_to=back, name=name, wrong=wrong,
        elsewhere=signin.provider is not None, passwords=signin.asks_for_passwords,
    )  # fmt: skip


def _told(error: SignInFailed) -> str:
    """The message for the person. The one for the administrator goes to the log."""
    if error.reason != str(error):
        log.warning("somebody was not let in: %s", error.reason)
    return str(error)


async def password(request: Request) -> Response:
    given = sent(request)
    name, back = text_of(given, "name"), text_of(given, "next")
    try:
        signed = await core_of(request).signin.with_password(name, text_of(given, "password"), where(request))
    except SlowDown as error:
        response = await _form(request, back=back, name=name, wrong=str(error), status=MANY)
        response.headers["retry-after"] = str(error.seconds)
        return response
    except SignInFailed as error:  # also where too many sign in at this moment
        return await _form(request, back=back, name=name, wrong=_told(error), status=status_of(error))
    return _let_in(request, signed, back)


async def code_form(request: Request) -> Response:
    if not _waits(request):
        return RedirectResponse(f"{root_of(request)}/signin", 303)
    return await show(request, "code.html", room="", back_to=request.query_params.get("next", ""), wrong="")


async def code(request: Request) -> Response:
    given = sent(request)
    back, session = text_of(given, "next"), _waits(request)
    if session is None:
        return RedirectResponse(f"{root_of(request)}/signin", 303)
    try:
        signed = await core_of(request).signin.second(session, text_of(given, "code"), where(request))
    except SlowDown as error:
        response = await show(request, "code.html", MANY, room="", back_to=back, wrong=str(error))
        response.headers["retry-after"] = str(error.seconds)
        return response
    except (SignInFailed, StoreDamaged) as error:
        return await show(request, "code.html", UNKNOWN, room="", back_to=back, wrong=str(error))
    return _let_in(request, signed, back)


async def elsewhere(request: Request) -> Response:
    """A link, not a form: the page's policy lets forms lead to ourselves only."""
    back = _next(request, request.query_params.get("next", ""))
    signin = core_of(request).signin
    if signin.provider is None:
        raise NotFound("There is nothing here.")
    try:
        begun = await signin.elsewhere(_return_to(request), back, address_of(request.scope))
    except SignInFailed as error:
        return await _form(request, back=back, wrong=_told(error), status=502)
    response = RedirectResponse(begun.url, 303, {"cache-control": "no-store"})
    # The browser that comes back must be the one that went: or somebody could be signed in under another's name.
    response.set_cookie(
        cookies.host(request.scope, STATE), begun.state, max_age=600, path=cookies.path(request.scope, "signin"),
        secure=cookies.secure(request.scope), httponly=True, samesite="lax",
    )  # fmt: skip
    return response


async def returned(request: Request) -> Response:
    params = dict(request.query_params)
    if core_of(request).signin.provider is None:
        raise NotFound("There is nothing here.")
    begun = request.cookies.get(cookies.host(request.scope, STATE), "")
    try:
        signed, back = await core_of(request).signin.returned(params, _return_to(request), where(request), begun)
    except SignInFailed as error:
        return await _form(request, back="", wrong=_told(error), status=UNKNOWN)
    return _let_in(request, signed, back)


async def sign_out(request: Request) -> Response:
    if session := session_of(request):
        await core_of(request).signin.end(actor_of(request), session, now())
    response = RedirectResponse(f"{root_of(request)}/signin", 303)
    secure = cookies.secure(request.scope)
    response.delete_cookie(cookie_name(request.scope), path=cookies.path(request.scope), secure=secure)
    return response


async def invitation(request: Request) -> Response:
    invite = await core_of(request).signin.invited(request.path_params["secret"], now())
    return await show(request, "invite.html", room="", user=invite.user, wrong="")


async def redeem(request: Request) -> Response:
    given, secret = sent(request), request.path_params["secret"]
    signin = core_of(request).signin
    invite = await signin.invited(secret, now())
    first, again = text_of(given, "password"), text_of(given, "again")
    wrong = "" if first == again else say("The two are not the same; type them once more.")
    try:
        if not wrong:
            return _let_in(request, await signin.redeem(secret, first, where(request)), "")
    except InviteGone:
        raise
    except (BadInput, SignInFailed) as error:
        wrong = str(error)
    return await show(request, "invite.html", 422, room="", user=invite.user, wrong=wrong)


# --- what they share


def session_of(request: Request) -> Session | None:
    session: Session | None = getattr(request.state, "session", None)
    return session


def _waits(request: Request) -> Session | None:
    """The browser's session, if the code is all that it waits for."""
    session = session_of(request)
    return session if session and session.pending else None


def where(request: Request) -> From:
    agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    return From(address_of(request.scope), agent, now(), session_of(request))


def _let_in(request: Request, signed: SignedIn, back: str) -> Response:
    to = _code(request, back) if signed.session.pending else _next(request, back)
    response = RedirectResponse(to, 303, {"cache-control": "no-store"})
    # No end of its own: the server says how long it counts.
    response.set_cookie(
        cookie_name(request.scope), signed.secret, path=cookies.path(request.scope),
        secure=cookies.secure(request.scope), httponly=True, samesite="lax",
    )  # fmt: skip
    return response


def _next(request: Request, back: str) -> str:
    """A path of ours, or the front page."""
    home = f"{root_of(request)}/"
    path = way_back(back)
    return path if path.startswith(home) and not path.startswith(f"{home}sign") else home


def _code(request: Request, back: str) -> str:
    return f"{root_of(request)}/signin/code?next={quote(_next(request, back), safe='')}"


def _return_to(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{root_of(request)}/signin/return"
