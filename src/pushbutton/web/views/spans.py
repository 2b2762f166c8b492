"""The span of time in a filter of the history and of the audit trail: a word in the URL, or two days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from pushbutton.domain.run import Micros
from pushbutton.web.words.formatting import local

DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
"""The words that count back from now."""

WORDS: Final = (*DAYS, "this-month", "last-month", "dates")
_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """`first` and `last` are days (both count), as in "2026-11-12"; they count only where the word is "dates"."""

    word: str = ""
    first: str = ""
    last: str = ""

    @property
    def values(self) -> Mapping[str, str]:
        """As in the URL."""
        dates = {"from": self.first, "to": self.last} if self.word == "dates" else {}
        return {"time": self.word, **dates}

    def bounds(self, now: Micros, zone: tzinfo | None) -> tuple[Micros, Micros]:
        """(since, until): from the first on, before the second; 0: no bound. Days are those of `zone`."""
        if self.word in DAYS:
            return now - DAYS[self.word] * _DAY, 0
        month = local(now, zone).date().replace(day=1)
        match self.word:
            case "this-month":
                return _begin(month, zone), 0
            case "last-month":
                return _begin((month - timedelta(days=1)).replace(day=1), zone), _begin(month, zone)
            case "dates":
                first, last = _day(self.first), _day(self.last)
                after = last + timedelta(days=1) if last and last < date.max else None
                return _begin(first, zone) if first else 0, _begin(after, zone) if after else 0
        return 0, 0


ANY: Final = Span()


def read(query: Mapping[str, str]) -> Span:
    """From a URL. What makes no sense does not filter."""
    word = query.get("time", "")
    first, last = query.get("from", ""), query.get("to", "")
    if word not in WORDS:
        return ANY
    return Span(word, first if _day(first) else "", last if _day(last) else "")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _begin(day: date, zone: tzinfo | None) -> Micros:
    """The first moment of a day; 1 for all before 1970, because 0 is no bound."""
    at = datetime.combine(day, time(), zone)
    try:
        return max(1, round(at.timestamp() * 1_000_000))
    except (OverflowError, ValueError, OSError):  # before there were time zones
        return 1
