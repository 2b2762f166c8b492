"""What is set aside in a copy of a data folder: the page and the API by which it is released or dropped."""

from __future__ import annotations

import contextlib
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import require
from pushbutton.runtime import aside, cancel, sight
from pushbutton.runtime.core import now

from . import pages, paging, shapes
from .asked import actor_of, core_of
from .numbers import number_of, whole
from .readers import root_of

router = APIRouter(prefix="/api", tags=["runs"])

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": shapes.Problem, "description": "What is wrong, in one sentence"},
}


@router.get(
    "/aside",
    response_model=list[shapes.RunShape],
    summary="Runs that are set aside",
    description="They came with a copy of the data folder, and start when an administrator releases them. Empty for "
    "others. `cancel` drops one. Newest first, `limit` of them, at most 500; the header `Link` says where more follow.",
    responses=_PROBLEMS,
)
async def listed(request: Request) -> Response:
    before, limit = paging.asked(request)
    number = paging.number(before)
    found = await aside.waiting(core_of(request), actor_of(request), before=number, most=limit + 1)
    shown, more = paging.cut(found, limit, lambda run: run.id)
    return JSONResponse(
        [shapes.run_json(run) for run in shown], headers=paging.link(request, "/api/aside", more, limit)
    )


@router.post(
    "/runs/{number}/release",
    response_model=shapes.RunShape,
    responses=_PROBLEMS,
    summary="Release one that is set aside",
)
async def release(request: Request, number: str) -> Response:
    return JSONResponse(shapes.run_json(await aside.release(core_of(request), actor_of(request), number_of(number))))


async def page(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    require(actor, Verb.ADMIN)
    before = whole(request.query_params.get("before", "")) or 0
    runs, more = paging.cut(
        await aside.waiting(core, actor, before=before, most=paging.PAGE + 1), paging.PAGE, lambda run: run.id
    )
    tasks = sight.tasks(core.catalog, actor)
    return await pages.show(request, "aside.html", room="tasks", runs=runs, more=more, tasks=tasks, now=now())


async def decide(request: Request) -> Response:
    """One run, or with `all` every one; who was faster decided some of them already."""
    core, actor, form = core_of(request), actor_of(request), pages.sent(request)
    require(actor, Verb.ADMIN)
    verb = aside.release if pages.text_of(form, "do") == "release" else cancel.cancel
    everyone = [run.id for run in reversed(await aside.waiting(core, actor))]
    chosen = everyone if pages.text_of(form, "all") else [pages.number_of(form, "run")]
    for number in everyone:
        if number in chosen:
            with contextlib.suppress(errors.Conflict, errors.NoSuchRun):
                await verb(core, actor, number)
    left = bool(await aside.waiting(core, actor))
    return RedirectResponse(f"{root_of(request)}/aside" if left else f"{root_of(request)}/", 303)


routes = [
    Route("/aside", pages.page(page)),
    Route("/aside", pages.page(decide), methods=["POST"]),
]
