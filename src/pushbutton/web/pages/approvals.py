"""The inbox: what waits for one person; and their yes or no to a run."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.run import Run
from pushbutton.runtime import approve, wishes
from pushbutton.runtime.clock import now
from pushbutton.web.http.context import core_of
from pushbutton.web.http.numbers import run_of, whole
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.site import site_of
from pushbutton.web.views.views import InboxView, RunView

from . import run as run_page
from .base import sent, show, text_of

log = logging.getLogger(__name__)

DECIDED = 5
"""Of what the reader decided lately."""


async def inbox(request: Request) -> Response:
    """The newest of what waits for the reader stands open, to be decided in place; `open` names another one."""
    core, who = core_of(request), reader(request)
    await wishes.looked(core, who.actor)
    before = whole(request.query_params.get("before", "")) or 0
    view = await site_of(request).views.inbox(who.actor, now(), before=before)
    parts = [] if before else ["patch:inbox"]  # what comes anew is on the first page
    return await show(
        request, "inbox.html", room="inbox", parts=parts, view=view, older=bool(before),
        opened=await _opened(request, view), decided=await approve.decided(core, who.actor, DECIDED),
        told=wishes.can_be_told(core, who.actor), mine=wishes.of(core, who.actor), wrong="", why="",
    )  # fmt: skip


async def _opened(request: Request, view: InboxView) -> RunView | None:
    core, actor = core_of(request), reader(request).actor
    wanted = whole(request.query_params.get("open", "")) or 0
    run = next((run for run in view.runs if wanted in (0, run.id)), None)
    if run is None or not approve.may_decide(core, actor, run):
        return None
    return await site_of(request).views.run(actor, run, now())


async def moved(request: Request) -> Response:
    """Links from before it was called the inbox."""
    return RedirectResponse(f"{root_of(request)}/inbox", 303)


async def approve_run(request: Request) -> Response:
    core, who, number = core_of(request), reader(request), run_of(request)
    why, seen = text_of(sent(request), "why"), text_of(sent(request), "plan")
    return await _verdict(request, approve.approve(core, who.actor, number, why=why, seen=seen), why)


async def reject_run(request: Request) -> Response:
    core, who, number = core_of(request), reader(request), run_of(request)
    why = text_of(sent(request), "why")
    return await _verdict(request, approve.reject(core, who.actor, number, why=why), why)


async def _verdict(request: Request, given: Awaitable[Run], why: str) -> Response:
    """The run's page; with what was in the way, and what was typed."""
    number = run_of(request)
    try:
        await given
    except errors.NotHeld:
        log.debug("run %s was decided before", number)  # its page says how
    except errors.InvalidInputs as error:
        return await run_page.run(request, 422, wrong=error.fields["why"], why=why)
    except (errors.CannotApprove, errors.Refused) as error:
        return await run_page.run(request, 409, wrong=str(error), why=why)
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)
