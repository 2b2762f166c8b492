"""Schedules: when tasks are pressed by themselves, and their pauses."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.schedule import CatchUp, Schedule
from pushbutton.runtime import made_schedules, schedules
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation("All schedules, the next one first", "schedules", answers="list[ScheduleShape]")
async def listed(request: Request) -> Response:
    found = await schedules.listed(core_of(request), actor_of(request))
    return answers(schemas.ScheduleShape.of(one) for one in found)


@operation(
    "Make a schedule",
    "schedules",
    description="It presses in the name of who makes it, and does no more than they may at each moment. One that is "
    "made with a token ends with the token.",
    status=201,
    answers="ScheduleShape",
    takes="NewScheduleShape",
)
async def make(request: Request) -> Response:
    asked = schemas.NewScheduleShape.of(await body.read_json(request))
    found = await made_schedules.make(core_of(request), actor_of(request), asked.task, _wanted(asked))
    return answer(schemas.ScheduleShape.of(found), 201)


@operation(
    "Change a schedule",
    "schedules",
    description="The whole rule: what is not sent has its default. Only its maker can, and not one of a file.",
    answers="ScheduleShape",
    takes="RuleShape",
)
async def change(request: Request, slug: str, name: str) -> Response:
    asked = schemas.RuleShape.of(await body.read_object(request))
    found = await made_schedules.change(core_of(request), actor_of(request), f"{slug}/{name}", _wanted(asked))
    return answer(schemas.ScheduleShape.of(found))


@operation("Remove a schedule", "schedules", description="Not one of a file: that can be paused.", status=204)
async def remove(request: Request, slug: str, name: str) -> Response:
    await made_schedules.remove(core_of(request), actor_of(request), f"{slug}/{name}")
    return Response(status_code=204)


def _wanted(asked: schemas.RuleShape) -> made_schedules.Wanted:
    rule = Schedule(
        "", asked.cron, asked.every, asked.zone, catch_up=CatchUp(asked.catch_up), window=asked.window, late=asked.late,
        pause_after=asked.pause_after, blackout=asked.blackout,
    )  # fmt: skip
    return made_schedules.Wanted(rule, asked.title, asked.inputs)


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
