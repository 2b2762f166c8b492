"""The page of the files that came to a folder that a task watches, and what became of each."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.on_file import KEPT, Verdict
from pushbutton.domain.policy import Resource, decide
from pushbutton.runtime import on_file, visibility
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.views.files_seen import SHOWN

from . import base


async def listed(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    task = visibility.task(core.catalog, actor, request.path_params["slug"])
    presses = bool(decide(actor, Verb.PRESS, Resource(task.slug, task.group)) and task.on_file and not task.broken)
    rows = [
        (one, *SHOWN[one.verdict], presses and one.verdict is not Verdict.WAITS)
        for one in await on_file.seen(core, actor, task.slug)
    ]
    return await base.show(request, "files.html", room="tasks", task=task, rows=rows, kept=KEPT)


async def again(request: Request) -> Response:
    number = base.number_of(base.sent(request), "number")
    pressed = await on_file.again(core_of(request), actor_of(request), request.path_params["slug"], number)
    return RedirectResponse(f"{root_of(request)}/runs/{pressed.run.id}", 303)
