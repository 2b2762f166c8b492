"""A schedule: the rule by which a task is pressed again and again, and what becomes of each of its due moments. Pure;
the time is passed in. Times are microseconds since the epoch.

Which moments a line of cron means, also where clocks change, is CronSim's to say, which follows Debian's cron.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from pushbutton.job import kinds

from .event import Json
from .run import Micros

SECOND: Final = 1_000_000
DAY: Final = 86_400.0
SHORTEST: Final = 1.0
"""Seconds between two moments of an “every”."""
LATE: Final = 60.0
"""Seconds. A moment that went by longer ago was missed: no server was there, or its clock was put forward."""
MOST: Final = 100
"""Missed moments that are caught up at once, and verdicts that are kept of a schedule."""
HOLIDAYS: Final = kinds.HOLIDAYS
CALENDAR: Final = "BEGIN:VCALENDAR"
"""The beginning of a calendar's text (RFC 5545)."""
FARTHEST: Final = 366 * 5
"""Days. A line of cron whose next moment is farther away has none."""


ALL_OF_THEM: Final = "*"
"""In place of a schedule's name: a pause of all schedules."""
EVERYTHING: Final = "**"
"""In place of a schedule's name: nothing starts. A task's own name stands for a pause of that task."""


COPIED: Final = "The data folder is a copy: resume the schedules once its original presses nothing any more."
"""The reason of that pause where a server starts on a copy."""


FAILED: Final = "Its last runs failed, one after the other."
"""The reason of a pause that a schedule takes by itself."""


class CatchUp(StrEnum):
    """The treatment of moments that were missed."""

    LATEST = "latest"  # one run stands for all of them
    NONE = "none"
    ALL = "all"  # one run each


@dataclass(frozen=True, slots=True)
class Schedule:
    """Either `cron` or `every`. Its name is another one than those of the task's other schedules."""

    name: str
    cron: str = ""  # five fields, in `zone`
    every: float = 0.0  # seconds since the last due moment
    zone: str = ""  # an IANA name: that of `cron`
    inputs: Mapping[str, Json] = field(default_factory=dict)
    catch_up: CatchUp = CatchUp.LATEST
    window: float = DAY  # seconds; what was missed longer ago is too old
    late: float = 0.0  # seconds after a due moment by which a run must have succeeded; 0: nobody is told
    blackout: str = ""  # within its entries nothing is pressed: an iCal file, absolute; its text; or “holidays:DE-BY”
    pause_after: int = 0  # runs that failed in a row; 0: it goes on whatever becomes of them


class Verdict(StrEnum):
    BEGUN = "begun"  # no moment: from here on its moments count
    PRESSED = "pressed"
    CAUGHT_UP = "caught up"  # pressed after it was missed
    MISSED = "missed"  # a later moment stands for it, or none is to
    OLD = "too old"
    PAUSED = "paused"
    BROKEN = "broken"  # its inputs do not fit the task (any more), or the task is broken
    BLACKOUT = "blackout"  # within an entry of its calendar
    BUSY = "busy"  # pressed, but the task was busy and lets a turn pass


@dataclass(frozen=True, slots=True)
class Firing:
    """One due moment, and what became of it."""

    schedule: str  # "task/name"
    due: Micros
    verdict: Verdict
    run: int = 0  # the number of the run that came of it; 0: none
    why: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """A schedule that presses nothing until then, or a task of which nothing starts; 0: until somebody ends it."""

    until: Micros = 0
    reason: str = ""
    actor: str = ""

    def holds(self, at: Micros) -> bool:
        return not self.until or at < self.until


def blackout_name(blackout: str) -> str:
    """Short, for people: “holidays:DE-BY”, the name of the file, “calendar” where the text was given."""
    return "calendar" if blackout.startswith(CALENDAR) else blackout.rpartition("/")[2]


def fault(cron: str) -> str:
    """The mistake in a line of cron; "": none."""
    if len(cron.split()) != 5:  # CronSim reads seconds as well
        return "wrong number of fields"
    try:
        CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return str(error).lower()
    return ""


def is_zone(name: str) -> bool:
    """Whether a time zone is called so."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def local(schedule: Schedule, moment: Micros) -> datetime:
    """In the schedule's zone; in that of this machine where it has none."""
    zone = ZoneInfo(schedule.zone) if schedule.zone else None
    return datetime.fromtimestamp(moment / SECOND, UTC).astimezone(zone)


def moments(schedule: Schedule, after: Micros) -> Iterator[Micros]:
    """The due moments after that one, without end; `after` itself is the last due moment of an “every”."""
    if schedule.every:
        step = int(schedule.every * SECOND)
        at = after
        while True:
            at += step
            yield at
    for moment in CronSim(schedule.cron, local(schedule, after)):
        found = round(moment.timestamp()) * SECOND
        if found > after:
            yield found


def following(schedule: Schedule, after: Micros) -> Micros | None:
    """The next due moment; None: there is none within `FARTHEST` days."""
    found = next(moments(schedule, after), None)
    return found if found is not None and found - after < FARTHEST * DAY * SECOND else None


def come(schedule: Schedule, seen: Micros, now: Micros) -> Sequence[tuple[Micros, Verdict]]:
    """The plan for the moments after `seen`, the last one that was dealt with, up to now, oldest first. Of very
    many only the newest are told. BUSY, PAUSED and BROKEN are not known here.
    """
    oldest = now - int(schedule.window * SECOND)
    due: list[Micros] = []
    old: list[Micros] = []
    for moment in moments(schedule, _skipped(schedule, seen, oldest)):
        if moment > now:
            break
        (old if moment < oldest else due).append(moment)
        del due[: -10 * MOST], old[:-1]  # what is deleted is told of nowhere
    limit = now - int(LATE * SECOND)
    missed = [moment for moment in due if moment < limit]
    caught: Sequence[Micros] = ()
    match schedule.catch_up:
        case CatchUp.LATEST if len(missed) == len(due):  # else one that is in time stands for them
            caught = missed[-1:]
        case CatchUp.ALL:
            caught = missed[-MOST:]
    found = [(moment, Verdict.OLD) for moment in old]
    for moment in due:
        if moment >= limit:
            found.append((moment, Verdict.PRESSED))
        else:
            found.append((moment, Verdict.CAUGHT_UP if moment in caught else Verdict.MISSED))
    pressed = [one for one in found if one[1] in (Verdict.PRESSED, Verdict.CAUGHT_UP)]
    return sorted({*found[-MOST:], *pressed})


def _skipped(schedule: Schedule, seen: Micros, oldest: Micros) -> Micros:
    """From where moments are looked at: not those of years, one by one."""
    if not schedule.every or seen >= oldest:
        return seen if schedule.every else max(seen, oldest - int(DAY * SECOND))
    step = int(schedule.every * SECOND)
    return seen + max(0, (oldest - seen) // step - 1) * step


def next_moments(schedule: Schedule, after: Micros, count: int) -> Sequence[Micros]:
    return list(islice(moments(schedule, after), count))


def skipped_clock(schedule: Schedule, moment: Micros) -> str:
    """The time of day that a moment stands for because the clocks are put forward over it: "02:30"; "": none."""
    if not schedule.cron:
        return ""
    there = local(schedule, moment).replace(tzinfo=None)
    named = takewhile(lambda at: at <= there, CronSim(schedule.cron, there - timedelta(hours=3)))
    before = list(named)
    return f"{before[-1]:%H:%M}" if before and before[-1] != there else ""
