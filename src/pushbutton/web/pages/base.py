"""The pages: each is read with GET, works without JavaScript, and changes things by a form and a redirect."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.approval import may_give
from pushbutton.domain.policy import decide, require
from pushbutton.domain.problem import Problem
from pushbutton.domain.run import Run
from pushbutton.runtime import approve, cancel, history, sight
from pushbutton.runtime.core import now
from pushbutton.runtime.ports import Catalog, RunQuery
from pushbutton.web.http import body, csrf, favourites
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.errors import http
from pushbutton.web.http.numbers import run_of, whole
from pushbutton.web.http.origin_guard import DOWNLOAD
from pushbutton.web.http.viewer import THEMES, Reader, reader, remember, root_of, way_back
from pushbutton.web.live import patches
from pushbutton.web.views import brought, export, filters, find, output_tail, previews, render
from pushbutton.web.views.views import WAITING, Card, TasksView, Views, Watching
from pushbutton.web.words import formatting, i18n
from pushbutton.web.words.people import Names

from . import error_page

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]

PAGE = 50
"""Runs on one page of the history."""

UPDATES = 200
"""Updates of a run on one page of them."""

_FIELDS = 20  # of a form that has no task's inputs, at most


def routes() -> list[Route]:
    return [
        Route("/", page(tasks)),
        Route("/runs/{number}", page(run)),
        Route("/runs/{number}/stop", page(stop_question)),
        Route("/runs/{number}/updates", page(updates)),
        Route("/runs/{number}/stop", page(stop), methods=["POST"]),
        Route("/history", page(runs)),
        Route("/history.csv", page(runs_csv)),
        Route("/theme", page(settings), methods=["POST"]),
        Route("/favourites", page(favourite), methods=["POST"]),
    ]


# --- reading


async def tasks(request: Request) -> Response:
    who = reader(request)
    view = await views_of(request).tasks(who.actor, now())
    query, group = request.query_params.get("q", "").strip()[:100], request.query_params.get("group", "")
    anywhere = [card for card in view.cards if find.matches(card.task, query)]
    found = [card for card in anywhere if group in ("", card.task.group)]
    meant = find.meant(query, (card.task for card in view.cards)) if query and not anywhere else ""
    catalog, admin = core_of(request).catalog, bool(decide(who.actor, Verb.ADMIN))
    return await show(
        request, "tasks.html", room="tasks", parts=["patch:tasks"], view=view, query=query, group=group,
        pins=who.pins, sections=_sections(view, found, who), meant=meant, elsewhere=len(anywhere) - len(found),
        examples=find.examples([card.task for card in view.cards]),
        passed=await catalog.passed() if admin else (), problems=_untold(catalog) if admin else (),
        places=catalog.places() if admin else (),
    )  # fmt: skip


def _untold(catalog: Catalog) -> list[Problem]:
    """What is wrong or doubtful in the files, and stands on the card of no task."""
    told = {line for task in catalog.tasks().values() for line in task.broken.splitlines()}
    return [problem for problem in catalog.problems() if problem.reason not in told]


def _sections(view: TasksView, found: list[Card], who: Reader) -> list[tuple[str, list[Card]]]:
    """The kept tasks first ("*"), in their order, then the groups in the catalogue's, then the rest ("")."""
    by_slug = {card.task.slug: card for card in found}
    kept = [by_slug[slug] for slug in who.pins if slug in by_slug]
    rest = [card for card in found if card not in kept]
    named = [("*", kept), *((name, [card for card in rest if card.task.group == name]) for name in (*view.groups, ""))]
    return [(name, cards) for name, cards in named if cards]


async def run(request: Request) -> Response:
    return await run_page(request)


async def run_page(request: Request, status: int = 200, *, wrong: str = "", why: str = "") -> Response:
    """`wrong`: what stood in the way of a verdict, whose reason was `why`."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    view = await views_of(request).run(who.actor, found, now())
    last = await output_tail.last(core, found) if view.quiet else ""
    view = replace(view, watching=_watching(request, found), last=last)
    reads = Verb.OUTPUT in view.may
    tail = [f"tail:{found.id}"] if reads else []
    failed = found.state.value in ("failed", "lost")
    return await show(
        request, "run.html", status, room="tasks", parts=[f"patch:run:{found.id}", *tail], view=view,
        previews=await previews.previews(core.files, found.id, view.story.results)
        if reads else (),
        brought=await brought.files(core, found, view.task) if reads or Verb.APPROVE in view.may else (),
        joined="joined" in request.query_params,
        tail=await output_tail.tail(core, found) if reads else output_tail.Tail(),
        open_output=(failed or not view.story.updates) and not view.waits, wrong=wrong, why=why,
        asked=bool(
            view.waits and not found.aside and Verb.APPROVE in view.may and may_give(who.actor, view.waits.hold)
        ),
    )  # fmt: skip


async def updates(request: Request) -> Response:
    """Whatever a run said, a page at a time."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    view = await views_of(request).run(who.actor, found, now())
    said = view.story.updates[::-1]
    last = max(1, -(-len(said) // UPDATES))
    number = min(last, max(1, whole(request.query_params.get("page", "")) or 1))
    first = (number - 1) * UPDATES
    return await show(
        request, "updates.html", room="tasks", view=view, updates=said[first : first + UPDATES], first=first,
        page=number, all=len(said),
    )  # fmt: skip


def _watching(request: Request, run: Run) -> Watching:
    """With the reader, who begins to follow it. Where nobody is known by name, the count comes with the stream."""
    actor = actor_of(request)
    if not actor.user or actor.own:
        return Watching()
    found = patches.watching(core_of(request), run.id, root_of(request))
    return replace(found, people=tuple(sorted({*found.people, actor.user})))


async def runs(request: Request) -> Response:
    chosen = filters.read(request.query_params)
    at, who = now(), reader(request)
    found = await history.runs(core_of(request), who.actor, chosen.query(at, PAGE + 1, who.zone))
    view = await views_of(request).history(who.actor, found, at, limit=PAGE)
    days: list[tuple[int, list[Run]]] = []
    for item in view.runs:
        day = formatting.local(item.pressed_at, who.zone).date()
        if not days or formatting.local(days[-1][0], who.zone).date() != day:
            days.append((item.pressed_at, []))
        days[-1][1].append(item)
    words = [(name, formatting.LOOKS[min(states)].word) for name, states in filters.STATES.items()]
    return await show(
        request, "history.html", room="history", view=view, filter=chosen, days=days, states=words,
        jump=await _named(request, chosen.number) if chosen.number else None,
        older=f"/history{chosen.url(before=view.older)}" if view.older else "", query=chosen.url(),
        keep_days=request.app.state.settings.keep_days,
    )  # fmt: skip


async def _named(request: Request, number: int) -> Run | None:
    """The run that the search names by its number, if the reader may see it."""
    try:
        return await history.run(core_of(request), actor_of(request), number)
    except errors.NoSuchRun:
        return None


async def runs_csv(request: Request) -> Response:
    core, who, chosen = core_of(request), reader(request), filters.read(request.query_params)

    async def read(query: RunQuery) -> Any:
        return await history.runs(core, who.actor, query)

    return StreamingResponse(
        export.table(read, chosen.query(now(), PAGE, who.zone)),
        media_type="text/csv; charset=utf-8",
        headers={
            "cache-control": "no-store",
            "content-disposition": 'attachment; filename="runs.csv"',
            "content-security-policy": DOWNLOAD,
        },
    )


# --- changing


async def stop_question(request: Request) -> Response:
    """Are you sure? The run's page asks in a dialog; without a script it is asked here."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    require(who.actor, Verb.STOP, *sight.places(core.catalog, found))
    if found.state.over:
        return RedirectResponse(f"{root_of(request)}/runs/{found.id}", 303)
    view = await views_of(request).run(who.actor, found, now())
    return await show(request, "stop.html", room="tasks", view=view)


async def stop(request: Request) -> Response:
    number = run_of(request)
    try:
        await cancel.cancel(core_of(request), reader(request).actor, number)
    except errors.NotRunning:
        log.debug("run %s was over before it was stopped", number)  # its page says how it ended
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)


async def settings(request: Request) -> Response:
    """Appearance, language and keys. A script sends one of them, the form sends all."""
    form = sent(request)
    response = RedirectResponse(_back(request, form), 303)
    if (theme := text_of(form, "theme")) in THEMES:
        remember(request, response, "theme", theme)
    if (language := text_of(form, "language")) in i18n.LANGUAGES:
        remember(request, response, "language", language)
    if text_of(form, "settings") == "all":
        remember(request, response, "keys", "on" if text_of(form, "keys") else "off")
    return response


async def favourite(request: Request) -> Response:
    form = sent(request)
    response = RedirectResponse(_back(request, form), 303)
    pins = favourites.turned(reader(request).pins, text_of(form, "slug"), text_of(form, "keep") == "1")
    if (actor := actor_of(request)).user:
        await core_of(request).people.pin(actor, pins)
    else:
        remember(request, response, favourites.COOKIE, favourites.write(pins))
    return response


# --- what all of them share


def views_of(request: Request) -> Views:
    """One per server: it keeps what it worked out of past runs."""
    state = request.app.state
    if not hasattr(state, "views"):
        state.views = Views(state.core)
    views: Views = state.views
    return views


def text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def number_of(form: FormData, name: str) -> int:
    """What was typed as a whole number; 0 for nothing, -1 for anything else, which no field takes."""
    typed = text_of(form, name).strip() or "0"
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


def _back(request: Request, form: FormData) -> str:
    """The page that it was sent from, or the front page."""
    back, home = way_back(text_of(form, "back")), f"{root_of(request)}/"
    return back if back.startswith(home) else home


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
    who, views = reader(request), views_of(request)
    path, root = _path(request), root_of(request)
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    room = "link" if who.actor.own else room
    context = {
        "reader": who, "zone": who.zone, "now": now(), "room": room, "path": path,
        "root": root, "back": root + quote(path) + query,
        "topics": " ".join(parts), "since": request.state.since, "running": await views.running(who.actor),
        **await _inbox(request, who),
        "set_aside": await core_of(request).store.aside() if decide(who.actor, Verb.ADMIN) else 0,
        "version": getattr(request.app.state, "version", ""), "languages": i18n.LANGUAGES,
        "scripts": render.scripts(root), "csrf": csrf.token(core_of(request), csrf.basis(request)),
        "names": Names.of(core_of(request).directory.all),
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
    """What the form sent, from a page of ours. Every POST of a page has one."""
    form: FormData = request.state.sent
    return form


Limits = Callable[[Request], tuple[int, int]]
"""How many fields and files a form may have."""


def page(endpoint: Endpoint, limits: Limits = lambda _: (_FIELDS, 0)) -> Endpoint:
    """What goes wrong becomes a page that says so, in the reader's language. A form is read and checked first."""

    @functools.wraps(endpoint)
    async def shown(request: Request) -> Response:
        try:
            # before anything else is read: what happens after this comes by the stream
            request.state.since = await core_of(request).store.last_event()
            if slug := request.path_params.get("slug"):
                named = await sight.named(core_of(request).catalog, actor_of(request), slug)
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
    """Who could give a right to the one who asks; nobody for who is not told who there is, or looks after it all."""
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
