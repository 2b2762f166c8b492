"""How schedules are said. Pure: the language is passed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from pushbutton.domain.schedule import COPIED, FAILED, Pause, Verdict

from .cron import WEEKDAYS
from .formatting import MONTHS
from .i18n import Texts, mark

VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.BEGUN: mark("Begun"),
    Verdict.PRESSED: mark("Pressed"),
    Verdict.CAUGHT_UP: mark("Caught up"),
    Verdict.MISSED: mark("Missed"),
    Verdict.OLD: mark("Missed too long ago"),
    Verdict.PAUSED: mark("Paused"),
    Verdict.BROKEN: mark("Could not be pressed"),
    Verdict.BLACKOUT: mark("Not pressed, by its calendar"),
    Verdict.BUSY: mark("Let pass: the task was busy"),
}


def every(seconds: float, t: Texts) -> str:
    """Nothing of it is rounded away: "15 min", "90 min", "1.5 s"."""
    if seconds % 86400 == 0:
        return t.n("1 day", "{n} days", int(seconds // 86400))
    if seconds % 3600 == 0:
        return t("{h} h", h=int(seconds // 3600))
    if seconds % 60 == 0:
        return t("{m} min", m=int(seconds // 60))
    return t("{s} s", s=t.number(seconds) if seconds % 1 == 0 else t.number(seconds, 3).rstrip("0"))


def with_offset(at: datetime, t: Texts) -> str:
    """Such as "12 November 2026, 06:00:00 UTC+01:00": of two that read the same, the offset tells which."""
    day = t("{day} {month} {year}", day=at.day, month=t(MONTHS[at.month - 1]), year=at.year)
    offset = f"{at:%z}"
    return f"{day}, {at:%H:%M:%S} UTC{offset[:3]}:{offset[3:5]}"


def weekday(day: date, t: Texts) -> str:
    """Such as "Sunday"."""
    return t(WEEKDAYS[day.isoweekday() % 7])


def with_weekday(at: datetime, t: Texts) -> str:
    """Such as "Sunday 28 March 2027, 03:00", with seconds where there are some."""
    day = t("{day} {month} {year}", day=at.day, month=t(MONTHS[at.month - 1]), year=at.year)
    clock = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    return t("{weekday} {day}, {clock}", weekday=t(WEEKDAYS[at.isoweekday() % 7]), day=day, clock=clock)


def reason(pause: Pause, t: Texts) -> str:
    if pause.reason == COPIED:
        return t("The data folder is a copy: resume the schedules once its original presses nothing any more.")
    if pause.reason == FAILED:
        return t("Its last runs failed, one after the other.")
    return pause.reason
