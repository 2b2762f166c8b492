"""Whether the server works: for people and programs, and for whoever starts and stops servers."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreError
from pushbutton.runtime import visibility
from pushbutton.runtime.core import Core
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

PATIENCE: Final = 2.0  # seconds within which the store has to answer
_FRESH: Final = {"cache-control": "no-store"}


@operation(
    "Whether the server works",
    "server",
    description="Administrators are also told which folders of tasks do not answer (`silent`).",
    answers="HealthShape",
)
async def health(request: Request) -> Response:
    core = core_of(request)
    actor = actor_of(request)
    # Written by hand, for it is what a server is asked first: the models are not loaded for it.
    if not actor.known:
        return JSONResponse({"ok": True})
    reach = visibility.reach(core.catalog, actor)
    counts = await core.store.counts(reach)
    found = {"ok": True, "runs": counts, "waiting": counts.get(RunState.WAITING, 0)}
    if reach is None:  # how many watch is for those who may see it all
        found |= {"watchers": core.hub.watchers}
    if decide(actor, Verb.ADMIN):
        found["silent"] = list(core.catalog.silent())
    return JSONResponse(found)


@operation(
    "Whether the process answers",
    "server",
    description="Needs no sign-in. One that does not answer is to be started again.",
    responses={200: {"description": "`ok`", "content": {"text/plain": {}}}},
)
async def live(_: Request) -> Response:
    return PlainTextResponse("ok\n", headers=_FRESH)


@operation(
    "Whether the server takes requests",
    "server",
    description="Needs no sign-in. One that is not ready is to be sent nobody, and not to be started again for that.",
    responses={
        200: {"description": "`ok`", "content": {"text/plain": {}}},
        503: {
            "description": "`store`: the store does not answer; `stopping`: the server ends",
            "content": {"text/plain": {}},
        },
    },
)
async def ready(request: Request) -> Response:
    reason = await _not_ready(core_of(request))
    return PlainTextResponse(f"{reason or 'ok'}\n", 503 if reason else 200, _FRESH)


async def _not_ready(core: Core) -> str:
    """Why it is not ready, as one word; "": it is."""
    if core.hub.closing:
        return "stopping"
    try:
        async with asyncio.timeout(PATIENCE):
            await core.store.last_event()
    except (StoreError, TimeoutError):
        return "store"
    return ""
