"""Tasks, and the press of a button."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.event import Event
from pushbutton.domain.policy import Resource, decide, verbs
from pushbutton.domain.run import Micros, Run, is_last
from pushbutton.domain.schedule import Pause
from pushbutton.domain.task import Task
from pushbutton.runtime import press, visibility
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.watch.frames import event_frame
from pushbutton.runtime.watch.wakeup import Wakeup
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas

LONGEST_WAIT = 300.0
_PREFER_WAIT = re.compile(r"\bwait\s*=\s*([0-9]{1,6})\b")


@operation(
    "All tasks",
    "tasks",
    answers="list[TaskShape]",
)
async def tasks(request: Request) -> Response:
    actor = actor_of(request)
    core = core_of(request)
    known, at = await core.store.pauses(), now()
    return answers(_shaped(task, actor, known, at) for task in visibility.tasks(core.catalog, actor).values())


@operation(
    "One task",
    "tasks",
    answers="TaskShape",
)
async def task(request: Request, slug: str) -> Response:
    actor, catalog = actor_of(request), core_of(request).catalog
    slug = await visibility.named(catalog, actor, slug)
    found = visibility.task(catalog, actor, slug)
    if decide(actor, Verb.PRESS, Resource(slug, found.group)):  # for others no program is asked for choices
        found = (await catalog.offered(slug)).task
    return answer(_shaped(found, actor, await core_of(request).store.pauses(), now()))


def _shaped(task: Task, actor: Actor, known: Mapping[str, Pause], at: Micros) -> schemas.TaskShape:
    pause = known.get(task.slug)
    held = pause if pause and pause.holds(at) else None
    return schemas.TaskShape.of(task, verbs(actor, Resource(task.slug, task.group)), held)


@operation(
    "Press the button",
    "runs",
    status=202,
    answers="PressedShape",
    responses={204: {"description": "Pressed (with “Prefer: return=minimal”)"}},
    takes="PressShape",
    parameters=[
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "maxLength": press.LONGEST_KEY},
            "description": "The same key again is the same press: it answers with the run that is there",
        },
        {
            "name": "traceparent",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The caller's span (W3C Trace Context), where traces are told (`traces_to`)",
        },
        {
            "name": "Prefer",
            "in": "header",
            "schema": {"type": "string"},
            "description": "“return=minimal”: 204 without a body. “wait=N”: up to N seconds for the end, then 200",
        },
    ],
)
async def press_task(request: Request, slug: str) -> Response:
    core = core_of(request)
    wanted = schemas.PressShape.of(await body.read_object(request))
    key = request.headers.get("idempotency-key", "")
    pressed = await press.press(
        core, actor_of(request), slug, wanted.inputs, key=key, why=wanted.why, not_before=wanted.not_before,
        trace=request.headers.get("traceparent", ""),
    )  # fmt: skip
    prefer = ",".join(request.headers.getlist("prefer")).lower()
    headers = {"location": f"{request.scope.get('root_path', '')}/api/runs/{pressed.run.id}"}
    run, status = pressed.run, 202
    applied = []
    if wait := _PREFER_WAIT.search(prefer):
        run = await _wait(core, run, min(float(wait[1]), LONGEST_WAIT))
        applied = [f"wait={wait[1]}"]
        status = 200 if run.state.over else 202
    if minimal := "return=minimal" in prefer:
        applied.append("return=minimal")
    if applied:
        headers["preference-applied"] = ", ".join(applied)
    if minimal:
        return Response(status_code=204, headers=headers)
    return answer(schemas.PressedShape.of(run, made=pressed.made), status, headers)


async def _wait(core: Core, run: Run, seconds: float) -> Run:
    """The run when it is over, or the last try where it is tried again; as it is, after `seconds` or when the server
    ends before (the run goes on then).
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _over(core, run, seconds)
            while (run := await core.store.run(run.id)).next and not core.hub.closing:
                run = await core.store.run(run.next)
                await _over(core, run, seconds)
    return await core.store.run(run.id)


async def _over(core: Core, run: Run, seconds: float) -> None:
    wakeup = Wakeup()
    with core.hub.channel(Topics(runs=frozenset({run.id})), _last, wakeup):
        while not run.state.over and not core.hub.closing:
            await wakeup.wait(seconds)
            run = await core.store.run(run.id)


def _last(event: Event) -> bytes | None:
    return event_frame(event) if is_last(event) else None
