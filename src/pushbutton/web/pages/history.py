"""The history of runs, and the same as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from pushbutton import errors
from pushbutton.domain.policy import directly
from pushbutton.domain.run import Run
from pushbutton.runtime import history, output_search, saved_views
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import RunQuery
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.origin_guard import DOWNLOAD
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.site import site_of
from pushbutton.web.views import export, filters
from pushbutton.web.words import formatting

from .base import sent, show, text_of

PAGE = 50
"""Runs on one page of the history."""


async def runs(request: Request) -> Response:
    chosen = filters.read(request.query_params)
    at, who = now(), reader(request)
    query = replace(chosen.query(at, PAGE + 1, who.zone), newest=True)
    found = await history.runs(core_of(request), who.actor, query)
    view = await site_of(request).views.history(who.actor, found, at, limit=PAGE)
    days: list[tuple[int, list[Run]]] = []
    for item in view.runs:
        day = formatting.local(item.pressed_at, who.zone).date()
        if not days or formatting.local(days[-1][0], who.zone).date() != day:
            days.append((item.pressed_at, []))
        days[-1][1].append(item)
    words = [(name, formatting.LOOKS[min(states)].word) for name, states in filters.STATES.items()]
    return await show(
        request, "history.html", room="history", view=view, filter=chosen, days=days, states=words,
        jump=await _named(request, chosen.number) if chosen.number else None,
        older=f"/history{chosen.url(before=view.older)}" if view.older else "", query=chosen.url(),
        written=await _written(request, chosen), views=(views := saved_views.of(core_of(request), who.actor)),
        kept_view=next((one for one in views if one.query == chosen.url()), None),
        keeps=bool(directly(who.actor)), longest=saved_views.LONGEST_NAME,
        keep_days=site_of(request).settings.keep_days,
    )  # fmt: skip


async def _written(request: Request, chosen: filters.Filter) -> output_search.Found | None:
    """The finds in outputs, where they are asked for."""
    if not (chosen.output and chosen.text):
        return None
    who = reader(request)
    query = replace(chosen.query(now(), output_search.RUNS + 1, who.zone), text="")
    return await output_search.search(core_of(request), who.actor, query, chosen.text)


async def _named(request: Request, number: int) -> Run | None:
    """The run that the search names by its number, if the reader may see it."""
    try:
        return await history.run(core_of(request), actor_of(request), number)
    except errors.NoSuchRun:
        return None


async def keep(request: Request) -> Response:
    """A view under a name, or another name for one that is kept."""
    form = sent(request)
    given = {name: values[-1] for name, values in parse_qs(text_of(form, "query").removeprefix("?")).items()}
    query = filters.read(given).url()
    await saved_views.keep(core_of(request), actor_of(request), text_of(form, "name"), query)
    return RedirectResponse(f"{root_of(request)}/history{query}", 303)


async def remove(request: Request) -> Response:
    await saved_views.remove(core_of(request), actor_of(request), request.path_params["id"])
    return RedirectResponse(f"{root_of(request)}/history", 303)


async def runs_csv(request: Request) -> Response:
    core, who, chosen = core_of(request), reader(request), filters.read(request.query_params)

    async def read(query: RunQuery) -> Any:
        return await history.runs(core, who.actor, query)

    return StreamingResponse(
        export.table(read, chosen.query(now(), PAGE, who.zone)),
        media_type="text/csv; charset=utf-8",
        headers={
            "cache-control": "no-store",
            "content-disposition": 'attachment; filename="runs.csv"',
            "content-security-policy": DOWNLOAD,
        },
    )
