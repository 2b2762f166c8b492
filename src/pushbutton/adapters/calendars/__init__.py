"""Calendars within whose entries schedules press nothing: `runtime.ports.calendars.Calendars` by iCal files and by the
public holidays of a country.
"""

from __future__ import annotations

from datetime import datetime

from pushbutton.job.kinds import HOLIDAYS

from .ical import IcalFiles
from .public_holidays import PublicHolidays

__all__ = ["AnyCalendar", "IcalFiles", "PublicHolidays"]


class AnyCalendar:
    def __init__(self) -> None:
        self._files, self._holidays = IcalFiles(), PublicHolidays()

    async def entry(self, calendar: str, at: datetime) -> str | None:
        found = self._holidays if calendar.startswith(HOLIDAYS) else self._files
        return await found.entry(calendar, at)
