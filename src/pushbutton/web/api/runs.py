"""The JSON API. Every answer is JSON, every error problem+json; streams are in `live`."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.policy import Place, anywhere, decide, require, verbs
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.sse import event_frame
from pushbutton.domain.task import Task
from pushbutton.domain.token import hashed
from pushbutton.errors import BadInput, NoSuchArtifact, NoSuchRun, NotFound, NotRunning, Refused
from pushbutton.runtime import approve, cancel, history, plan, press, sight
from pushbutton.runtime.core import Core, now
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.ports.files import result
from pushbutton.runtime.watch import Bell, is_last
from pushbutton.web.http import body, paging, sending, uploads
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of

from . import answers
from .operations import Operations

operations = Operations("/api")

LONGEST_WAIT = 300.0
LONGEST_TEXT = 200
_PREFER_WAIT = re.compile(r"\bwait\s*=\s*([0-9]{1,6})\b")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": "Problem", "description": "What is wrong, in one sentence"},
}


# -- tasks


@operations.get("/tasks", response_model="list[TaskShape]", tags=["tasks"], summary="All tasks")
async def tasks(request: Request) -> Response:
    actor = actor_of(request)
    return JSONResponse([_task_json(task, actor) for task in sight.tasks(core_of(request).catalog, actor).values()])


@operations.get("/tasks/{slug}", response_model="TaskShape", responses=PROBLEMS, tags=["tasks"], summary="One task")
async def task(request: Request, slug: str) -> Response:
    actor, catalog = actor_of(request), core_of(request).catalog
    slug = await sight.named(catalog, actor, slug)
    found = sight.task(catalog, actor, slug)
    if decide(actor, Verb.PRESS, Place(slug, found.group)):  # for others no program is asked for choices
        found = (await catalog.offered(slug)).task
    return JSONResponse(_task_json(found, actor))


def _task_json(task: Task, actor: Actor) -> dict[str, Any]:
    return answers.task_json(task, verbs(actor, Place(task.slug, task.group)))


@operations.post(
    "/tasks/{slug}/runs",
    status_code=202,
    response_model="PressedShape",
    responses={**PROBLEMS, 204: {"description": "Pressed (with “Prefer: return=minimal”)"}},
    body="PressShape",
    openapi_extra={
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "maxLength": press.LONGEST_KEY},
                "description": "The same key again is the same press: it answers with the run that is there",
            },
            {
                "name": "Prefer",
                "in": "header",
                "schema": {"type": "string"},
                "description": "“return=minimal”: 204 without a body. “wait=N”: up to N seconds for the end, then 200",
            },
        ],
    },
    tags=["runs"],
    summary="Press the button",
)
async def press_task(request: Request, slug: str) -> Response:
    core = core_of(request)
    asked = await body.read_json(request)
    asked = {} if asked is None else asked
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs", {}), dict) or asked.keys() - {"inputs", "why"}:
        raise BadInput("Send an object like {“inputs”: {…}, “why”: “…”}.")
    why = asked.get("why", "")
    if not isinstance(why, str):
        raise BadInput("“why” is a text.")
    key = request.headers.get("idempotency-key", "")
    pressed = await press.press(core, actor_of(request), slug, asked.get("inputs", {}), key=key, why=why)
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
    return JSONResponse({**answers.run_json(run), "made": pressed.made}, status, headers)


async def _wait(core: Core, run: Run, seconds: float) -> Run:
    """The run when it is over; as it is, after `seconds` or when the server ends before (the run goes on then)."""
    bell = Bell()
    with contextlib.suppress(TimeoutError), core.hub.channel(Topics(runs=frozenset({run.id})), _last, bell):
        async with asyncio.timeout(seconds):
            while not run.state.over and not core.hub.closing:
                await bell.wait(seconds)
                run = await core.store.run(run.id)
    return await core.store.run(run.id)


def _last(event: Event) -> bytes | None:
    return event_frame(event) if is_last(event) else None


# -- runs


@operations.get(
    "/runs", response_model="list[RunShape]", responses=PROBLEMS, tags=["runs"], summary="Runs, newest first"
)
async def runs(
    request: Request,
    task: str = "",
    state: str = "",
    actor: str = "",
    text: str = "",
    before: str = "",
    limit: str = "",
) -> Response:
    try:
        states = frozenset(RunState(word) for word in state.split(",") if word)
    except ValueError:
        raise BadInput(f"“{state[:60]}” is no state. There are: {', '.join(RunState)}.") from None
    for value in (before, limit):
        if value and not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            raise BadInput("“before” and “limit” are numbers.")
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"“text” has at most {LONGEST_TEXT} characters.")
    query = RunQuery(
        task=task,
        states=states,
        actor=actor,
        text=text,
        before=int(before or 0),
        limit=max(1, min(int(limit or 50), 500)),
    )
    return JSONResponse(
        [answers.run_json(run) for run in await history.runs(core_of(request), actor_of(request), query)]
    )


@operations.get("/runs/{number}", response_model="RunShape", responses=PROBLEMS, tags=["runs"], summary="One run")
async def run(request: Request, number: str) -> Response:
    return JSONResponse(answers.run_json(await history.run(core_of(request), actor_of(request), number_of(number))))


@operations.post(
    "/runs/{number}/cancel",
    status_code=202,
    response_model="RunShape",
    responses=PROBLEMS,
    tags=["runs"],
    summary="Stop it",
    description="TERM to the whole tree, KILL after the grace, and a check that nothing is left; the end is an event.",
)
async def cancel_run(request: Request, number: str) -> Response:
    return JSONResponse(
        answers.run_json(await cancel.cancel(core_of(request), actor_of(request), number_of(number))), 202
    )


# -- approvals


@operations.get(
    "/approvals",
    response_model="list[RunShape]",
    responses=PROBLEMS,
    tags=["approvals"],
    summary="Runs that wait for your approval",
    description="Newest first, `limit` of them, at most 500; the header `Link` says where more follow.",
)
async def approvals(request: Request) -> Response:
    before, limit = paging.asked(request)
    number = paging.number(before)
    found = await approve.waiting(core_of(request), actor_of(request), before=number, most=limit + 1)
    shown, more = paging.cut(found, limit, lambda run: run.id)
    headers = paging.link(request, "/api/approvals", more, limit)
    return JSONResponse([answers.run_json(run) for run in shown], headers=headers)


@operations.get(
    "/runs/{number}/plan",
    response_model="PlanShape",
    responses=PROBLEMS,
    tags=["approvals"],
    summary="What a run will do, as its dry run said it",
)
async def plan_of_run(request: Request, number: str) -> Response:
    core = core_of(request)
    found = await history.written(core, actor_of(request), number_of(number))
    if found.hold is None or not found.hold.plan:
        raise NotFound(f"Run {found.id} has no plan.")
    shown = await plan.of(core, found.hold.plan)
    return JSONResponse({"run": shown.number, "state": shown.state, "sha256": shown.sha256, "wrong": shown.wrong})


@operations.post(
    "/runs/{number}/approve",
    response_model="RunShape",
    responses=PROBLEMS,
    body="VerdictShape",
    tags=["approvals"],
    summary="Approve it",
    description="With the last approval that is needed, the run waits for its turn.",
)
async def approve_run(request: Request, number: str) -> Response:
    why, seen = await _verdict(request)
    run = await approve.approve(core_of(request), actor_of(request), number_of(number), why=why, seen=seen)
    return JSONResponse(answers.run_json(run))


@operations.post(
    "/runs/{number}/reject",
    response_model="RunShape",
    responses=PROBLEMS,
    body="VerdictShape",
    tags=["approvals"],
    summary="Reject it, which ends it",
)
async def reject_run(request: Request, number: str) -> Response:
    why, _ = await _verdict(request)
    run = await approve.reject(core_of(request), actor_of(request), number_of(number), why=why)
    return JSONResponse(answers.run_json(run))


async def _verdict(request: Request) -> tuple[str, str]:
    """(why, hash of the plan)."""
    asked = await body.read_json(request)
    asked = {} if asked is None else asked
    if not isinstance(asked, dict) or asked.keys() - {"why", "plan"}:
        raise BadInput("Send an object like {“why”: “…”, “plan”: “…”}.")
    why, seen = asked.get("why", ""), asked.get("plan", "")
    if not isinstance(why, str) or not isinstance(seen, str):
        raise BadInput("“why” and “plan” are texts.")
    return why, seen


@operations.post(
    "/runs/{number}/events",
    status_code=204,
    responses=PROBLEMS,
    openapi_extra={
        "requestBody": {
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": "status doing a thing"},
                "application/json": {"schema": {"type": "object"}},
            }
        },
        "security": [{"run token": []}],
    },
    tags=["runs"],
    summary="Report on a run from elsewhere",
    description="With the token that the job finds in PUSHBUTTON_TOKEN, as “Authorization: Bearer …”; lines as a job "
    "writes them to its event channel.",
)
async def report_events(request: Request, number: str) -> Response:
    core, run_number = core_of(request), number_of(number)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    right = ""
    with contextlib.suppress(NoSuchRun):  # told like a wrong token: whether there is such a run is nobody's to learn
        right = await core.store.token(run_number)
    if scheme.lower() != "bearer" or not hmac.compare_digest(hashed(token), right):
        raise Refused("This needs the run's own token, as “Authorization: Bearer …”.")
    run = await core.store.run(run_number)
    if run.state.over:
        raise NotRunning(run_number, run.state)
    lines = (await body.read(request)).decode(errors="replace").split("\n")
    # To the supervisor, like what the job itself reports: it knows the secrets, and what came before.
    if not await core.supervisors.say(run_number, lines):
        raise NotRunning(run_number, (await core.store.run(run_number)).state)
    return Response(status_code=204)


@operations.post(
    "/events",
    status_code=204,
    responses=PROBLEMS,
    tags=["streams and output"],
    summary="A note to everybody who watches",
    description="For administrators. It comes as an event `note`.",
    openapi_extra={
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["text"],
                        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 2000}},
                    }
                }
            }
        }
    },
)
async def say(request: Request) -> Response:
    asked = await body.read_json(request)
    text = asked.get("text") if isinstance(asked, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= 2000:
        raise BadInput("Send an object like {“text”: “…”} with at most 2,000 characters.")
    core, actor = core_of(request), actor_of(request)
    require(actor, Verb.ADMIN)
    await core.store.say(Draft(Kind.NOTE, {"text": text, "actor": actor.name}, now()))
    core.notifier.hint("events")
    return Response(status_code=204)


# -- files


@operations.get(
    "/runs/{number}/artifacts/{name}", responses=PROBLEMS, tags=["runs"], summary="A file that the run made"
)
async def artifact(request: Request, number: str, name: str) -> Response:
    core, run_number = core_of(request), number_of(number)
    await history.written(core, actor_of(request), run_number)
    missing = NoSuchArtifact(run_number, name[:200])
    if not await history.handed_over(core, run_number, name):
        raise missing
    # Looked up, never built from the request: `name` is one of the names that the run itself announced.
    return await sending.file(request, core.files, result(run_number, name), name, missing)


@operations.post(
    "/uploads",
    status_code=201,
    responses=PROBLEMS,
    tags=["tasks"],
    summary="Bring a file for an input",
    description="The raw file as body, its name in `?name=`; the answer's `value` is the input's value.",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(request: Request, name: str = "file") -> Response:
    if not anywhere(actor_of(request), Verb.PRESS):
        raise Refused("Files are for those who may press something.")
    parts = body.parts(request, uploads.LARGEST)
    return JSONResponse({"value": await uploads.save(core_of(request).files, name, parts)}, 201)


# -- the server


@operations.get("/health", tags=["server"], summary="Whether the server works")
async def health(request: Request) -> Response:
    core = core_of(request)
    actor = actor_of(request)
    if not actor.known:
        return JSONResponse({"ok": True})
    reach = sight.reach(core.catalog, actor)
    counts = await core.store.counts(reach)
    found = {"ok": True, "runs": counts, "waiting": counts.get(RunState.WAITING, 0)}
    if reach is None:  # who watches what, and what waits in all, is for who may see it all
        found |= {"watchers": core.hub.watchers, **core.dispatch.stats()}
    return JSONResponse(found)
