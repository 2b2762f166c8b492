"""The next seven days of schedules, for the time line and the agenda. Pure; the time is passed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile
from typing import Final

from pushbutton.domain import moment
from pushbutton.domain.run import Micros, Run
from pushbutton.domain.schedule import Schedule, moments
from pushbutton.runtime.schedules import Planned
from pushbutton.web.words.formatting import local

DAYS: Final = 7
FEW: Final = 12
"""Moments of one schedule on one day that are drawn by themselves; more are one band."""
_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Due:
    """One day of a schedule."""

    planned: Planned
    moments: Sequence[Micros]  # all of them, or the first and the last where they are `many`
    many: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    begin: Micros
    end: Micros
    due: Sequence[Due] = field(default=())  # the first one first
    runs: Sequence[Run] = field(default=())  # that were pressed for a moment of it, the first one first

    @property
    def count(self) -> int:
        """Moments that are drawn by themselves."""
        return sum(len(one.moments) for one in self.due if not one.many) + len(self.runs)

    @property
    def entries(self) -> Sequence[Due | Run]:
        """All of it, the first one first."""
        return sorted([*self.due, *self.runs], key=lambda one: one.moments[0] if isinstance(one, Due) else _start(one))

    def part(self, at: Micros) -> float:
        """Where in the day it lies: 0 to 100. A day on which clocks change has 23 or 25 hours."""
        return round(100 * (at - self.begin) / (self.end - self.begin), 2)


def week(planned: Sequence[Planned], now: Micros, zone: tzinfo | None, runs: Sequence[Run] = ()) -> Sequence[Day]:
    """Today and the six days after it, with what is still to come. `runs`: those that wait for a moment."""
    today = local(now, zone).date()
    days = []
    for number in range(DAYS):
        day = today + timedelta(days=number)
        begin, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        found = [due for one in planned if (due := _due(one, max(begin, now), end))]
        waiting = sorted((run for run in runs if begin <= _start(run) < end), key=_start)
        days.append(Day(day, begin, end, sorted(found, key=lambda due: due.moments[0]), waiting))
    return days


def _start(run: Run) -> Micros:
    return run.not_before or run.pressed_at


def _due(planned: Planned, begin: Micros, end: Micros) -> Due | None:
    if planned.next is None or planned.broken or planned.next >= end:
        return None
    rule = planned.schedule
    after = planned.next - 1 if planned.next >= begin else begin - 1
    few = list(islice(_until(rule, planned.next, after, end), FEW + 1))
    if len(few) <= FEW:
        return Due(planned, few) if few else None
    return Due(planned, (few[0], _last(rule, planned.next, few[0], end)), many=True)


def _until(rule: Schedule, known: Micros, after: Micros, end: Micros) -> Iterator[Micros]:
    """The moments after that one and before the end; an “every” goes by `known`, one of its moments."""
    if rule.every:
        step = int(rule.every * 1_000_000)
        after = known + (after - known) // step * step
    return takewhile(lambda at: at < end, moments(rule, after))


def _last(rule: Schedule, known: Micros, first: Micros, end: Micros) -> Micros:
    """The last moment before the end, without going through all of them."""
    begin = end
    while begin > first:
        begin -= _HOUR
        found = list(islice(_until(rule, known, max(begin, first) - 1, end), 3600))
        if found:
            return found[-1]
    return first


def _midnight(day: date, zone: tzinfo | None) -> Micros:
    there = datetime.combine(day, time(), zone)
    return moment.micros(there if zone else there.astimezone())
