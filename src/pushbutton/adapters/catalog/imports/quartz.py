"""Times as Quartz writes them, with seconds and a year, as cron writes them."""

from __future__ import annotations

import re

__all__ = ["beyond_cron", "in_cron"]


def in_cron(times: str) -> str:
    """Minute, hour, day, month, weekday; the times as they are, where cron has no words for them."""
    fields = times.split()
    if len(fields) not in (6, 7) or re.search(r"[LW#]", re.sub(r"JUL|WED", "", "".join(fields[3:6]).upper())):
        return times
    _, minute, hour, day, month, weekday = (field.replace("?", "*") for field in fields[:6])
    return " ".join((minute, hour, day, month, _weekday(weekday)))


def beyond_cron(times: str) -> str:
    """Why cron cannot say it, as far as seconds and years go; "": it can."""
    fields = times.split()
    if fields and fields[0].strip("0"):
        return "a schedule has no seconds"
    return "a schedule has no years" if len(fields) > 6 and fields[6] not in "*?" else ""


def _weekday(field: str) -> str:
    """1 is Sunday there, 0 here. The number behind a “/” is a step."""
    return re.sub(r"(?<![/\d])\d+", lambda match: str((int(match[0]) + 6) % 7), field)
