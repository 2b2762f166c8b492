"""`runtime.ports.calendars.Calendars` by recurring-ical-events, which knows what repeats, what is left out and what is
moved. It is in the extra “calendars”. A file is read again when it is another one.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Any, Final

from pushbutton import threads
from pushbutton.domain.schedule import CALENDAR
from pushbutton.errors import BadInput
from pushbutton.sentence import say

LARGEST: Final = 4 << 20
"""Bytes of a calendar."""
_AROUND: Final = timedelta(days=1)


class IcalFiles:
    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[int, int], Any]] = {}  # by file: its time and size, and what it holds

    async def entry(self, file: str, at: datetime) -> str | None:
        return await threads.calls(self._entry, file, at)

    def _entry(self, file: str, at: datetime) -> str | None:
        try:
            import recurring_ical_events  # noqa: PLC0415  the extra
        except ImportError:
            raise BadInput(say("Its calendar cannot be read: install pushbutton[calendars].")) from None
        try:
            found = recurring_ical_events.of(self._calendar(file)).between(at - _AROUND, at + _AROUND)
        except OSError as error:
            raise BadInput(say("Its calendar cannot be read: {why}.", why=error.strerror or "")) from None
        except Exception:  # noqa: BLE001  whatever stands in the file
            raise BadInput(say("Its calendar cannot be read: it is no iCal file.")) from None
        return next((str(event.get("SUMMARY", "")) for event in found if _lasts(event, at)), None)

    def _calendar(self, file: str) -> Any:
        import icalendar  # noqa: PLC0415

        if file.startswith(CALENDAR):
            return icalendar.Calendar.from_ical(file)
        with open(file, "rb") as opened:  # noqa: PTH123
            seen = os.fstat(opened.fileno())
            mark = (seen.st_mtime_ns, seen.st_size)
            if self._read.get(file, ((0, 0), None))[0] != mark:
                self._read[file] = (mark, icalendar.Calendar.from_ical(opened.read(LARGEST)))
        return self._read[file][1]


def _lasts(event: Any, at: datetime) -> bool:
    begin = event["DTSTART"].dt
    if not isinstance(begin, datetime):
        end = event["DTEND"].dt if "DTEND" in event else begin + timedelta(days=1)
        return bool(_day(begin) <= at.date() < _day(end))
    end = event["DTEND"].dt if "DTEND" in event else begin
    there = at if begin.tzinfo else at.replace(tzinfo=None)
    return bool(begin <= there < end)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
