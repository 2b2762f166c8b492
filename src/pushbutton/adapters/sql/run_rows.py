"""Rows of the store's tables as values, for every SQL store."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pushbutton.domain.approval import Hold
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.event import Event, Json, Kind
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.retry import Retry
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime.ports import Backlog
from pushbutton.sentence import recalled

RUN_COLUMNS = (
    "id, task, title, state, epoch, actor, inputs, pressed_at, started_at, ended_at, exit_code, reason, why, "
    'status, step, progress, stop_by, worker, collected, survivors, hold, "group", aside, '
    "digest, cause, parent, attempt, tags, locks, not_before, bundle, retry, series, next, trace"
)
EVENT_COLUMNS = 'id, run, task, at, kind, data, (SELECT "group" FROM runs WHERE id = events.run)'

SETTABLE = frozenset(
    [
        "started_at",
        "ended_at",
        "exit_code",
        "reason",
        "status",
        "step",
        "progress",
        "stop_by",
        "worker",
        "collected",
        "survivors",
        "aside",
        "sealed",
        "not_before",
    ]
)
"""Columns of a run that `Append.row` may set."""


def backlog_from(row: Sequence[Any]) -> Backlog:
    task, state, runs, due, since = row
    return Backlog(task, RunState(state), runs, due, since)


def run_from(row: Sequence[Any]) -> Run:
    fields = dict(zip(_FIELDS, row, strict=True))
    fields["state"] = RunState(fields["state"])
    fields["inputs"] = json.loads(fields["inputs"])
    fields["hold"] = Hold.from_json(json.loads(fields["hold"])) if fields["hold"] else None
    fields["aside"] = bool(fields["aside"])
    fields["cause"] = _cause(fields["cause"], fields.pop("parent"), fields.pop("attempt"))
    fields["tags"], fields["locks"] = names(fields["tags"]), names(fields["locks"])
    fields["retry"] = _retry(fields["retry"])
    fields["survivors"] = tuple(json.loads(fields["survivors"])) if fields["survivors"] != _NOBODY else ()
    return Run(**fields)


_FIELDS = tuple(RUN_COLUMNS.replace('"', "").split(", "))
_NOBODY = "[]"


@functools.lru_cache(maxsize=256)
def _cause(kind: str, parent: int, attempt: int) -> Cause:
    return Cause(CauseKind(kind), parent, attempt)


@functools.lru_cache(maxsize=256)
def _retry(text: str) -> Retry | None:
    return Retry.from_json(json.loads(text)) if text else None


def retry_text(retry: Retry | None) -> str:
    """As the column has it."""
    return dumps(retry.to_json()) if retry else ""


def names(text: str) -> frozenset[str]:
    """Tags or locks, from their column."""
    return frozenset(text[1:-1].split(",,")) if text else _NONE


_NONE: Final = frozenset[str]()


def names_text(names: Collection[str]) -> str:
    """Tags or locks as their column has them: each between two commas of its own, so that one can be taken out."""
    return "".join(f",{name}," for name in sorted(names))


def hold_text(hold: Hold) -> str:
    """As the column has it."""
    return dumps(hold.to_json())


def event_from(row: Sequence[Any]) -> Event:
    return Event(row[0], row[1], row[2], row[3], Kind(row[4]), recalled(json.loads(row[5])), row[6] or "")


def order_from(row: Sequence[Any]) -> Order:
    return Order(OrderKind(row[1]), json.loads(row[2]), row[3], row[0])


def dumps(value: Json | Mapping[str, Json] | Sequence[Json]) -> str:
    """Compact JSON. Lone surrogates, which no database takes as text, are escaped with everything else."""
    return json.dumps(value, separators=(",", ":"))
