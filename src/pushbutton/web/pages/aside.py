"""Runs that are set aside in a copy of a data folder: the page on which it is released or dropped."""

from __future__ import annotations

import contextlib

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import require
from pushbutton.runtime import cancel, set_aside, visibility
from pushbutton.runtime.clock import now
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.viewer import root_of

from . import base


async def page(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    require(actor, Verb.ADMIN)
    before = whole(request.query_params.get("before", "")) or 0
    runs, more = paging.cut(
        await set_aside.waiting(core, actor, before=before, most=paging.PAGE + 1), paging.PAGE, lambda run: run.id
    )
    tasks = visibility.tasks(core.catalog, actor)
    return await base.show(request, "aside.html", room="tasks", runs=runs, more=more, tasks=tasks, now=now())


async def decide(request: Request) -> Response:
    """One run, or with `all` every one; who was faster decided some of them already."""
    core, actor, form = core_of(request), actor_of(request), base.sent(request)
    require(actor, Verb.ADMIN)
    verb = set_aside.release if base.text_of(form, "do") == "release" else cancel.cancel
    everyone = [run.id for run in reversed(await set_aside.waiting(core, actor))]
    chosen = everyone if base.text_of(form, "all") else [base.number_of(form, "run")]
    for number in everyone:
        if number in chosen:
            with contextlib.suppress(errors.Conflict, errors.NoSuchRun):
                await verb(core, actor, number)
    left = bool(await set_aside.waiting(core, actor))
    return RedirectResponse(f"{root_of(request)}/aside" if left else f"{root_of(request)}/", 303)
