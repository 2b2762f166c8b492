"""A moment at which a press is to start: which ones count, and how people write them. Pure; the time is passed in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from pushbutton.errors import BadInput
from pushbutton.sentence import say

from .run import Micros

FARTHEST = timedelta(days=366)
PAST = timedelta(hours=1)
"""A moment that is past, but by no more than this, starts the run at once: the client was slow, or repeats a press."""

_WRITTEN = re.compile(
    r"(?P<day>today|tomorrow|\d{4}-\d{2}-\d{2})?[ T]*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?",
    re.ASCII | re.IGNORECASE,
)
_EXAMPLES = "2026-12-24 06:00, tomorrow 6:00, 18:30 or 2026-12-24T06:00:00+01:00"


def refusal(moment: Micros, now: Micros) -> str:
    """Why a press cannot wait for it; "": it can."""
    if now - moment > PAST // timedelta(microseconds=1):
        return say("This moment has gone by.")
    if moment - now > FARTHEST // timedelta(microseconds=1):
        return say("This moment is too far away: at most a year from now.")
    return ""


def absolute(text: str) -> Micros | None:
    """A time with its offset, as RFC 3339 has it; None for anything else."""
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
    except ValueError:
        return None
    return micros(moment) if moment.tzinfo else None


def read(text: str, now: Micros, zone: tzinfo | None = None) -> Micros:
    """The moment that somebody wrote: a time with its offset (RFC 3339), or a time of day with or without a day, in
    `zone` (None: the machine's). A time of day alone is the next one. Raises `BadInput` with the reason.
    """
    text = text.strip()
    if (there := absolute(text)) is not None:
        return there
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise BadInput(say("“{text}” is no moment. Write one as {examples}.", text=text[:60], examples=_EXAMPLES))
    here = _in(zone, datetime.fromtimestamp(now / 1e6, UTC))
    try:
        clock = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
        day = _day(found["day"], here.date())
    except ValueError:
        raise BadInput(say("There is no such day or time of day: “{text}”.", text=text[:60])) from None
    then = _at(day or here.date(), clock, zone)
    if day is None and then < here:
        then = _at(here.date() + timedelta(days=1), clock, zone)
    if then.time() != clock:
        raise BadInput(
            say("“{text}” does not exist: the clocks are put forward over it. Write another time.", text=text[:60])
        )
    return micros(then)


def micros(moment: datetime) -> Micros:
    """Of a moment with its zone."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _day(word: str | None, today: date) -> date | None:
    match (word or "").lower():
        case "":
            return None
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case written:
            return date.fromisoformat(written)


def _at(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """The first such time of that day: an hour that comes twice is not waited for twice. One that does not exist comes
    back as another one.
    """
    return _in(zone, datetime.combine(day, clock, zone).astimezone(UTC))


def _in(zone: tzinfo | None, moment: datetime) -> datetime:
    return moment.astimezone(zone)
