"""The pages: each is read with GET, works without JavaScript, and changes things by a form and a redirect."""

from __future__ import annotations

import functools
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.approval import may_give
from pushbutton.domain.param import ParamType
from pushbutton.domain.policy import Place, decide, in_person, require
from pushbutton.domain.run import Run
from pushbutton.domain.task import Reason, Task
from pushbutton.runtime import approve, cancel, history, press, sight
from pushbutton.runtime.core import Core, now
from pushbutton.runtime.ports import Pressed, RunQuery

from . import (
    auth,
    boards,
    body,
    csrf,
    export,
    favourites,
    filters,
    find,
    forms,
    previews,
    problems,
    render,
    tails,
    texts,
    uploads,
    wording,
)
from .errors import http
from .guard import DOWNLOAD
from .readers import THEMES, Reader, actor_of, reader, remember, root_of, way_back
from .views import Card, TasksView, TaskView, Views

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]

PAGE = 50
"""Runs on one page of the history."""

_KEYS = 2000  # idempotency keys that are remembered, to tell a double press from somebody who was faster
_FIELDS = 20  # of a form that has no task's inputs, at most
_TOLD = 1000  # choices that a program may tell for one input
_OURS = 20  # fields of a form that are no inputs, at most


def routes() -> list[Route]:
    return [
        Route("/", page(tasks)),
        Route("/tasks/{slug}", page(task)),
        Route("/tasks/{slug}", page(press_task, _form_of), methods=["POST"]),
        Route("/runs/{number:int}", page(run)),
        Route("/runs/{number:int}/stop", page(stop), methods=["POST"]),
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
    return await show(
        request, "tasks.html", room="tasks", parts=["patch:tasks"], view=view, query=query, group=group,
        pins=who.pins, sections=_sections(view, found, who), meant=meant, elsewhere=len(anywhere) - len(found),
    )  # fmt: skip


def _sections(view: TasksView, found: list[Card], who: Reader) -> list[tuple[str, list[Card]]]:
    """The kept tasks first ("*"), in their order, then the groups in the catalogue's, then the rest ("")."""
    by_slug = {card.task.slug: card for card in found}
    kept = [by_slug[slug] for slug in who.pins if slug in by_slug]
    rest = [card for card in found if card not in kept]
    named = [("*", kept), *((name, [card for card in rest if card.task.group == name]) for name in (*view.groups, ""))]
    return [(name, cards) for name, cards in named if cards]


async def task(request: Request) -> Response:
    who = reader(request)
    view = await views_of(request).form(who.actor, request.path_params["slug"], now())
    values, source = forms.prefilled(view.task, request.query_params), 0
    number = request.query_params.get(forms.FROM_RUN, "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        earlier = await history.run(core_of(request), who.actor, int(number))
        if earlier.task == view.task.slug:
            values, source = forms.of_inputs(view.task, earlier.inputs), earlier.id
    return await _form(request, view, values, from_run=source)


async def run(request: Request) -> Response:
    return await run_page(request)


async def run_page(request: Request, status: int = 200, *, wrong: str = "", why: str = "") -> Response:
    """`wrong`: what stood in the way of a verdict, whose reason was `why`."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, request.path_params["number"])
    view = await views_of(request).run(who.actor, found, now())
    crowd = boards.crowd_of(core, found.id, root_of(request))
    view = replace(view, watching=core.hub.watching(crowd))
    reads = Verb.OUTPUT in view.may
    tail = [f"tail:{found.id}"] if reads else []
    failed = found.state.value in ("failed", "lost")
    return await show(
        request, "run.html", status, room="tasks", parts=[f"patch:run:{found.id}", *tail], view=view,
        previews=await previews.previews(core.spools.folder(found.id) / "files", view.story.results) if reads else (),
        joined="joined" in request.query_params, tail=await tails.tail(core, found) if reads else tails.Tail(),
        open_output=(failed or not view.story.updates) and not view.waits, wrong=wrong, why=why,
        asked=bool(view.waits and Verb.APPROVE in view.may and may_give(who.actor, view.waits.hold)),
    )  # fmt: skip


async def runs(request: Request) -> Response:
    chosen = filters.read(request.query_params)
    at, who = now(), reader(request)
    found = await history.runs(core_of(request), who.actor, chosen.query(at, PAGE + 1))
    view = await views_of(request).history(who.actor, found, at, limit=PAGE)
    days: list[tuple[int, list[Run]]] = []
    for item in view.runs:
        day = wording.local(item.pressed_at, who.zone).date()
        if not days or wording.local(days[-1][0], who.zone).date() != day:
            days.append((item.pressed_at, []))
        days[-1][1].append(item)
    words = [(name, wording.LOOKS[min(states)].word) for name, states in filters.STATES.items()]
    return await show(
        request, "history.html", room="history", view=view, filter=chosen, days=days, states=words,
        older=f"/history{chosen.url(before=view.older)}" if view.older else "", query=chosen.url(),
    )  # fmt: skip


async def runs_csv(request: Request) -> Response:
    core, who, chosen = core_of(request), reader(request), filters.read(request.query_params)

    async def read(query: RunQuery) -> Any:
        return await history.runs(core, who.actor, query)

    return StreamingResponse(
        export.table(read, chosen.query(now(), PAGE)),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="runs.csv"', "content-security-policy": DOWNLOAD},
    )


# --- changing


async def press_task(request: Request) -> Response:
    core, who = core_of(request), reader(request)
    view = await views_of(request).form(who.actor, request.path_params["slug"], now())
    form = sent(request)
    key = text_of(form, forms.KEY) or secrets.token_urlsafe(16)
    again = _seen_before(request, key)
    dry = forms.is_dry(view.task, form)
    if view.task.confirm and not dry and not text_of(form, forms.SURE):
        return await _refused(request, view, form, texts.mark("Tick that you are sure, then press again."), key=key)
    if not again and (faster := _faster(view, form)):
        return await _form(request, view, forms.of_form(view.task, form), 409, key=key, faster=faster,
                           why=text_of(form, forms.WHY))  # fmt: skip
    try:
        pressed = await with_files(core, view.task, form, lambda given: press.press(
            core, who.actor, view.task.slug, given, key=key, why=text_of(form, forms.WHY).strip(), form=True,
        ))  # fmt: skip
    except errors.InvalidInputs as error:
        return await _refused(request, view, form, error.fields.get("", ""), key=key, wrong=error.fields)
    except errors.KeyReused:
        said = texts.mark("This form was already pressed with other inputs. Press once more to start another run.")
        return await _refused(request, view, form, said, status=409)
    except (errors.StoreError, errors.TaskBroken, errors.Refused) as error:
        return await _refused(request, view, form, str(error), key=key, status=503)
    url = f"{root_of(request)}/runs/{pressed.run.id}" + ("" if pressed.made or again else "?joined=1")
    if by_script(request):
        return JSONResponse({"go": url}, 201)
    return RedirectResponse(url, 303)


def _form_of(request: Request) -> tuple[int, int]:
    """How many fields and files the task's form can send: each choice that is ticked is a field."""
    actor = actor_of(request)
    job = sight.task(core_of(request).catalog, actor, request.path_params["slug"])
    require(actor, Verb.PRESS, Place(job.slug, job.group))  # before a file of theirs is read
    return inputs_of(job)


def inputs_of(job: Task) -> tuple[int, int]:
    """How many fields and files the inputs of a task are in a form, at most."""
    fields = _OURS + sum(_TOLD if param.choices_from else max(1, len(param.choices)) for param in job.params)
    return fields, sum(param.type is ParamType.FILE for param in job.params)


def _faster(view: TaskView, form: FormData) -> Run | None:
    """Somebody else's run that takes the place and that this form has not seen. Without the field: nobody."""
    seen = text_of(form, forms.SEEN)
    if not seen.isdigit() or view.task.limits.busy.value != "queue":
        return None
    return next((run for run in view.busy if run.id > int(seen)), None)


async def with_files(
    core: Core, job: Task, form: FormData, pressing: Callable[[Mapping[str, object]], Awaitable[Pressed]]
) -> Pressed:
    """Press with the form's inputs. Files are in store by then, and stay there only where a run was made with them."""
    kept: list[str] = []
    made = True
    try:
        pressed = await pressing(await _stored(core, job, form, kept))
        made = pressed.made
    except errors.PushbuttonError:
        made = False
        raise
    finally:
        for name in () if made else kept:
            (core.uploads / name).unlink(missing_ok=True)
    return pressed


async def _stored(core: Core, job: Task, form: FormData, kept: list[str]) -> dict[str, object]:
    """The form's raw inputs; `kept` gets the names of their files. One that is too big is refused before it is kept."""
    given = forms.raw(job, form)
    for param in job.params:
        upload = given.get(param.name)
        if not isinstance(upload, UploadFile):
            continue
        if param.max_length and (upload.size or 0) > param.max_length:
            most = texts.texts("en").size(param.max_length)
            raise errors.InvalidInputs({param.name: f"This file is too big: at most {most} are taken."})
        kept.append(await uploads.save(core.uploads, upload.filename or "file", _chunks(upload)))
        given[param.name] = kept[-1]
    return given


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(1 << 20):
        yield chunk


async def _refused(
    request: Request, view: TaskView, form: FormData, whole: str, *,
    key: str = "", wrong: Mapping[str, str] | None = None, status: int = 422,
) -> Response:  # fmt: skip
    """The form again, with everything that was typed, and what has to change. Nothing was started."""
    return await _form(request, view, forms.of_form(view.task, form), status, key=key, whole=whole, wrong=wrong,
                       why=text_of(form, forms.WHY))  # fmt: skip


async def _form(
    request: Request, view: TaskView, values: forms.Values | None = None, status: int = 200, *,
    key: str = "", whole: str = "", wrong: Mapping[str, str] | None = None, why: str = "",
    from_run: int = 0, faster: Run | None = None,
) -> Response:  # fmt: skip
    job: Task = view.task
    reason = (wrong or {}).get("why", "") if job.reason is Reason.REQUIRED and not why.strip() else ""
    t = texts.texts(reader(request).language)
    fields = forms.fields(job, values, {**view.faults, **(wrong or {})})
    more = job.help.strip().partition("\n\n")[2].strip()
    return await show(
        request, "task.html", status, room="tasks", parts=[f"patch:task:{job.slug}"], view=view, fields=fields,
        whole=whole, wrong=wrong or whole, why=why, from_run=from_run, faster=faster, more_help=more,
        reason=reason, must_say=job.reason is Reason.REQUIRED,
        hand_over=Verb.PRESS in view.may and not job.broken and bool(in_person(reader(request).actor)),
        key=key or secrets.token_urlsafe(16), seen=max((item.id for item in view.past.runs), default=0),
        uploads=any(field.control == "file" for field in fields),
        question=forms.filled(job.confirm, fields, t),
        button=forms.filled(job.button or job.title, fields, t),
    )  # fmt: skip


async def stop(request: Request) -> Response:
    number = request.path_params["number"]
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
    if (language := text_of(form, "language")) in texts.LANGUAGES:
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


def core_of(request: Request) -> Core:
    core: Core = request.app.state.core
    return core


def views_of(request: Request) -> Views:
    """One per server: it keeps what it worked out of past runs."""
    state = request.app.state
    if not hasattr(state, "views"):
        state.views = Views(state.core)
    views: Views = state.views
    return views


def _seen_before(request: Request, key: str) -> bool:
    """Whether this key is on its way or was pressed already; from now on it is."""
    state = request.app.state
    if not hasattr(state, "press_keys"):
        state.press_keys = OrderedDict[str, None]()
    keys: OrderedDict[str, None] = state.press_keys
    if key in keys:
        return True
    keys[key] = None
    if len(keys) > _KEYS:
        keys.popitem(last=False)
    return False


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


def origin(request: Request) -> str:
    """The address of the front page without the last slash, as this browser knows the server."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}{root_of(request)}"


def by_script(request: Request) -> bool:
    """Whether our script sent a form; it takes the address to go to."""
    return "application/json" in request.headers.get("accept", "")


async def show(
    request: Request, template: str, status: int = 200, *, room: str, parts: Sequence[str] = (),
    **shown: object,
) -> Response:  # fmt: skip
    """`parts` of the page follow the stream: topics of `boards`, to which the page adds its language."""
    who, views = reader(request), views_of(request)
    path, root = _path(request), root_of(request)
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    room = "link" if who.actor.own else room
    context = {
        "reader": who, "zone": who.zone, "now": now(), "room": room, "path": path,
        "root": root, "back": root + quote(path) + query,
        "topics": " ".join(parts), "since": request.state.since, "running": await views.running(who.actor),
        **await _inbox(request, who),
        "version": getattr(request.app.state, "version", ""), "languages": texts.LANGUAGES,
        "scripts": render.scripts(root), "csrf": csrf.token(core_of(request), csrf.basis(request)),
        "closed": core_of(request).directory.closed, "admin": bool(decide(who.actor, Verb.ADMIN)), **shown,
    }  # fmt: skip
    html = render.page(template, who.language, context)
    headers = {"cache-control": "no-store", "vary": "cookie, accept-language"}
    response = HTMLResponse(html, status, headers)
    csrf.remember(request, response, secure=auth.secure(request.scope), path=f"{root}/")
    return response


async def _inbox(request: Request, who: Reader) -> dict[str, object]:
    """For the header: whether there is anything that they may approve, and how much waits for them."""
    core = core_of(request)
    return {
        "approver": approve.asked_at_all(core, who.actor),
        "inbox_count": len(await approve.waiting(core, who.actor)),
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


async def problem(request: Request, error: Exception) -> Response:
    """The page for an error, in the reader's language."""
    t = texts.texts(reader(request).language)
    request.state.since = getattr(request.state, "since", 0)
    told = problems.told(error, t, method=request.method, path=_path(request))
    try:
        return await show(request, "problem.html", told.status, room="", problem=told)
    except errors.StoreError:  # even the header cannot be read
        lines = " ".join((f"{told.title}.", *told.lines, told.number))
        return Response(lines, told.status, media_type="text/plain; charset=utf-8")
