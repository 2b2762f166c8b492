"""The moments of schedules, and of runs that wait for one, as a calendar for other programs (RFC 5545). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from pushbutton.domain.run import Micros
from pushbutton.domain.schedule import SECOND
from pushbutton.web.words.i18n import Texts

from .week import Day

TYPE: Final = "text/calendar; charset=utf-8"
_LONGEST: Final = 75
"""Bytes of a line."""


def calendar(days: Sequence[Day], now: Micros, origin: str, t: Texts) -> str:
    """An entry for each moment; what presses many times a day has one that lasts from the first to the last."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Pushbutton//Schedules//EN", "METHOD:PUBLISH"]
    lines += ["X-WR-CALNAME:" + _text(t("Schedules")), "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    lines += [line for day in days for line in _entries(day, now, origin)]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _entries(day: Day, now: Micros, origin: str) -> Iterator[str]:
    for due in day.due:
        rule, known = due.planned.rule, due.planned
        name = rule.made.title if rule.made and rule.made.title else known.schedule.name
        spans = [due.moments[:2]] if due.many else [(at, at) for at in due.moments]
        for begin, end in spans:
            uid = f"{begin}-{known.id.replace('/', '-')}"
            yield from _entry(uid, (begin, end), f"{rule.title} ({name})", f"{origin}/schedules/{known.id}", now)
    for run in day.runs:
        begin = run.not_before or 0
        yield from _entry(f"run-{run.id}", (begin, begin), f"{run.title} ({run.id})", f"{origin}/runs/{run.id}", now)


def _entry(uid: str, span: tuple[Micros, Micros], title: str, url: str, now: Micros) -> Iterator[str]:
    yield from (
        "BEGIN:VEVENT", f"UID:{uid}@pushbutton", f"DTSTAMP:{_time(now)}", f"DTSTART:{_time(span[0])}",
        f"DTEND:{_time(span[1])}", f"SUMMARY:{_text(title)}", f"URL:{url}", "TRANSP:TRANSPARENT", "END:VEVENT",
    )  # fmt: skip


def _time(at: Micros) -> str:
    return f"{datetime.fromtimestamp(at / SECOND, UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    one_line = "".join(char if char.isprintable() else " " for char in value)
    return one_line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterable[str]:
    """In pieces of at most 75 bytes, none of which cuts a character; all but the first begin with a space."""
    piece = ""
    for char in line:
        if len(f"{piece}{char}".encode()) > _LONGEST:
            yield piece
            piece = " "
        piece += char
    yield piece
