"""The files that came to a folder that a task watches."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import on_file
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation("The last files that came to a task, newest first", "tasks", answers="list[FileSeenShape]")
async def listed(request: Request, slug: str) -> Response:
    found = await on_file.seen(core_of(request), actor_of(request), slug)
    return answers(schemas.FileSeenShape.of(one) for one in found)


@operation(
    "Press for a file once more",
    "tasks",
    description="In the caller's name, with what the task says of it now. Done twice it is one press.",
    status=202,
    answers="RunShape",
)
async def again(request: Request, slug: str, number: str) -> Response:
    pressed = await on_file.again(core_of(request), actor_of(request), slug, whole(number) or 0)
    return answer(schemas.RunShape.of(pressed.run), 202)
