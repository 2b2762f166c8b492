"""Public holidays by the library “holidays”, which knows those of some 250 countries and their parts. It is in the
extra “calendars”. A country is loaded when it is first asked for.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from pushbutton import threads
from pushbutton.errors import BadInput
from pushbutton.job.kinds import HOLIDAYS
from pushbutton.sentence import say


class PublicHolidays:
    async def entry(self, place: str, at: datetime) -> str | None:
        """`place`: “holidays:DE-BY”. Raises `BadInput` where the library does not know it."""
        return await threads.calls(_entry, place.removeprefix(HOLIDAYS), at.date())


def _entry(place: str, day: date) -> str | None:
    name = _days(place).get(day)
    return str(name) if name is not None else None


@lru_cache(maxsize=64)
def _days(place: str) -> Any:
    country, _, part = place.partition("-")
    try:
        import holidays  # noqa: PLC0415  the extra
    except ImportError:
        raise BadInput(say("Its calendar cannot be read: install pushbutton[calendars].")) from None
    try:
        found = holidays.country_holidays(country, subdiv=part or None)
        # In the country's own words, and not in those of whatever the environment of this process names.
        return holidays.country_holidays(country, subdiv=part or None, language=found.default_language)
    except NotImplementedError:
        raise BadInput(
            say(
                "The public holidays of “{place}” are not known: write a country and its part, as DE-BY.",
                place=place,
            )
        ) from None
