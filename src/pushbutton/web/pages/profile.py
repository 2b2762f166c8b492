"""One's own account: what one may do, the password, the second factor, and where one is signed in."""

from __future__ import annotations

import heapq

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.person import LOCAL_SOURCE, User
from pushbutton.errors import BadInput, NoSuchUser, SignInFailed
from pushbutton.runtime.clock import now
from pushbutton.sentence import say
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.words.i18n import mark

from .base import sent, show, text_of
from .sign_in import session_of

SESSIONS = 50
"""That are shown, those first that were used last."""


async def profile(request: Request, status: int = 200, *, wrong: str = "", where: str = "", done: str = "") -> Response:
    """`where`: the part of the page that `wrong` belongs to."""
    core, user = core_of(request), _user(request)
    snapshot = core.directory.all
    sessions = [session for session in snapshot.sessions.values() if session.user == user.name and not session.pending]
    mine = {f"user:{user.name}", "everyone", *(f"group:{group}" for group in user.groups)}
    return await show(
        request, "profile.html", status, room="profile", user=user, local=user.source == LOCAL_SOURCE,
        sessions=heapq.nlargest(SESSIONS, sessions, key=lambda session: session.seen_at),
        others=max(0, len(sessions) - SESSIONS), this=session_of(request),
        grants=[grant for grant in core.directory.grants if grant.who in mine],
        groups_of_tasks={task.slug: task.title for task in core.catalog.tasks().values()},
        wrong=wrong, where=where, done=done or _DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


_DONE = {
    "password": mark("Your password was changed. Everywhere else you are signed out."),
    "factor": mark("The second factor was taken away."),
    "session": mark("That browser is signed out."),
}


async def password(request: Request) -> Response:
    given = sent(request)
    new, again = text_of(given, "new"), text_of(given, "again")
    session = session_of(request)
    try:
        if new != again:
            raise BadInput(say("The two are not the same; type them once more."))
        await core_of(request).people.set_password(
            actor_of(request), text_of(given, "old"), new, now(), keep=session.id if session else ""
        )
    except (BadInput, SignInFailed) as error:
        return await profile(request, 422, wrong=str(error), where="password")
    return _back(request, "password")


async def factor_form(request: Request) -> Response:
    return await _factor(request, core_of(request).signin.factor.new_secret())


async def _factor(request: Request, secret: str, status: int = 200, wrong: str = "") -> Response:
    factor, user = core_of(request).signin.factor, _user(request)
    picture = factor.picture(factor.uri(secret, user.name))
    return await show(
        request, "factor.html", status, room="profile", secret=secret, picture=picture, wrong=wrong, codes=()
    )


async def factor(request: Request) -> Response:
    given = sent(request)
    secret = text_of(given, "secret")
    try:
        codes = await core_of(request).people.take_factor(actor_of(request), secret, text_of(given, "code"), now())
    except (BadInput, SignInFailed) as error:
        return await _factor(request, secret, 422, str(error))
    return await show(request, "factor.html", room="profile", secret="", picture="", wrong="", codes=codes)


async def drop_factor(request: Request) -> Response:
    given = sent(request)
    try:
        await core_of(request).people.drop_factor(actor_of(request), text_of(given, "password"), now())
    except SignInFailed as error:
        return await profile(request, 422, wrong=str(error), where="factor")
    return _back(request, "factor")


async def end_session(request: Request) -> Response:
    await core_of(request).people.end_session(actor_of(request), request.path_params["id"], now())
    return _back(request, "session")


def _user(request: Request) -> User:
    """Raises `NoSuchUser` for an actor that is no user: there is no account."""
    actor = actor_of(request)
    user = core_of(request).directory.all.users.get(actor.user)
    if user is None or actor.within is not None:
        raise NoSuchUser(actor.user or actor.name)
    return user


def _back(request: Request, done: str) -> Response:
    return RedirectResponse(f"{root_of(request)}/profile?done={done}", 303)
