"""The page of a task: its form, and what a press of its button becomes."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from pushbutton import errors, threads
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.policy import in_person, require_in_person
from pushbutton.domain.policy import schedules as schedules_belong
from pushbutton.domain.preset import Preset
from pushbutton.domain.run import Run
from pushbutton.domain.task import Reason, Task
from pushbutton.domain.upload import of_value
from pushbutton.runtime import history, made_schedules, presets, visibility, wishes
from pushbutton.runtime import press as pressing
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Pressed
from pushbutton.runtime.ports.files import upload
from pushbutton.sentence import say
from pushbutton.web.http import uploads
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.site import site_of
from pushbutton.web.views import command_line, forms, moments, schedule_form
from pushbutton.web.views.views import TaskView
from pushbutton.web.words import i18n

from . import base

_TOLD = 1000  # choices that a program may tell for one input
_OURS = 20  # fields of a form that are no inputs, at most


async def task(request: Request) -> Response:
    who = reader(request)
    view = await site_of(request).views.form(who.actor, request.path_params["slug"], now())
    values, source, preset = forms.prefilled(view.task, request.query_params), 0, None
    if name := request.query_params.get(forms.PRESET, ""):
        preset = presets.named(core_of(request), who.actor, view.task.slug, name)
        values = forms.of_preset(view.task, preset.inputs)
    elif number := whole(request.query_params.get(forms.FROM_RUN, "")):
        earlier = await history.run(core_of(request), who.actor, number)
        if earlier.task == view.task.slug:
            values, source = forms.of_inputs(view.task, earlier.inputs), earlier.id
    return await _form(request, view, values, from_run=source, preset=preset)


async def press(request: Request) -> Response:
    """Reads what a press needs. What the form shows beside it is read when the form is shown again."""
    core, who = core_of(request), reader(request)
    job = visibility.task(core.catalog, who.actor, request.path_params["slug"])
    form = base.sent(request)
    key = base.text_of(form, forms.KEY) or secrets.token_urlsafe(16)
    dry = forms.is_dry(job, form)
    asks = forms.asked_first(job, i18n.texts(who.language))
    if asks and not dry and not base.text_of(form, forms.SURE):
        return await again(request, form, say("Tick that you are sure, then press again."), key=key)
    if not dry and base.text_of(form, moments.WHEN) == moments.EVERY:
        return await _schedule(request, job, form, key)
    try:
        not_before = None if dry else base.moment_of(form)
    except errors.BadInput as error:
        return await again(request, form, str(error), key=key)
    sent_before = await pressing.made_with(core, who.actor, job.slug, key)  # the run that is there may be its own
    faster = await _faster(request, job, form) if not_before is None and not sent_before else None
    if faster:
        return await again(request, form, status=409, key=key, faster=faster)
    try:
        pressed = await with_files(core, job, form, lambda given: pressing.press(
            core, who.actor, job.slug, given, key=key, why=base.text_of(form, forms.WHY).strip(), form=True,
            not_before=not_before,
        ))  # fmt: skip
    except errors.InvalidInputs as error:
        return await again(request, form, error.fields.get("", ""), key=key, wrong=error.fields)
    except errors.KeyReused:
        said = say("This form was already pressed with other inputs. Press once more to start another run.")
        return await again(request, form, said, status=409)
    except errors.TooOften as error:
        response = await again(request, form, str(error), key=key, status=429)
        response.headers["retry-after"] = str(error.seconds)
        return response
    except (errors.StoreError, errors.TaskBroken, errors.Refused) as error:
        return await again(request, form, str(error), key=key, status=503)
    first = pressed.run.series or pressed.run.id  # of its tries, the one that the press made
    own = pressed.made or await pressing.made_with(core, who.actor, job.slug, key) == first
    url = f"{root_of(request)}/runs/{pressed.run.id}" + ("" if own else "?joined=1")
    if base.by_script(request):
        return JSONResponse({"go": url}, 201)
    return RedirectResponse(url, 303)


async def _schedule(request: Request, job: Task, form: FormData, key: str) -> Response:
    """A schedule of what the form says, in place of a press."""
    rule = schedule_form.often(
        base.text_of(form, schedule_form.OFTEN), base.text_of(form, schedule_form.AT), base.text_of(form, moments.ZONE)
    )
    wanted = made_schedules.Wanted(rule, inputs=forms.raw(job, form))
    try:
        made = await made_schedules.make(core_of(request), actor_of(request), job.slug, wanted, form=True)
    except errors.InvalidInputs as error:
        names = {param.name for param in job.params}
        of_rule = next((text for name, text in error.fields.items() if name not in names), "")
        return await again(request, form, of_rule, key=key, wrong=error.fields)
    except (errors.StoreError, errors.TaskBroken, errors.Refused) as error:
        return await again(request, form, str(error), key=key, status=503)
    url = f"{root_of(request)}/schedules/{made.id}"
    return JSONResponse({"go": url}, 201) if base.by_script(request) else RedirectResponse(url, 303)


def _every(request: Request, job: Task, sent: FormData | None) -> dict[str, object] | None:
    """The choices of “Every…”; None for readers to whom no schedule can belong."""
    if not schedules_belong(actor_of(request)):
        return None
    often = base.text_of(sent, schedule_form.OFTEN) if sent else ""
    at = base.text_of(sent, schedule_form.AT) if sent else ""
    return {
        "oftens": schedule_form.OFTENS, "often": often or next(iter(schedule_form.OFTENS)), "at": at or "07:00",
        "all": f"{root_of(request)}/tasks/{job.slug}/schedule",
    }  # fmt: skip


def limits(request: Request) -> tuple[int, int]:
    """How many fields and files the task's form can send: each choice that is ticked is a field."""
    slug = request.path_params["slug"]
    return inputs_of(visibility.pressable(core_of(request).catalog, actor_of(request), slug))  # before a file is read


def given_away(request: Request) -> Task:
    """The task of the address, which its reader may press in person, and so let others press. Raises `NoSuchTask`,
    `Refused`.
    """
    core, actor = core_of(request), actor_of(request)
    require_in_person(actor)
    return visibility.pressable(core.catalog, actor, request.path_params["slug"])


def kept_inputs(task: Task) -> list[Param]:
    """Those whose values may be kept here until others press."""
    return [param for param in task.params if param.type not in presets.NEVER]


def inputs_of(job: Task) -> tuple[int, int]:
    """How many fields and files the inputs of a task are in a form, at most."""
    fields = _OURS + sum(_TOLD if param.choices_from else max(1, len(param.choices)) for param in job.params)
    return fields, sum(param.type is ParamType.FILE for param in job.params)


async def _faster(request: Request, job: Task, form: FormData) -> Run | None:
    """Somebody else's run that takes the place and that this form has not seen. Without the field: nobody."""
    seen = whole(base.text_of(form, forms.SEEN))
    if seen is None or job.limits.busy.value != "queue":
        return None
    ahead = await site_of(request).views.ahead(actor_of(request), job, now())
    return next((run for run in ahead if run.id > seen), None)


async def with_files(
    core: Core, job: Task, form: FormData, pressed: Callable[[Mapping[str, object]], Awaitable[Pressed]]
) -> Pressed:
    """Press with the form's inputs. Files are in store by then, and go from there: a run has its own copies. They stay
    where nobody waits for the answer any more, which the press may still need them for.
    """
    kept: list[str] = []
    over = False
    try:
        found = await pressed(await _stored(core, job, form, kept))
        over = True
    except errors.PushbuttonError:
        over = True
        raise
    finally:
        for value in kept if over else ():
            await threads.bringing(core.files.remove, upload(of_value(value).stored))
    return found


async def _stored(core: Core, job: Task, form: FormData, kept: list[str]) -> dict[str, object]:
    """The form's raw inputs; `kept` gets the names of their files. One that is too big is refused before it is kept."""
    given = forms.raw(job, form)
    for param in job.params:
        upload = given.get(param.name)
        if not isinstance(upload, UploadFile):
            continue
        if param.max_length and (upload.size or 0) > param.max_length:
            most = i18n.texts("en").size(param.max_length)
            raise errors.InvalidInputs({param.name: say("This file is too big: at most {most} are taken.", most=most)})
        kept.append(await uploads.save(core.files, upload.filename or "file", _chunks(upload)))
        given[param.name] = kept[-1]
    return given


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(1 << 20):
        yield chunk


async def again(
    request: Request, form: FormData, whole: str = "", *,
    key: str = "", wrong: Mapping[str, str] | None = None, status: int = 422, faster: Run | None = None,
) -> Response:  # fmt: skip
    """The form with everything that was typed, and what has to change. Nothing was started."""
    view = await site_of(request).views.form(actor_of(request), request.path_params["slug"], now())
    return await _form(request, view, forms.of_form(view.task, form), status, key=key, whole=whole, wrong=wrong,
                       faster=faster, sent=form, why=base.text_of(form, forms.WHY))  # fmt: skip


def _follows(request: Request, job: Task) -> str:
    """Whether the reader follows it: "yes", "no"; "": they cannot be told."""
    core, actor = core_of(request), actor_of(request)
    if not wishes.can_be_told(core, actor):
        return ""
    return "yes" if job.slug in wishes.of(core, actor).follows else "no"


def _ways(view: TaskView, actor: Actor) -> list[tuple[Run, bool]]:
    """The last run of this reader and that of anybody, each with whether it is the reader's own."""
    runs = [run for run in view.past.runs if not view.task.is_dry(run.inputs)] if view.task.params else []
    own = next(((run, True) for run in runs if run.actor == actor.name), None)
    last = next(((run, False) for run in runs[:1] if run.actor != actor.name), None)
    return [one for one in (own, last) if one]


async def _form(
    request: Request, view: TaskView, values: forms.Values | None = None, status: int = 200, *,
    key: str = "", whole: str = "", wrong: Mapping[str, str] | None = None, why: str = "",
    from_run: int = 0, preset: Preset | None = None, faster: Run | None = None, sent: FormData | None = None,
) -> Response:  # fmt: skip
    job: Task = view.task
    core, actor = core_of(request), reader(request).actor
    reason = (wrong or {}).get("why", "") if job.reason is Reason.REQUIRED and not why.strip() else ""
    t = i18n.texts(reader(request).language)
    fields = forms.fields(job, values, {**view.faults, **(wrong or {})})
    more = job.help.strip().partition("\n\n")[2].strip()
    return await base.show(
        request, "task.html", status, room="tasks", parts=[f"patch:task:{job.slug}"], view=view, fields=fields,
        whole=whole, wrong=wrong or whole, why=why, from_run=from_run, faster=faster, more_help=more,
        by_address=not sent and not from_run and not preset and bool(values), preset=preset,
        refused=forms.refused(job, request.query_params), ways=_ways(view, actor),
        presets=presets.of_task(core, actor, job.slug), keeps=bool(in_person(actor)) or Verb.ADMIN in view.may,
        starts=command_line.filled_in(job, fields, python=core.python) if Verb.ADMIN in view.may else "",
        reason=reason, must_say=job.reason is Reason.REQUIRED,
        follows=_follows(request, job),
        hand_over=Verb.PRESS in view.may and not job.broken and bool(in_person(actor)),
        moments=base.moments_of(request, sent), every=_every(request, job, sent),
        key=key or secrets.token_urlsafe(16), seen=max((item.id for item in view.past.runs), default=0),
        uploads=any(field.control == "file" for field in fields),
        asks=(asks := forms.asked_first(job, t)), question=forms.filled(asks, fields, t),
        button=forms.filled(job.button or job.title, fields, t),
    )  # fmt: skip
