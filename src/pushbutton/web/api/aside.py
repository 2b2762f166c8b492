"""Runs that are set aside in a copy of a data folder, and their release."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import set_aside
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation(
    "Runs that are set aside",
    "runs",
    description="They came with a copy of the data folder, and start when an administrator releases them. Empty for "
    "others. `cancel` drops one. Newest first, `limit` of them, at most 500; the header `Link` says where more follow.",
    answers="list[RunShape]",
)
async def listed(request: Request) -> Response:
    before, limit = paging.asked(request)
    number = paging.number(before)
    found = await set_aside.waiting(core_of(request), actor_of(request), before=number, most=limit + 1)
    shown, more = paging.cut(found, limit, lambda run: run.id)
    return answers((schemas.RunShape.of(run) for run in shown), paging.link(request, "/api/aside", more, limit))


@operation(
    "Release one that is set aside",
    "runs",
    answers="RunShape",
)
async def release(request: Request, number: str) -> Response:
    return answer(schemas.RunShape.of(await set_aside.release(core_of(request), actor_of(request), number_of(number))))
