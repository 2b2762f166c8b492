"""Runs: lists of them, one of them, its stop, and what is reported on it from elsewhere."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.result import Table
from pushbutton.domain.run import RunState
from pushbutton.errors import BadInput, NoSuchArtifact, NoSuchTable
from pushbutton.runtime import cancel, comments, history, later, report, results, workers
from pushbutton.runtime.ports import RunQuery
from pushbutton.runtime.ports.files import result
from pushbutton.web.http import body, sending
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of, whole
from pushbutton.web.http.operation import operation
from pushbutton.web.http.origin_guard import DOWNLOAD
from pushbutton.web.views import export

from .answers import answer, answers
from .lazily import schemas

LONGEST_TEXT = 200


@operation(
    "Runs, newest first",
    "runs",
    answers="list[RunShape]",
)
async def runs(
    request: Request,
    task: str = "",
    state: str = "",
    actor: str = "",
    text: str = "",
    series: str = "",
    before: str = "",
    limit: str = "",
) -> Response:
    try:
        states = frozenset(RunState(word) for word in state.split(",") if word)
    except ValueError:
        raise BadInput(f"“{state[:60]}” is no state. There are: {', '.join(RunState)}.") from None
    for value in (series, before, limit):
        if value and not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            raise BadInput("“series”, “before” and “limit” are numbers.")
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"“text” has at most {LONGEST_TEXT} characters.")
    query = RunQuery(
        task=task,
        states=states,
        actor=actor,
        text=text,
        series=int(series or 0),
        before=int(before or 0),
        limit=max(1, min(int(limit or 50), 500)),
    )
    return answers(schemas.RunShape.of(run) for run in await history.runs(core_of(request), actor_of(request), query))


@operation(
    "One run",
    "runs",
    description="With its results: figures, tables, charts, texts and files that its job handed out.",
    answers="OneRunShape",
)
async def run(request: Request, number: str) -> Response:
    core, actor = core_of(request), actor_of(request)
    found = await history.run(core, actor, number_of(number))
    handed = await results.of(core, found)
    before = await results.before(core, actor, found) if handed.figures else None
    return answer(schemas.OneRunShape.with_results(found, handed, before))


@operation(
    "Stop it",
    "runs",
    description="TERM to the whole tree, KILL after the grace, and a check that nothing is left; the end is an event.",
    status=202,
    answers="RunShape",
)
async def cancel_run(request: Request, number: str) -> Response:
    return answer(schemas.RunShape.of(await cancel.cancel(core_of(request), actor_of(request), number_of(number))), 202)


@operation(
    "Declare it lost",
    "runs",
    description="Where its worker gives no sign of life: nobody can know how it ended, and nothing that the worker "
    "says of it later counts. Needs the right to administer the server. 409: its worker answers, or it is not running.",
    answers="RunShape",
)
async def lose_run(request: Request, number: str) -> Response:
    return answer(schemas.RunShape.of(await workers.lose(core_of(request), actor_of(request), number_of(number))))


@operation(
    "Start a run that waits for its moment at another one, or now",
    "runs",
    description="Needs the rights to press the task and to stop the run. 409: it waits for no moment, or was "
    "approved for the one that it has.",
    answers="RunShape",
    takes="MoveShape",
)
async def move_run(request: Request, number: str) -> Response:
    wanted = schemas.MoveShape.of(await body.read_json(request))
    return answer(
        schemas.RunShape.of(await later.move(core_of(request), actor_of(request), number_of(number), wanted.not_before))
    )


@operation(
    "Comment on it",
    "runs",
    description="Everybody who may see the run reads it, in its events (kind `comment`). Needs the right to press, "
    "stop or approve it. 409: with `on_it`, it has not failed.",
    status=201,
    answers="EventShape",
    takes="NewCommentShape",
)
async def comment(request: Request, number: str) -> Response:
    said = schemas.NewCommentShape.of(await body.read_json(request))
    made = await comments.comment(core_of(request), actor_of(request), number_of(number), said.text, on_it=said.on_it)
    return answer(schemas.EventShape.model_validate(made.to_json()), 201)


@operation(
    "Report on a run from elsewhere",
    "runs",
    description="With the token that the job finds in PUSHBUTTON_TOKEN, as “Authorization: Bearer …”; lines as a job "
    "writes them to its event channel.",
    status=204,
    body={
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": "status doing a thing"},
            "application/json": {"schema": {"type": "object"}},
        }
    },
    security=[{"run token": []}],
)
async def report_events(request: Request, number: str) -> Response:
    core, run_number = core_of(request), number_of(number)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    await report.authorize(core, run_number, token if scheme.lower() == "bearer" else "")
    await report.report(core, run_number, (await body.read(request)).decode(errors="replace"))
    return Response(status_code=204)


@operation(
    "A table that the run handed out, as CSV",
    "runs",
    description="`place` is that of the table among the results, counted from 1.",
    responses={200: {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def table(request: Request, number: str, place: str) -> Response:
    found = await history.run(core_of(request), actor_of(request), number_of(number))
    handed, at = (await results.of(core_of(request), found)).all, whole(place) or 0
    chosen = handed[at - 1] if 0 < at <= len(handed) else None
    if not isinstance(chosen, Table):
        raise NoSuchTable(found.id, at)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{found.task}-{found.id}-{at}.csv"',
        "content-security-policy": DOWNLOAD,
    }
    return Response(export.of_table(chosen), media_type="text/csv; charset=utf-8", headers=headers)


@operation(
    "A file that the run made",
    "runs",
)
async def artifact(request: Request, number: str, name: str) -> Response:
    core, run_number = core_of(request), number_of(number)
    await history.written(core, actor_of(request), run_number)
    missing = NoSuchArtifact(run_number, name[:200])
    if not await history.handed_over(core, run_number, name):
        raise missing
    # Looked up, never built from the request: `name` is one of the names that the run itself announced.
    return await sending.file(request, core.files, result(run_number, name), name, missing)
