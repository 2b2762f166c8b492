"""Lines of cron in words. Pure.

Our own, and not cron-descriptor's, which was tried: in German its days and months are in the language of the machine
(“Monday bis Friday”), hours that end at 18 are said to end at 18:59, and of a day of the month that begins with “*”
beside a day of the week it says “or”, where cron means both. A line that has no words here has none: then the line
itself is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .i18n import Texts, mark

WEEKDAYS: Final = (
    mark("Sunday"), mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"),
    mark("Saturday"),
)  # fmt: skip
"""As cron counts them."""
_EACH: Final = (
    mark("Sundays"), mark("Mondays"), mark("Tuesdays"), mark("Wednesdays"), mark("Thursdays"), mark("Fridays"),
    mark("Saturdays"),
)  # fmt: skip
_WHICH: Final = {"1": mark("first"), "2": mark("second"), "3": mark("third"), "4": mark("fourth")}
_NAMES: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NUMBERS: Final = re.compile(r"\d+(,\d+)*")


def in_words(cron: str, t: Texts) -> str:
    """Such as "Mondays to Fridays at 06:30"; "" for a line that is not said exactly."""
    minute, hour, day, month, weekday = cron.upper().split()
    days = _days(day, weekday, t)
    if month != "*" or not days:
        return ""
    if times := _clock(minute, hour, t):
        return t("{days} at {times}", days=days, times=times)
    often = _often(minute, hour, t)
    if not often:
        return ""
    return often if (day, weekday) == ("*", "*") else t("{days}, {often}", days=days, often=often)


def _clock(minute: str, hour: str, t: Texts) -> str:
    """Of times of day: "06:30", "06:30 and 18:30"."""
    if not minute.isdigit() or not _NUMBERS.fullmatch(hour):
        return ""
    return _and([f"{int(one):02}:{int(minute):02}" for one in hour.split(",")], t)


def _often(minute: str, hour: str, t: Texts) -> str:
    """Of what comes within hours: "every hour", "every 15 min, 08:00 to 18:45"."""
    step = int(minute[2:]) if re.fullmatch(r"\*/\d+", minute) else 1 if minute == "*" else 0
    if not step and not minute.isdigit():
        return ""
    if step and 60 % step:
        return ""
    last = 60 - step if step else int(minute)
    if hour == "*":
        span = ""
    elif found := re.fullmatch(r"(\d+)-(\d+)", hour):
        first = 0 if step else int(minute)
        span = t(", {first} to {last}", first=f"{int(found[1]):02}:{first:02}", last=f"{int(found[2]):02}:{last:02}")
    else:
        return ""
    if step:
        return (t("every minute") if step == 1 else t("every {n} minutes", n=step)) + span
    said = t("every hour") if int(minute) == 0 else t("every hour at {n} minutes past", n=int(minute))
    return said + span


def _days(day: str, weekday: str, t: Texts) -> str:
    if (day, weekday) == ("*", "*"):
        return t("every day")
    if weekday == "*":
        if day == "L":
            return t("on the last day of each month")
        numbers = day.split(",") if _NUMBERS.fullmatch(day) else []
        return t("on day {days} of each month", days=_and([str(int(one)) for one in numbers], t)) if numbers else ""
    return _weekdays(weekday, t) if day == "*" else ""  # with both, one of them is enough: that is not said


def _weekdays(text: str, t: Texts) -> str:
    for number, name in enumerate(_NAMES):
        text = text.replace(name, str(number))
    if found := re.fullmatch(r"([0-7])#([1-4])", text):
        return t("on the {which} {day} of each month", which=t(_WHICH[found[2]]), day=t(WEEKDAYS[int(found[1]) % 7]))
    if found := re.fullmatch(r"([0-7])L", text):
        return t("on the last {day} of each month", day=t(WEEKDAYS[int(found[1]) % 7]))
    if found := re.fullmatch(r"([0-7])-([0-7])", text):
        first, last = int(found[1]), int(found[2])
        return t("{first} to {last}", first=t(_EACH[first % 7]), last=t(_EACH[last % 7])) if first < last else ""
    if not re.fullmatch(r"[0-7](,[0-7])*", text):
        return ""
    return _and([t(_EACH[int(one) % 7]) for one in text.split(",")], t)


def _and(parts: Sequence[str], t: Texts) -> str:
    *before, last = parts
    return t("{before} and {last}", before=", ".join(before), last=last) if before else last
