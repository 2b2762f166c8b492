"""The base of all pages: how one is shown, the fields that a form sent, and how errors are shown."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.run import Micros
from pushbutton.runtime import approve, pauses, schedules, visibility, wishes
from pushbutton.runtime.clock import now
from pushbutton.web.http import body, csrf
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.errors import http
from pushbutton.web.http.viewer import Reader, reader, root_of
from pushbutton.web.site import site_of
from pushbutton.web.views import moments, render
from pushbutton.web.views.views import WAITING
from pushbutton.web.words import formatting, i18n
from pushbutton.web.words.people import Names

from . import error_page

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]

_FIELDS = 20  # of a form that has no task's inputs, at most


def text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def number_of(form: FormData, name: str) -> int:
    """A typed whole number; 0 for nothing, -1 for anything else, which no field takes."""
    typed = text_of(form, name).strip() or "0"
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def schedule_of(request: Request) -> str:
    """The id of the schedule in the path."""
    return f"{request.path_params['slug']}/{request.path_params['name']}"


def moment_of(form: FormData) -> Micros | None:
    """When a form says that a run is to start, in the zone in which it was drawn; None: now. Raises `BadInput`."""
    zone = formatting.zone(text_of(form, moments.ZONE))
    return moments.chosen(text_of(form, moments.WHEN), text_of(form, moments.AT), now(), zone)


def moments_of(request: Request, form: FormData | None = None) -> moments.Moments:
    """The choices of moments in a form, with those that were taken in one that was sent."""
    who, when, at = reader(request), "", ""
    if form is not None:
        when, at = text_of(form, moments.WHEN), text_of(form, moments.AT)
    return moments.moments(now(), who.zone, i18n.texts(who.language), when=when, at=at)


def _path(request: Request) -> str:
    """Below the root."""
    return request.url.path.removeprefix(root_of(request)) or "/"


def by_script(request: Request) -> bool:
    """Whether our script sent a form; it takes the address to go to."""
    return "application/json" in request.headers.get("accept", "")


async def show(
    request: Request, template: str, status: int = 200, *, room: str, parts: Sequence[str] = (),
    **shown: object,
) -> Response:  # fmt: skip
    """`parts` of the page follow the stream: topics of `live.patches`, to which the page adds its language."""
    who, views = reader(request), site_of(request).views
    path, root = _path(request), root_of(request)
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    room = "link" if who.actor.own else room
    context = {
        "reader": who, "zone": who.zone, "now": now(), "room": room, "path": path,
        "root": root, "back": root + quote(path) + query,
        "topics": " ".join(parts), "since": request.state.since, "running": await views.running(who.actor),
        **await _inbox(request, who),
        "set_aside": await core_of(request).store.aside() if decide(who.actor, Verb.ADMIN) else 0,
        "halted": await pauses.everything(core_of(request)),
        "version": site_of(request).version, "languages": i18n.LANGUAGES,
        "scripts": render.scripts(root), "csrf": csrf.token(core_of(request), csrf.basis(request)),
        "names": Names.of(core_of(request).directory.all),
        "tells": bool(wishes.of(core_of(request), who.actor).browser),
        "scheduled": schedules.any_seen(core_of(request), who.actor),
        "closed": core_of(request).directory.closed, "admin": bool(decide(who.actor, Verb.ADMIN)), **shown,
    }  # fmt: skip
    html = render.page(template, who.language, context)
    headers = {"cache-control": "no-store", "vary": "cookie, accept-language"}
    response = HTMLResponse(html, status, headers)
    csrf.remember(request, response)
    return response


async def _inbox(request: Request, who: Reader) -> dict[str, object]:
    """For the header: whether there is anything that they may approve, and how much waits for them."""
    core = core_of(request)
    waiting = await approve.waiting(core, who.actor, most=WAITING + 1)
    return {
        "approver": approve.asked_at_all(core, who.actor),
        "inbox_count": min(len(waiting), WAITING),
        "inbox_more": len(waiting) > WAITING,
    }


def sent(request: Request) -> FormData:
    """The fields of a form from a page of ours. Every POST of a page has one."""
    form: FormData = request.state.sent
    return form


def administered(endpoint: Endpoint) -> Endpoint:
    """For others the page does not exist."""

    @functools.wraps(endpoint)
    async def shown(request: Request) -> Response:
        if not decide(actor_of(request), Verb.ADMIN):
            raise HTTPException(404)
        return await endpoint(request)

    return shown


Limits = Callable[[Request], tuple[int, int]]
"""How many fields and files a form may have."""


def few(_: Request) -> tuple[int, int]:
    return _FIELDS, 0


def page(endpoint: Endpoint, limits: Limits = few) -> Endpoint:
    """Turn errors into a page that says so, in the reader's language. A form is read and checked first."""

    @functools.wraps(endpoint)
    async def shown(request: Request) -> Response:
        try:
            # before anything else is read: what happens after this comes by the stream
            request.state.since = await core_of(request).store.last_event()
            if slug := request.path_params.get("slug"):
                named = await visibility.named(core_of(request).catalog, actor_of(request), slug)
                if named != slug and request.method == "GET":
                    there = request.url.replace(path=request.url.path.replace(f"/tasks/{slug}", f"/tasks/{named}", 1))
                    return RedirectResponse(there.path + (there.query and f"?{there.query}"), 303)
            if request.method != "POST":
                return await endpoint(request)
            fields, files = limits(request)
            async with body.form(request, fields=fields, files=files) as form:
                csrf.check(request, form)
                request.state.sent = form
                return await endpoint(request)
        except HTTPException:
            raise
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except Exception as error:  # noqa: BLE001 - the one place where a page's errors end
            return await problem(request, error)

    return shown


async def missing(request: Request, error: Exception) -> Response:
    """An address that leads nowhere: a page for people, problem+json for programs."""
    wanted = "text/html" in request.headers.get("accept", "") and not _path(request).startswith(("/api/", "/static/"))
    return await problem(request, error) if wanted else await http(request, error)


def _helpers(request: Request) -> Sequence[str]:
    """The people who could give the viewer a right; none for a viewer who may not see people, or administers it all."""
    actor = actor_of(request)
    if not actor.known or actor.own or decide(actor, Verb.ADMIN):
        return ()
    return core_of(request).directory.whom()


async def problem(request: Request, error: Exception) -> Response:
    """The page for an error, in the reader's language."""
    t = i18n.texts(reader(request).language)
    request.state.since = getattr(request.state, "since", 0)
    told = error_page.told(error, t, method=request.method, path=_path(request), ask=_helpers(request))
    try:
        return await show(request, "problem.html", told.status, room="", problem=told)
    except errors.StoreError:  # even the header cannot be read
        lines = " ".join((f"{told.title}.", *told.lines, told.number))
        return Response(lines, told.status, media_type="text/plain; charset=utf-8")
