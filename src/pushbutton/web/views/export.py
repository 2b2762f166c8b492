"""Runs, and the tables of one, for a spreadsheet (CSV).

People read it, so what cannot be seen is shown (`domain.visible`). Programs are better served by the JSON API, which
gives what is there.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from pushbutton.domain.event import iso
from pushbutton.domain.result import Cell, Table
from pushbutton.domain.run import Run
from pushbutton.domain.usual import lasted
from pushbutton.domain.visible import visible
from pushbutton.runtime.ports import RunQuery

COLUMNS: Final = (
    "run", "task", "title", "state", "who", "pressed", "started", "ended", "seconds",
    "inputs", "why", "status", "reason",
)  # fmt: skip
_PAGE = 1000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # wide ones are folded


def cell(value: object) -> str:
    """A text that a spreadsheet takes for a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def row(run: Run) -> list[str]:
    seconds = lasted(run)
    times = [iso(at) if at else "" for at in (run.pressed_at, run.started_at, run.ended_at)]
    inputs = json.dumps(dict(run.inputs), ensure_ascii=False) if run.inputs else ""
    texts = [run.task, run.title, run.state.value, run.actor]
    return [
        str(run.id),
        *(cell(visible(text)) for text in texts),
        *times,
        "" if seconds is None else f"{seconds:.3f}",
        *(cell(visible(text, lines=True)) for text in (inputs, run.why, run.status, run.reason)),
    ]


async def table(
    read: Callable[[RunQuery], Awaitable[Sequence[Run]]], query: RunQuery, *, most: int = 100_000
) -> AsyncIterator[str]:
    """Page by page, newest first; a byte order mark first, so that spreadsheets read it as UTF-8."""
    yield "\ufeff" + lines([list(COLUMNS)])
    before, given = query.before, 0
    while given < most and (runs := await read(replace(query, before=before, limit=_PAGE))):
        yield lines([row(run) for run in runs])
        before, given = runs[-1].id, given + len(runs)


def of_table(table: Table) -> str:
    """What was kept of a table that a run handed out, in full."""
    rows = [[cell(visible(one, lines=True)) if isinstance(one, str) else one for one in row] for row in table.rows]
    return "\ufeff" + lines([[cell(visible(name)) for name in table.columns], *rows])


def lines(rows: Sequence[Sequence[Cell]]) -> str:
    """As CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
