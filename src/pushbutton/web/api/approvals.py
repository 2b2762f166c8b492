"""Runs that wait for an approval, their plans, and the yes or no to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.errors import NotFound
from pushbutton.runtime import approve, dry_run, history
from pushbutton.web.http import body, paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation(
    "Runs that wait for your approval",
    "approvals",
    description="Newest first, `limit` of them, at most 500; the header `Link` says where more follow.",
    answers="list[RunShape]",
)
async def approvals(request: Request) -> Response:
    before, limit = paging.asked(request)
    number = paging.number(before)
    found = await approve.waiting(core_of(request), actor_of(request), before=number, most=limit + 1)
    shown, more = paging.cut(found, limit, lambda run: run.id)
    headers = paging.link(request, "/api/approvals", more, limit)
    return answers((schemas.RunShape.of(run) for run in shown), headers)


@operation(
    "What a run will do, as its dry run said it",
    "approvals",
    answers="PlanShape",
)
async def plan_of_run(request: Request, number: str) -> Response:
    core = core_of(request)
    found = await history.written(core, actor_of(request), number_of(number))
    if found.hold is None or not found.hold.plan:
        raise NotFound(f"Run {found.id} has no plan.")
    shown = await dry_run.of(core, found.hold.plan)
    return answer(schemas.PlanShape.of(shown))


@operation(
    "Approve it",
    "approvals",
    description="With the last approval that is needed, the run waits for its turn.",
    answers="RunShape",
    takes="VerdictShape",
)
async def approve_run(request: Request, number: str) -> Response:
    given = await _verdict(request)
    run = await approve.approve(core_of(request), actor_of(request), number_of(number), why=given.why, seen=given.plan)
    return answer(schemas.RunShape.of(run))


@operation(
    "Reject it, which ends it",
    "approvals",
    answers="RunShape",
    takes="VerdictShape",
)
async def reject_run(request: Request, number: str) -> Response:
    given = await _verdict(request)
    run = await approve.reject(core_of(request), actor_of(request), number_of(number), why=given.why)
    return answer(schemas.RunShape.of(run))


async def _verdict(request: Request) -> schemas.VerdictShape:
    return schemas.VerdictShape.of(await body.read_object(request))
