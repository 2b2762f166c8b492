"""The page of a schedule: making one for a task, and what its maker does with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain import made_schedule
from pushbutton.domain.actor import LOCAL
from pushbutton.domain.event import Json
from pushbutton.domain.schedule import CALENDAR, Schedule, blackout_name, local, next_moments, skipped_clock
from pushbutton.domain.task import Task
from pushbutton.runtime import made_schedules, schedules, visibility
from pushbutton.runtime.clock import now
from pushbutton.runtime.made_schedules import Wanted
from pushbutton.runtime.schedules import Planned
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.views import forms, schedule_form
from pushbutton.web.views.schedule_form import Typed
from pushbutton.web.words import i18n
from pushbutton.web.words.schedules import with_weekday

from . import base, task_form

LOOK: Final = "schedule-look"
"""The button that shows the next moments, and keeps nothing."""
_NEXT, _PAST, _OWN = 5, 10, 30


@dataclass(frozen=True, slots=True)
class Moment:
    day: str  # with the time of day
    offset: str
    skipped: str  # the time of day that it stands for, where the clocks are put forward over that


async def form(request: Request) -> Response:
    task = await _offered(request)
    typed = Typed(zone=getattr(reader(request).zone, "key", ""))
    return await _form(request, task, typed, forms.prefilled(task, request.query_params))


async def make(request: Request) -> Response:
    task, sent = await _offered(request), base.sent(request)
    typed = await _typed(sent)
    if base.text_of(sent, LOOK):
        return await _form(request, task, typed, forms.of_form(task, sent))
    try:
        made = await made_schedules.make(
            core_of(request), actor_of(request), task.slug, _wanted(typed, task, sent), form=True
        )
    except errors.InvalidInputs as error:
        return await _form(request, task, replace(typed, wrong=error.fields), forms.of_form(task, sent), 422)
    return _to(request, made.id)


async def one(request: Request) -> Response:
    planned = await schedules.named(core_of(request), actor_of(request), base.schedule_of(request))
    made = planned.rule.made
    typed = schedule_form.of_rule(planned.schedule, made.title if made else "")
    task = planned.rule.task
    values = forms.of_inputs(task, {**_defaults(task), **planned.schedule.inputs}) if task else None
    return await _form(request, task, typed, values, planned=planned)


async def change(request: Request) -> Response:
    core, actor, sent = core_of(request), actor_of(request), base.sent(request)
    planned = await schedules.named(core, actor, base.schedule_of(request))
    task = visibility.task(core.catalog, actor, planned.rule.slug)
    typed = await _typed(sent, planned.schedule.blackout)
    values = forms.of_form(task, sent)
    if base.text_of(sent, LOOK):
        return await _form(request, task, typed, values, planned=planned)
    try:
        wanted = _wanted(typed, task, sent)
        wanted = replace(wanted, rule=replace(wanted.rule, window=planned.schedule.window))  # it has no field
        await made_schedules.change(core, actor, planned.id, wanted, form=True)
    except errors.InvalidInputs as error:
        return await _form(request, task, replace(typed, wrong=error.fields), values, 422, planned=planned)
    return _to(request, planned.id)


async def remove(request: Request) -> Response:
    await made_schedules.remove(core_of(request), actor_of(request), base.schedule_of(request))
    return RedirectResponse(f"{root_of(request)}/schedules", 303)


def limits(request: Request) -> tuple[int, int]:
    """How many fields the form can send; a task that is gone has no inputs."""
    task = visibility.tasks(core_of(request).catalog, actor_of(request)).get(request.path_params["slug"])
    return _OWN + (task_form.inputs_of(task)[0] if task else 0), 1


async def _offered(request: Request) -> Task:
    """The task of the address, with the choices that it offers now. Raises `NoSuchTask`, `Refused`."""
    core, actor, slug = core_of(request), actor_of(request), request.path_params["slug"]
    made_schedules.require_maker(actor)
    visibility.pressable(core.catalog, actor, slug)
    return (await core.catalog.offered(slug)).task


def _defaults(task: Task) -> dict[str, Json]:
    return {param.name: param.default for param in task.params if param.default is not None}


async def _typed(sent: FormData, kept: str = "") -> Typed:
    """`kept`: the calendar that it has, which stays unless another one comes or it is to go."""

    def text(name: str) -> str:
        return base.text_of(sent, name)

    return Typed(
        text(schedule_form.TITLE), text(schedule_form.KIND), text(schedule_form.AT),
        [str(one) for one in sent.getlist(schedule_form.DAY)], text(schedule_form.ON), text(schedule_form.EVERY),
        text(schedule_form.UNIT), text(schedule_form.CRON), text(schedule_form.ZONE), text(schedule_form.MISSED),
        text(schedule_form.LATE), text(schedule_form.FAILS), text(schedule_form.BLACKOUT),
        await _brought(sent) or ("" if text(schedule_form.DROP) or not kept.startswith(CALENDAR) else kept),
    )  # fmt: skip


async def _brought(sent: FormData) -> str:
    """The text of a calendar that came with the form; what is no text is none of a calendar, and is refused as that."""
    file = sent.get(schedule_form.FILE)
    if not isinstance(file, UploadFile) or not file.filename:
        return ""
    found = await file.read(made_schedule.LARGEST_CALENDAR * 4 + 1)
    return found.decode("utf-8-sig", "replace").strip() or "?"


def _wanted(typed: Typed, task: Task, sent: FormData) -> Wanted:
    return Wanted(schedule_form.to_rule(typed), typed.title, forms.raw(task, sent))


async def _form(
    request: Request, task: Task | None, typed: Typed, values: forms.Values | None, status: int = 200,
    *, planned: Planned | None = None,
) -> Response:  # fmt: skip
    core, actor = core_of(request), actor_of(request)
    t = i18n.texts(reader(request).language)
    made = planned.rule.made if planned else None
    mine = made is not None and made.maker == (actor.user or LOCAL.name)
    kept = task_form.kept_inputs(task) if task else []
    fields = [one for one in forms.fields(task, values, typed.wrong) if one.param in kept] if task else []
    named = {one.param.name for one in fields} | set(made_schedule.FIELDS.values())
    edited = planned is None or (mine and task is not None)
    rule = schedule_form.to_rule(typed) if edited else planned.schedule if planned else Schedule("")
    return await base.show(
        request, "schedule.html", status, room="schedules" if planned else "tasks", task=task, typed=typed,
        planned=planned, made=made, mine=mine, edited=edited, fields=fields, form=schedule_form, rule_=rule,
        blackout=blackout_name(planned.schedule.blackout) if planned else "",
        whole=[sentence for name, sentence in typed.wrong.items() if name not in named],
        moments=_moments(rule, planned, t), inputs=forms.facts(task, rule.inputs, t) if task and not edited else (),
        looked_after=planned is not None and schedules.looked_after(core, actor, planned),
        past=await schedules.past(core, planned, _PAST) if planned else (),
    )  # fmt: skip


def _moments(rule: Schedule, planned: Planned | None, t: i18n.Texts) -> list[Moment]:
    if made_schedule.unfit(rule):
        return []
    after = planned.next - 1 if planned and planned.next and planned.schedule == rule else now()
    return [
        Moment(with_weekday(at := local(rule, moment), t), _offset(f"{at:%z}"), skipped_clock(rule, moment))
        for moment in next_moments(rule, after, _NEXT)
    ]


def _offset(text: str) -> str:
    return f"{text[:3]}:{text[3:5]}"


def _to(request: Request, id: str) -> Response:  # noqa: A002
    return RedirectResponse(f"{root_of(request)}/schedules/{id}", 303)
