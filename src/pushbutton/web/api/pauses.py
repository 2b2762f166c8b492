"""Pauses of a task and of everything."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import pauses
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer
from .lazily import schemas


@operation(
    "Pause a task",
    "tasks",
    description="No press of it is taken until then, and nothing of it starts. Needs the right to administer it.",
    answers="SchedulePause",
    takes="PauseShape",
)
async def pause(request: Request, slug: str) -> Response:
    wanted = await _asked(request)
    found = await pauses.pause(core_of(request), actor_of(request), slug, until=wanted.until or 0, reason=wanted.reason)
    return answer(schemas.SchedulePause.of(found))


@operation("End the pause of a task", "tasks", status=204)
async def resume(request: Request, slug: str) -> Response:
    await pauses.resume(core_of(request), actor_of(request), slug)
    return Response(status_code=204)


@operation(
    "Pause everything",
    "tasks",
    description="Nothing starts until then; presses and schedules are kept waiting. Needs the right to administer the "
    "server.",
    answers="SchedulePause",
    takes="PauseShape",
)
async def pause_everything(request: Request) -> Response:
    wanted = await _asked(request)
    found = await pauses.pause_everything(
        core_of(request), actor_of(request), until=wanted.until or 0, reason=wanted.reason
    )
    return answer(schemas.SchedulePause.of(found))


@operation("End the pause of everything", "tasks", status=204)
async def resume_everything(request: Request) -> Response:
    await pauses.resume_everything(core_of(request), actor_of(request))
    return Response(status_code=204)


async def _asked(request: Request) -> schemas.PauseShape:
    return schemas.PauseShape.of(await body.read_object(request))
