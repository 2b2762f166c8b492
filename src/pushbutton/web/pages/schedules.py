"""The page of all schedules: when tasks are pressed by themselves, what became of it, and its pauses."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.domain.policy import in_person
from pushbutton.domain.run import Micros, Run, RunState
from pushbutton.domain.schedule import Firing, local, next_moments
from pushbutton.runtime import calendar, history, later, schedules
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.schedules import Planned
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import origin, reader, root_of
from pushbutton.web.views import calendar as views_calendar
from pushbutton.web.views import week
from pushbutton.web.words import i18n

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

    @property
    def needs_look(self) -> bool:
        """Whether it presses nothing now, for a reason of its own, or has not succeeded in time."""
        return bool(self.planned.broken or self.planned.late or (self.planned.pause and self.planned.own))


async def listed(request: Request) -> Response:
    return await _listed(request)


async def subscribe(request: Request) -> Response:
    text = await calendar.subscribe(core_of(request), actor_of(request))
    return await _listed(request, f"{origin(request)}/calendar/{text}.ics")


async def feed(request: Request) -> Response:
    """The calendar of whoever has the address: no cookie and no header counts here."""
    core, at = core_of(request), now()
    planned, runs = await calendar.planned(core, request.path_params["text"])
    days = week.week(planned, at, None, runs)
    told = views_calendar.calendar(days, at, origin(request), i18n.texts(reader(request).language))
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(told, media_type=views_calendar.TYPE, headers=headers)


async def _listed(request: Request, address: str = "") -> Response:
    core, actor = core_of(request), actor_of(request)
    rows = [await _row(core, actor, one) for one in await schedules.listed(core, actor)]
    runs = await later.listed(core, actor)
    days = week.week([row.planned for row in rows], now(), reader(request).zone, runs)
    return await base.show(
        request, "schedules.html", room="schedules", rows=rows, later=runs, days=days,
        paused=await schedules.all_paused(core),
        past=_ended_today(rows, days[0]), ends={row.planned.id: row.run for row in rows if row.run}, address=address,
        may_subscribe=bool(in_person(actor)) or actor.name == LOCAL.name,
    )  # fmt: skip


def _ended_today(rows: Sequence[Row], today: week.Day) -> Sequence[tuple[Micros, str]]:
    """The last moment of each schedule, where that was today: when, and how its run ended."""
    found = []
    for row in rows:
        due = row.planned.last.due if row.planned.last else 0
        if row.run and row.run.state.over and today.begin <= due:
            found.append((due, "ok" if row.run.state is RunState.SUCCEEDED else "bad"))
    return found


async def pause(request: Request) -> Response:
    await schedules.pause(core_of(request), actor_of(request), base.schedule_of(request), reason=_reason(request))
    return _back(request)


async def resume(request: Request) -> Response:
    await schedules.resume(core_of(request), actor_of(request), base.schedule_of(request))
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


def _reason(request: Request) -> str:
    return base.text_of(base.sent(request), "reason")


def _back(request: Request) -> Response:
    return RedirectResponse(f"{root_of(request)}/schedules", 303)
