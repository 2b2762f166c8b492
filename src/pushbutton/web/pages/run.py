"""The page of a run, its updates, its stop, and another moment for its start."""

from __future__ import annotations

import logging
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.approval import may_give
from pushbutton.domain.policy import require
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime import cancel, comments, history, later, visibility, wishes
from pushbutton.runtime.clock import now
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import run_of, whole
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.live import patches
from pushbutton.web.site import site_of
from pushbutton.web.views import brought, output_tail, previews
from pushbutton.web.views.run_output import with_output
from pushbutton.web.views.views import Watching

from .base import moment_of, moments_of, sent, show

log = logging.getLogger(__name__)

UPDATES = 200
"""Updates of a run on one page of them."""


async def run(request: Request, status: int = 200, *, wrong: str = "", why: str = "", unsaid: str = "") -> Response:
    """`wrong`: what stood in the way of a verdict, whose reason was `why`; `unsaid`: of a comment."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    await wishes.looked(core, who.actor, found)
    view = await site_of(request).views.run(who.actor, found, now())
    view = await previews.with_previews(core.files, view)
    view = await with_output(core, site_of(request).lines, replace(view, watching=_watching(request, found)))
    reads = Verb.OUTPUT in view.may
    tail = [f"tail:{found.id}"] if reads else []
    failed = found.state.value in ("failed", "lost")
    results = bool(view.results)
    shows = not view.story.updates and not results
    return await show(
        request, "run.html", status, room="tasks", parts=[f"patch:run:{found.id}", *tail], view=view,
        moments=moments_of(request),
        brought=await brought.files(core, found, view.task) if reads or Verb.APPROVE in view.may else (),
        shut=bool(results and view.story.steps) and found.state is RunState.SUCCEEDED,
        joined="joined" in request.query_params,
        tail=await output_tail.tail(core, site_of(request).lines, found) if reads else output_tail.Tail(),
        told=_told(request, found), looks=wishes.of(core, who.actor).patient, unsaid=unsaid,
        may_comment=comments.may_comment(who.actor, *visibility.resources(core.catalog, found)),
        open_output=(failed or shows) and not view.waits, wrong=wrong, why=why,
        asked=bool(
            view.waits and not found.aside and Verb.APPROVE in view.may and may_give(who.actor, view.waits.hold)
        ),
    )  # fmt: skip


def _told(request: Request, run: Run) -> str:
    """Whether the reader gets a letter when it is over: "yes", "no"; "": they can get none."""
    core, actor = core_of(request), actor_of(request)
    if run.state.over or not wishes.can_be_told(core, actor) or not wishes.written_to(core, actor):
        return ""
    return "yes" if (run.series or run.id) in wishes.of(core, actor).runs else "no"


async def updates(request: Request) -> Response:
    """All updates of a run, a page at a time."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    view = await site_of(request).views.run(who.actor, found, now())
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
    found = patches.watching(site_of(request), run.id, root_of(request))
    return replace(found, people=tuple(sorted({*found.people, actor.user})))


async def stop_question(request: Request) -> Response:
    """Are you sure? The run's page asks in a dialog; without a script it is asked here."""
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    require(who.actor, Verb.STOP, *visibility.resources(core.catalog, found))
    if found.state.over:
        return RedirectResponse(f"{root_of(request)}/runs/{found.id}", 303)
    view = await site_of(request).views.run(who.actor, found, now())
    return await show(request, "stop.html", room="tasks", view=view)


async def move_question(request: Request) -> Response:
    """At which moment is it to start? The run's page asks in a dialog; without a script it is asked here."""
    return await _when(request)


async def move(request: Request) -> Response:
    number, form = run_of(request), sent(request)
    try:
        await later.move(core_of(request), reader(request).actor, number, moment_of(form))
    except errors.BadInput as error:
        return await _when(request, 422, wrong=str(error), form=form)
    except errors.CannotMove:
        log.debug("run %s could not be moved any more", number)  # its page says what became of it
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)


async def _when(request: Request, status: int = 200, *, wrong: str = "", form: FormData | None = None) -> Response:
    core, who = core_of(request), reader(request)
    found = await history.run(core, who.actor, run_of(request))
    for verb in (Verb.PRESS, Verb.STOP):
        require(who.actor, verb, *visibility.resources(core.catalog, found))
    if later.refusal(found):
        return RedirectResponse(f"{root_of(request)}/runs/{found.id}", 303)
    view = await site_of(request).views.run(who.actor, found, now())
    return await show(
        request, "move.html", status, room="tasks", view=view, wrong=wrong, moments=moments_of(request, form)
    )


async def stop(request: Request) -> Response:
    number = run_of(request)
    try:
        await cancel.cancel(core_of(request), reader(request).actor, number)
    except errors.NotRunning:
        log.debug("run %s was over before it was stopped", number)  # its page says how it ended
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)
