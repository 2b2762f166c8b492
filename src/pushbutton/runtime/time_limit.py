"""The time limit that a run was started with, for a supervisor that hangs and wrote it nowhere (those of 0.2.0)."""

from __future__ import annotations

import json

from pushbutton.domain.audit import Deed
from pushbutton.domain.run import Run

from .ports.people import Audit, AuditQuery

_LINE = "limits.timeout: "
_DECLARED = (Deed.TASK_ADDED, Deed.TASK_CHANGED)


async def of(audit: Audit, run: Run) -> float | None:
    """Seconds, as the trail says of the task when the run began. Where the limit was changed since then, the longest:
    which one the supervisor has is not sure to the moment, and no job may be ended too soon. None: there is none, or
    the trail does not reach back so far.
    """
    began, longest, before = run.started_at or run.pressed_at, 0.0, 0
    while page := await audit.records(AuditQuery(about=f"task {run.task}", verb="task", before=before)):
        for record in page:
            if record.act.verb in _DECLARED:
                found = _declared(str(record.act.data.get("text", "")))
                if found is None:
                    return None
                longest = max(longest, found)
                if record.act.at <= began:
                    return longest
        before = page[-1].id
    return None


def _declared(text: str) -> float | None:
    line = next((line for line in text.splitlines() if line.startswith(_LINE)), "")
    try:
        seconds = json.loads(line.removeprefix(_LINE)) if line else None
    except ValueError:
        return None
    return float(seconds) if isinstance(seconds, int | float) and seconds > 0 else None
