"""The page of all schedules: when tasks are pressed by themselves, what became of it, and its pauses."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Actor
from pushbutton.domain.run import Run
from pushbutton.domain.schedule import Firing, local, next_moments
from pushbutton.runtime import history, schedules
from pushbutton.runtime.core import Core
from pushbutton.runtime.schedules import Planned
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of

from . import base

_NEXT = 5  # moments that are shown of a schedule
_PAST = 10


@dataclass(frozen=True, slots=True)
class Row:
    planned: Planned
    moments: Sequence[datetime]  # the next ones, in its zone
    past: Sequence[Firing]  # newest first
    run: Run | None  # that came of its last moment; None: none did, or it is gone
    administered: bool  # by the reader


async def listed(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    rows = [await _row(core, actor, one) for one in await schedules.listed(core, actor)]
    return await base.show(
        request, "schedules.html", room="schedules", rows=rows, paused=await schedules.all_paused(core)
    )


async def pause(request: Request) -> Response:
    await schedules.pause(core_of(request), actor_of(request), _id(request), reason=_reason(request))
    return _back(request)


async def resume(request: Request) -> Response:
    await schedules.resume(core_of(request), actor_of(request), _id(request))
    return _back(request)


async def pause_all(request: Request) -> Response:
    await schedules.pause_all(core_of(request), actor_of(request), reason=_reason(request))
    return _back(request)


async def resume_all(request: Request) -> Response:
    await schedules.resume_all(core_of(request), actor_of(request))
    return _back(request)


async def _row(core: Core, actor: Actor, planned: Planned) -> Row:
    run = None
    if planned.last and planned.last.run:
        with contextlib.suppress(errors.NoSuchRun):
            run = await history.newest(core, actor, planned.last.run)
    administered = schedules.looked_after(core, actor, planned)
    return Row(planned, _moments(planned), await schedules.past(core, planned, _PAST), run, administered)


def _moments(planned: Planned) -> Sequence[datetime]:
    if planned.next is None:
        return ()
    rule = planned.schedule
    return [local(rule, at) for at in (planned.next, *next_moments(rule, planned.next, _NEXT - 1))]


def _id(request: Request) -> str:
    return f"{request.path_params['slug']}/{request.path_params['name']}"


def _reason(request: Request) -> str:
    return base.text_of(base.sent(request), "reason")


def _back(request: Request) -> Response:
    return RedirectResponse(f"{root_of(request)}/schedules", 303)
