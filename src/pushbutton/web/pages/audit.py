"""The audit trail's page, for administrators; for everybody else it does not exist."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from pushbutton.domain.audit import Act, Deed, Record, line
from pushbutton.domain.event import iso
from pushbutton.domain.visible import visible
from pushbutton.runtime import audit
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports.people import AuditQuery
from pushbutton.sentence import recalled
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.views import audit_filter, export
from pushbutton.web.words import audit as acts
from pushbutton.web.words import formatting, i18n
from pushbutton.web.words.people import Names

from .base import administered, show

Endpoint = Callable[[Request], Awaitable[Response]]

PAGE: Final = 50
"""Records on one page."""
COLUMNS: Final = ("id", "at", "actor", "verb", "about", "address", "data", "hash")


@administered
async def trail(request: Request) -> Response:
    core, who, at = core_of(request), reader(request), now()
    t, chosen = i18n.texts(who.language), audit_filter.read(request.query_params)
    names, titles = Names.of(core.directory.all), {slug: task.title for slug, task in core.catalog.tasks().items()}
    found = await audit.records(core, who.actor, chosen.query(at, PAGE + 1, who.zone))
    recent = await audit.records(core, who.actor, AuditQuery(limit=500))
    checks = await audit.records(core, who.actor, AuditQuery(about=audit.ABOUT, verb=Deed.AUDIT_CHECK, limit=1))
    actors = sorted({record.act.actor for record in (*recent, *found)})
    older = found[PAGE - 1].id if len(found) > PAGE else 0
    return await show(
        request, "audit.html", room="audit", filter=chosen, query=chosen.url(),
        days=[(at, acts.folded(rows, t)) for at, rows in
              _days(found[:PAGE], who.zone, lambda record: acts.row(record, t, names, titles))],
        shown=min(len(found), PAGE),
        kinds=[(kind, word) for kind, (_, word) in acts.KINDS.items()],
        actors=[(actor, acts.who(actor, t, names)) for actor in actors if actor],
        chosen_who=acts.who(chosen.who, t, names),
        older=f"/audit{chosen.url(before=older)}" if older else "", checked=_recalled(checks[0]) if checks else None,
    )  # fmt: skip


def _recalled(record: Record) -> Act:
    return replace(record.act, data=recalled(record.act.data))


def _days(
    records: Sequence[Record], zone: tzinfo | None, row: Callable[[Record], acts.Row]
) -> list[tuple[int, list[acts.Row]]]:
    days: list[tuple[int, list[acts.Row]]] = []
    for record in records:
        day = formatting.local(record.act.at, zone).date()
        if not days or formatting.local(days[-1][0], zone).date() != day:
            days.append((record.act.at, []))
        days[-1][1].append(row(record))
    return days


@administered
async def check(request: Request) -> Response:
    await audit.verify(core_of(request), actor_of(request))
    return RedirectResponse(f"{root_of(request)}/audit#checked", 303)


@administered
async def as_table(request: Request) -> Response:
    pages = await _pages(request, "csv")

    async def table() -> AsyncIterator[str]:
        yield "\ufeff" + export.lines([COLUMNS])  # the mark by which spreadsheets know UTF-8
        async for records in pages:
            yield export.lines([_cells(record) for record in records])

    return _attached(table(), "text/csv; charset=utf-8", "audit.csv")


def _cells(record: Record) -> list[str]:
    done = record.act
    texts_ = (done.actor, done.verb, done.about, done.address, json.dumps(done.data), record.hash)
    return [str(record.id), iso(done.at), *(export.cell(visible(text)) for text in texts_)]


@administered
async def as_lines(request: Request) -> Response:
    pages = await _pages(request, "jsonl")

    async def lines() -> AsyncIterator[str]:
        async for records in pages:
            yield "".join(f"{line(record)}\n" for record in records)

    return _attached(lines(), "application/jsonl", "audit.jsonl")


async def _pages(request: Request, form: str) -> AsyncIterator[Sequence[Record]]:
    query = audit_filter.read(request.query_params).query(now(), PAGE, reader(request).zone)
    return await audit.export(core_of(request), actor_of(request), query, form)


def _attached(content: AsyncIterator[str], media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(content, media_type=media_type, headers=headers)
