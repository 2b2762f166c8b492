"""Workers: the nodes that share the store, and what may be done with one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import workers
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
from .lazily import schemas


@operation(
    "All workers",
    "workers",
    description="By name; servers are among them. Needs the right to administer the server.",
    answers="list[WorkerShape]",
)
async def listed(request: Request) -> Response:
    return answers(schemas.WorkerShape.of(one) for one in await workers.listed(core_of(request), actor_of(request)))


@operation(
    "Have it take nothing new",
    "workers",
    description="What it has goes on. One without pages ends when it is done.",
    answers="WorkerShape",
)
async def drain(request: Request, name: str) -> Response:
    return answer(schemas.WorkerShape.of(await workers.drain(core_of(request), actor_of(request), name)))


@operation("Have it take again what comes", "workers", answers="WorkerShape")
async def resume(request: Request, name: str) -> Response:
    found = await workers.drain(core_of(request), actor_of(request), name, on=False)
    return answer(schemas.WorkerShape.of(found))
