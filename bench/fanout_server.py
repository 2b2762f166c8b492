"""Our own server with two routes more: POST /api/nothing, and POST /api/pub?events=E&batch=B&rate=R&by=hub|store.

`by=hub` hands them to the hub, past the store: what delivering alone costs. `by=store` is the product's own way:
written durably in one transaction per batch, then followed by the hub.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop
from starlette.requests import Request
from starlette.responses import Response

from pushbutton.app import Pushbutton
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Append
from pushbutton.web import application, routes, server
from pushbutton.web.api.reference import Call
from pushbutton.web.http.context import core_of
from pushbutton.web.http.operation import Operation

going: set[asyncio.Task[None]] = set()


async def pub(request: Request) -> Response:
    task = asyncio.create_task(publish(core_of(request), **{"by": "hub", **request.query_params}))
    going.add(task)
    task.add_done_callback(going.discard)
    return Response(status_code=204)


async def nothing(request: Request) -> Response:
    await request.body()
    return Response(status_code=204)


# Beside the press, so that they are found as soon: they go through the same layers, and as many routes.
_more = (
    Call("POST", "/api/pub", Operation(pub, {})),
    Call("POST", "/api/nothing", Operation(nothing, {})),
)
_place = next(place for place, route in enumerate(routes.API) if route.path == "/api/tasks/{slug}/runs")
vars(application)["ROUTES"] = (*routes.API[:_place], *_more, *routes.ROUTES[_place:])


async def publish(core: Core, events: str, batch: str, by: str, rate: str = "0") -> None:
    way = _by_hub if by == "hub" else _by_store
    await way(core, int(events), int(batch), float(rate))


async def _paced(count: int, size: int, rate: float, put: Callable[[int], Awaitable[None]]) -> None:
    due = time.monotonic()
    for start in range(0, count, size):
        if rate:
            due += size / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await put(min(size, count - start))


def _draft() -> Draft:
    return Draft(Kind.STATUS, {"text": f"doing a thing, step one t={time.time_ns()}"}, now())


async def _by_hub(core: Core, count: int, size: int, rate: float) -> None:
    async def put(many: int) -> None:
        drafts = [_draft() for _ in range(many)]
        first = core.hub.tip + 1
        core.hub.spread([Event(first + i, 1, "deploy", d.at, d.kind, d.data) for i, d in enumerate(drafts)])
        for _ in range(3):  # everybody gets a turn: nothing is joined with the next
            await asyncio.sleep(0)

    await _paced(count, size, rate, put)


async def _by_store(core: Core, count: int, size: int, rate: float) -> None:
    from pushbutton.domain.run import NewRun  # noqa: PLC0415

    run = (await core.store.press(NewRun("deploy", "Deploy", "bench", {}, now()))).run

    async def put(many: int) -> None:
        await core.store.append(Append(run.id, [_draft() for _ in range(many)]))
        core.notifier.hint("events")

    await _paced(count, size, rate, put)


async def main(port: int, folder: str, data: str) -> None:
    app = Pushbutton(folder, data=data, port=port)
    await app.open()
    await server.serve(app, server.listen("127.0.0.1", port), app.settings, app.end_streams)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
