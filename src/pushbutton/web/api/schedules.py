"""Schedules: when tasks are pressed by themselves, and their pauses."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import schedules
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation("All schedules, the next one first", "schedules", answers="list[ScheduleShape]")
async def listed(request: Request) -> Response:
    found = await schedules.listed(core_of(request), actor_of(request))
    return answers(schemas.ScheduleShape.of(one) for one in found)


@operation("One schedule", "schedules", answers="ScheduleShape")
async def one(request: Request, slug: str, name: str) -> Response:
    found = await schedules.named(core_of(request), actor_of(request), f"{slug}/{name}")
    return answer(schemas.ScheduleShape.of(found))


@operation(
    "What became of its last due moments, newest first",
    "schedules",
    answers="list[FiringShape]",
)
async def firings(request: Request, slug: str, name: str) -> Response:
    found = await schedules.firings(core_of(request), actor_of(request), f"{slug}/{name}")
    return answers(schemas.FiringShape.of(one) for one in found)


@operation(
    "Pause it",
    "schedules",
    description="What is due until then is not pressed, also not afterwards. Needs the right to administer the task.",
    answers="ScheduleShape",
    takes="PauseShape",
)
async def pause(request: Request, slug: str, name: str) -> Response:
    wanted = schemas.PauseShape.of(await body.read_object(request))
    found = await schedules.pause(
        core_of(request), actor_of(request), f"{slug}/{name}", until=wanted.until or 0, reason=wanted.reason
    )
    return answer(schemas.ScheduleShape.of(found))


@operation("End its pause", "schedules", answers="ScheduleShape")
async def resume(request: Request, slug: str, name: str) -> Response:
    found = await schedules.resume(core_of(request), actor_of(request), f"{slug}/{name}")
    return answer(schemas.ScheduleShape.of(found))


@operation(
    "Pause all of them",
    "schedules",
    description="Whatever they do by themselves otherwise. Needs the right to administer the server.",
    answers="SchedulePause",
    takes="PauseShape",
)
async def pause_all(request: Request) -> Response:
    wanted = schemas.PauseShape.of(await body.read_object(request))
    found = await schedules.pause_all(
        core_of(request), actor_of(request), until=wanted.until or 0, reason=wanted.reason
    )
    return answer(schemas.SchedulePause.of(found))


@operation("End the pause of all of them", "schedules", status=204)
async def resume_all(request: Request) -> Response:
    await schedules.resume_all(core_of(request), actor_of(request))
    return Response(status_code=204)
