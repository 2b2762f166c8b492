"""Presets of a task: inputs that are kept under a name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import presets, visibility
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation("The presets of a task: one's own first, then everybody's", "tasks", answers="list[PresetShape]")
async def listed(request: Request, slug: str) -> Response:
    core, actor = core_of(request), actor_of(request)
    task = visibility.pressable(core.catalog, actor, slug)
    return answers(schemas.PresetShape.of(one) for one in presets.of_task(core, actor, task.slug))


@operation(
    "Keep a preset",
    "tasks",
    description="In the place of the one that has this name. Secrets and files are never kept. One for everybody needs "
    "the right to administer the task, and no token.",
    status=201,
    answers="PresetShape",
    takes="NewPresetShape",
    responses={422: {"description": "The inputs cannot be kept: `fields` says why"}},
)
async def keep(request: Request, slug: str) -> Response:
    core, actor = core_of(request), actor_of(request)
    wanted = schemas.NewPresetShape.of(await body.read_object(request))
    everybody = wanted.everybody or not actor.user
    made = await presets.keep(core, actor, slug, wanted.name, wanted.inputs, everybody=everybody, form=False)
    return answer(schemas.PresetShape.of(made), 201)


@operation("Remove a preset", "tasks", status=204)
async def remove(request: Request, slug: str, id: str) -> Response:  # noqa: A002
    await presets.remove(core_of(request), actor_of(request), slug, id)
    return Response(status_code=204)
