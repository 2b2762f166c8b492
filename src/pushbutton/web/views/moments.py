"""The moments that a form offers for a press, as a reader writes and reads them: in their zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from pushbutton.domain import moment
from pushbutton.domain.run import Micros
from pushbutton.web.words.formatting import local
from pushbutton.web.words.i18n import Texts

WHEN: Final = "press-when"
"""The field that says when: NOW, OTHER, or a day and a time."""
AT: Final = "press-at"
"""The field in which a day and a time is written, for OTHER."""
ZONE: Final = "press-zone"
"""The zone in which the page was drawn: what its reader saw is what counts."""
NOW: Final = "now"
OTHER: Final = "other"
EVERY: Final = "every"
"""Not once, but again and again: the form makes a schedule."""

_EVENING, _MORNING = time(20), time(6)


@dataclass(frozen=True, slots=True)
class Offered:
    """`value` is a day and a time of the reader's zone, such as 2026-12-24T06:00."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Moments:
    """The state of the form. `when` is chosen, `at` stands in the field for another one."""

    offered: Sequence[Offered]
    zone: str  # its name, as it is shown
    sent: str  # as the form sends it; "": the server's
    when: str = NOW
    at: str = ""

    @property
    def picked(self) -> bool:
        return self.when != NOW


def moments(now: Micros, zone: tzinfo | None, t: Texts, *, when: str = "", at: str = "") -> Moments:
    """`when` and `at` as a form sent them. A moment that is offered no more stands in the field for another one."""
    here, key = local(now, zone), getattr(zone, "key", "")
    offered = _offered(here, t)
    values = {one.value for one in offered}
    if when and when not in {NOW, OTHER, EVERY, *values}:
        when, at = OTHER, when
    later = (here + timedelta(hours=2)).strftime("%Y-%m-%dT%H:00")
    return Moments(offered, key or here.tzname() or "UTC", key, when or NOW, at or later)


def chosen(when: str, at: str, now: Micros, zone: tzinfo | None) -> Micros | None:
    """The moment that was sent; None: now. Raises `BadInput`."""
    if when in ("", NOW):
        return None
    return moment.read(at if when == OTHER else when, now, zone)


def _offered(here: datetime, t: Texts) -> Sequence[Offered]:
    tomorrow, monday = _after(here, 1), _after(here, 7 - here.weekday())
    found = []
    if here.time() < time(19, 30):
        found.append(Offered(_value(here, _EVENING), t("Tonight {clock}", clock=f"{_EVENING:%H:%M}")))
    found.append(Offered(_value(tomorrow, _MORNING), t("Tomorrow {clock}", clock=f"{_MORNING:%H:%M}")))
    if monday.date() != tomorrow.date():
        found.append(Offered(_value(monday, _MORNING), t("Monday {clock}", clock=f"{_MORNING:%H:%M}")))
    return found


def _after(here: datetime, days: int) -> datetime:
    return here + timedelta(days=days)  # of the calendar: the clock on the wall stays


def _value(day: datetime, clock: time) -> str:
    return f"{day:%Y-%m-%d}T{clock:%H:%M}"
