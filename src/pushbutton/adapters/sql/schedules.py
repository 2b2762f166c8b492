"""The firings of schedules, and the schedules that are paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pushbutton.domain.audit import Act
from pushbutton.domain.schedule import ALL_OF_THEM, COPIED, MOST, Firing, Pause, Verdict

from .connection import Connection
from .trail import Trail
from .turn import Turn

__all__ = ["fire", "firings", "pause", "pause_all", "pause_of", "pauses"]

_KEEP = """DELETE FROM firings WHERE schedule = ? AND due <
    (SELECT due FROM firings WHERE schedule = ? ORDER BY due DESC LIMIT 1 OFFSET ?)"""


def fire(db: Connection, found: Sequence[Firing]) -> None:
    for one in found:
        db.execute(
            "INSERT INTO firings (schedule, due, verdict, run, why) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (one.schedule, one.due, one.verdict.value, one.run, one.why),
        )
    for schedule in {one.schedule for one in found}:
        db.execute(_KEEP, (schedule, schedule, MOST - 1))


def firings(db: Connection, schedule: str, limit: int) -> Sequence[Firing]:
    sql = "SELECT schedule, due, verdict, run, why FROM firings WHERE schedule = ? ORDER BY due DESC LIMIT ?"
    return [
        Firing(name, due, Verdict(verdict), run, why)
        for name, due, verdict, run, why in db.execute(sql, (schedule, limit))
    ]


def pause(db: Turn, trail: Trail, schedule: str, wanted: Pause | None, act: Act) -> None:
    db.execute("DELETE FROM pauses WHERE schedule = ?", (schedule,))
    if wanted:
        db.execute(
            "INSERT INTO pauses (schedule, until, reason, actor) VALUES (?, ?, ?, ?)",
            (schedule, wanted.until, wanted.reason, wanted.actor),
        )
    trail.record(db, act)


def pause_all(db: Connection, actor: str) -> None:
    """Until somebody resumes them: two servers that come of one folder are not both to press."""
    db.execute(
        "INSERT INTO pauses (schedule, until, reason, actor) VALUES (?, 0, ?, ?) ON CONFLICT DO NOTHING",
        (ALL_OF_THEM, COPIED, actor),
    )


def pause_of(db: Connection, name: str) -> Pause | None:
    row = db.execute("SELECT until, reason, actor FROM pauses WHERE schedule = ?", (name,)).fetchone()
    return Pause(*row) if row else None


def pauses(db: Connection) -> Mapping[str, Pause]:
    rows = db.execute("SELECT schedule, until, reason, actor FROM pauses")
    return {schedule: Pause(until, reason, actor) for schedule, until, reason, actor in rows}
