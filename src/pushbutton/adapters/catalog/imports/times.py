"""When other tools start something, as a schedule of a task where its five fields say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pushbutton.domain.schedule import fault

from .kind import Timed

__all__ = ["timed"]

_ONE = r"(?:\d{1,2}|[a-z]{3})"
_TIME = re.compile(rf"(?:\*(?:/\d+)?|{_ONE}(?:-{_ONE}(?:/\d+)?)?)", re.IGNORECASE)
_FROM_ON = re.compile(r"\d{1,2}/\d+")
_WEEKDAY = 4
_NICKNAMES: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def timed(
    times: str,
    zone: str = "",
    *,
    written: str = "",
    why: str = "",
    nicknames: bool = False,
    from_on: bool = False,
    either_day: bool = True,
    line: int = 0,
) -> Timed:
    """`written`: for the comment, in place of the times and the zone. `why`: why it is no schedule in any case.
    `nicknames`: “@daily” is midnight there. `from_on`: “5/15” means from 5 on. `either_day`: of a day and a weekday one
    has to fit, as in cron; else both.
    """
    cron = " ".join(times.split())
    cron = _NICKNAMES.get(cron.lower(), cron) if nicknames else cron
    why = why or _unsaid(cron, from_on=from_on, either_day=either_day)
    return Timed(written or "  ".join(filter(None, (times, zone))), cron, zone, why, line=line)


def _unsaid(cron: str, *, from_on: bool, either_day: bool) -> str:
    """Why the fields of a schedule cannot say it; "": they can."""
    fields = cron.split()
    if len(fields) != 5:
        return "it is not said in five fields"
    for at, field in enumerate(fields):
        may_go_on = from_on and at < _WEEKDAY  # 7 is Sunday as well, which others do not have
        for one in field.split(","):
            if not (_TIME.fullmatch(one) or (may_go_on and _FROM_ON.fullmatch(one))):
                return f"“{field}” is nothing that a schedule can say"
    if wrong := fault(cron):
        return f"a schedule has no such time: {wrong}"
    day, weekday = fields[2], fields[_WEEKDAY]
    if "*" not in (day, weekday):
        if not either_day:
            return "the day and the weekday both had to fit"
        if "*" in day + weekday:
            return "it is not the same everywhere whether the day and the weekday both have to fit"
    return ""
