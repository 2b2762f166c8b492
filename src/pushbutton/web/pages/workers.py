"""The page of workers: who shares the store, with what, and what finds none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.audit import Deed, Record
from pushbutton.domain.node import Lacking, Node, lacking
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime import visibility, workers
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery
from pushbutton.runtime.ports.people import AuditQuery
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import run_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.site import site_of

from . import base

_MOST = 500  # waiting runs that are looked at
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Unfit:
    run: Run
    lacking: Lacking


@dataclass(frozen=True, slots=True)
class Places:
    """For runs, at all workers that are there."""

    used: int
    all: int


@base.administered
async def listed(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    standings = await workers.listed(core, actor)
    there = [one.node for one in standings if not one.node.left]
    here = [one for one in standings if one.node.here]
    return await base.show(
        request,
        "workers.html",
        room="workers",
        workers=standings,
        places=Places(sum(min(one.runs, one.node.room) for one in here), sum(one.node.room for one in here)),
        drained={one.node.name: await _drained(core, one.node) for one in standings},
        shared=bool(site_of(request).settings.store),
        tags_of=sorted(Counter(tag for node in there for tag in node.tags).items()),
        unfit=await _unfit(core),
        tasks=visibility.tasks(core.catalog, actor),
    )


async def drain(request: Request) -> Response:
    await workers.drain(core_of(request), actor_of(request), request.path_params["name"])
    return _back(request)


async def resume(request: Request) -> Response:
    await workers.drain(core_of(request), actor_of(request), request.path_params["name"], on=False)
    return _back(request)


async def lose(request: Request) -> Response:
    number = run_of(request)
    await workers.lose(core_of(request), actor_of(request), number)
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)


async def _drained(core: Core, node: Node) -> Record | None:
    """The person who asked it to drain, and when."""
    if not node.draining:
        return None
    query = AuditQuery(verb=Deed.WORKER_DRAIN, about=f"worker {node.name}", limit=1)
    return next(iter(await core.store.audit.records(query)), None)


async def _unfit(core: Core) -> Sequence[Unfit]:
    """The oldest runs that wait and that no worker takes."""
    nodes = await workers.nodes(core)
    runs = await core.store.runs(RunQuery(states=frozenset({RunState.WAITING}), limit=_MOST))
    found = [(run, lacking(nodes, run.tags, run.pressed_at)) for run in reversed(runs) if run.tags]
    return [Unfit(run, why) for run, why in found if why][:_SHOWN]


def _back(request: Request) -> Response:
    return RedirectResponse(f"{root_of(request)}/workers", 303)
