"""Whether the server works."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.run import RunState
from pushbutton.runtime import visibility
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation


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
