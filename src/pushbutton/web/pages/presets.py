"""Presets of a task: what is filled in is shown once more with a field for a name, then kept; and removed again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.policy import in_person
from pushbutton.domain.task import Task
from pushbutton.runtime import presets, visibility
from pushbutton.sentence import say
from pushbutton.web.http.context import core_of
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.views import forms

from . import task_form
from .base import sent, show, text_of

KEPT = "preset-inputs"
NAME = "preset-name"
EVERYBODY = "preset-everybody"


async def keep(request: Request) -> Response:
    """The task's form comes first, without a name; then the name, with what is to be kept."""
    core, who, form = core_of(request), reader(request), sent(request)
    task = visibility.pressable(core.catalog, who.actor, request.path_params["slug"])
    if KEPT not in form:
        return await _asked(request, task, _filled(task, forms.raw(task, form)))
    given = _filled(task, _read(text_of(form, KEPT)))
    everybody = text_of(form, EVERYBODY) == "yes"
    try:
        made = await presets.keep(core, who.actor, task.slug, text_of(form, NAME), given, everybody=everybody)
    except errors.InvalidInputs:
        raise
    except errors.BadInput as error:
        return await _asked(request, task, given, 422, wrong=str(error))
    return RedirectResponse(f"{root_of(request)}/tasks/{task.slug}?{forms.PRESET}={made.id}", 303)


async def remove(request: Request) -> Response:
    slug = request.path_params["slug"]
    await presets.remove(core_of(request), reader(request).actor, slug, request.path_params["id"])
    return RedirectResponse(f"{root_of(request)}/tasks/{slug}", 303)


async def _asked(
    request: Request, task: Task, given: Mapping[str, object], status: int = 200, *, wrong: str = ""
) -> Response:
    """Which name it is to have. What cannot be kept is said at its field, in the task's form."""
    core, actor, form = core_of(request), reader(request).actor, sent(request)
    try:
        inputs = await presets.fit(core, task, given)
    except errors.InvalidInputs as error:
        return await task_form.again(request, form, error.fields.get("", ""), wrong=error.fields)
    return await show(
        request, "preset.html", status, room="tasks", task=task, kept=json.dumps(given), inputs=inputs,
        left=[one.title for one in task.params if one.type in presets.NEVER], wrong=wrong,
        name=text_of(form, NAME), longest=presets.LONGEST_NAME, own=bool(in_person(actor)),
        everybody=presets.for_everybody(core, actor, task.slug),
    )  # fmt: skip


def _filled(task: Task, given: Mapping[str, object]) -> dict[str, object]:
    """Without what is never kept, which no page shows again either."""
    names = {param.name for param in task_form.kept_inputs(task)}
    return {name: value for name, value in given.items() if name in names}


def _read(text: str) -> Mapping[str, object]:
    """Raises `BadInput`."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise errors.BadInput(say("This form is not whole: go back and try again."))
    return found
