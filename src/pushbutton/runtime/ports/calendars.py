"""The port for calendars within whose entries schedules press nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Calendars(Protocol):
    async def entry(self, calendar: str, at: datetime) -> str | None:
        """The name of the entry that lasts at this moment, of a repeated one too; None: there is none. `at` has its
        zone, in which whole days, and times without a zone, are meant. Raises `BadInput` with the reason where the
        calendar cannot be read. `calendar` is the `blackout` of a schedule.
        """
        ...
