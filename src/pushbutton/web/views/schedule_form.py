"""The form of a schedule: what stands in its fields, and the rule that they make. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from pushbutton.domain.made_schedule import FIELDS
from pushbutton.domain.schedule import HOLIDAYS, CatchUp, Schedule
from pushbutton.web.words.i18n import mark

TITLE, CRON, ZONE, LATE, FAILS = (FIELDS[name] for name in ("title", "cron", "zone", "late", "pause_after"))
EVERY, MISSED, BLACKOUT = FIELDS["every"], FIELDS["catch_up"], FIELDS["blackout"]
FILE, DROP = "schedule-calendar", "schedule-no-calendar"
KIND, DAY, ON, AT, UNIT = (f"schedule-{name}" for name in ("kind", "day", "on", "at", "unit"))
OFTEN: Final = "schedule-often"
"""On the form of a task: one of `OFTENS`."""


class Kind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OFTEN = "often"
    OWN = "own"


KINDS: Final = {
    Kind.DAY: mark("Every day"),
    Kind.WEEK: mark("Every week"),
    Kind.MONTH: mark("Every month"),
    Kind.OFTEN: mark("Every so often"),
    Kind.OWN: mark("Own rule"),
}
ONS: Final = {
    "1 *": mark("the 1st"),
    "15 *": mark("the 15th"),
    "L *": mark("the last day"),
    "* 1#1": mark("the first Monday"),
    "* 5L": mark("the last Friday"),
    "* 0L": mark("the last Sunday"),
}
"""By the day of the month and of the week, as cron has them."""
OFTENS: Final = {
    "1-5": mark("Mondays to Fridays"),
    "*": mark("Every day"),
    "1": mark("Every Monday"),
    "0": mark("Every Sunday"),
}
"""By the day of the week."""
UNITS: Final = {"1": mark("seconds"), "60": mark("minutes"), "3600": mark("hours"), "86400": mark("days")}
CATCH_UPS: Final = {
    CatchUp.LATEST: mark("Press once for all that were missed, within a day"),
    CatchUp.NONE: mark("Leave them out"),
    CatchUp.ALL: mark("Press for each of them, 100 at most"),
}
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_AT_TIME: Final = re.compile(r"(\d{1,2}) (\d{1,2}) (\S+) \* (\S+)")
_MIDNIGHT: Final = "03:00"


@dataclass(frozen=True, slots=True)
class Typed:
    """The texts in the form."""

    title: str = ""
    kind: str = Kind.DAY
    at: str = _MIDNIGHT
    days: Sequence[str] = ("1", "2", "3", "4", "5")
    on: str = "1 *"
    every: str = "15"
    unit: str = "60"
    cron: str = ""
    zone: str = ""
    missed: str = CatchUp.LATEST
    late: str = ""  # minutes
    fails: str = ""
    place: str = ""  # whose public holidays it leaves out: “DE-BY”
    calendar: str = ""  # the text of a calendar
    wrong: Mapping[str, str] = field(default_factory=dict)


def of_rule(rule: Schedule, title: str = "") -> Typed:
    """A rule as it stands in the form."""
    late, fails = f"{rule.late / 60:g}" if rule.late else "", str(rule.pause_after or "")
    typed = Typed(title, zone=rule.zone, missed=rule.catch_up, late=late, fails=fails, kind=Kind.OWN, cron=rule.cron)
    if rule.blackout.startswith(HOLIDAYS):
        typed = replace(typed, place=rule.blackout.removeprefix(HOLIDAYS))
    else:
        typed = replace(typed, calendar=rule.blackout)
    changed: dict[str, object] = {}
    if rule.every:
        unit = next((unit for unit in reversed(UNITS) if not rule.every % int(unit)), "1")
        changed = {"kind": Kind.OFTEN, "every": f"{rule.every / int(unit):g}", "unit": unit}
    elif found := _AT_TIME.fullmatch(rule.cron):
        minute, hour, day, weekday = found.groups()
        changed = {"at": f"{int(hour):02}:{int(minute):02}"}
        if (day, weekday) == ("*", "*"):
            changed["kind"] = Kind.DAY
        elif day == "*" and re.fullmatch(r"[0-6](,[0-6])*", weekday):
            changed |= {"kind": Kind.WEEK, "days": tuple(weekday.split(","))}
        elif f"{day} {weekday}" in ONS:
            changed |= {"kind": Kind.MONTH, "on": f"{day} {weekday}"}
    return replace(typed, **changed)  # type: ignore[arg-type]  # its own fields


def to_rule(typed: Typed) -> Schedule:
    """The rule that the form makes; what cannot be is found by `domain.made_schedule.unfit`."""
    cron, every = "", 0.0
    match typed.kind:
        case Kind.DAY:
            cron = _line(typed.at, "* * *")
        case Kind.WEEK:
            cron = _line(typed.at, f"* * {','.join(typed.days)}") if typed.days else "no day"
        case Kind.MONTH:
            day, _, weekday = typed.on.partition(" ")
            cron = _line(typed.at, f"{day} * {weekday}")
        case Kind.OFTEN:
            every = _number(typed.every) * _number(typed.unit) or -1.0
        case _:
            cron = typed.cron.strip() or "no line"
    return Schedule(
        "", cron, every, "" if every else typed.zone.strip(), late=_number(typed.late) * 60,
        catch_up=CatchUp(typed.missed) if typed.missed in list(CatchUp) else CatchUp.LATEST,
        pause_after=int(_number(typed.fails)),
        blackout=f"{HOLIDAYS}{typed.place.strip()}" if typed.place.strip() else typed.calendar,
    )  # fmt: skip


def often(days: str, at: str, zone: str) -> Schedule:
    """The rule that “Every…” makes on the form of a task; `days` is one of `OFTENS`."""
    return Schedule("", _line(at, f"* * {days}") if days in OFTENS else "no days", zone=zone)


def _line(at: str, days: str) -> str:
    found = _CLOCK.fullmatch(at.strip())
    return f"{int(found[2])} {int(found[1])} {days}" if found else f"{at} {days}"


def _number(text: str) -> float:
    """0 for nothing; -1 for what is no number, which nothing takes."""
    text = text.strip().replace(",", ".")
    if not text:
        return 0.0
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text) else -1.0
