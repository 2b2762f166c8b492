"""Entries of calendars: whole days, hours, what repeats, is left out, and what cannot be read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pushbutton.adapters.calendars import AnyCalendar, IcalFiles
from pushbutton.errors import BadInput

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20270101T000000Z
DTSTART;VALUE=DATE:20271224
DTEND;VALUE=DATE:20271227
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20270101T000000Z
DTSTART;VALUE=DATE:20270101
RRULE:FREQ=YEARLY
SUMMARY:New Year
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTAMP:20270101T000000Z
DTSTART:20270601T100000Z
DTEND:20270601T120000Z
RRULE:FREQ=WEEKLY;COUNT=3
EXDATE:20270608T100000Z
SUMMARY:Stock-taking
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "holidays.ics"
    found.write_text(CALENDAR)
    return found


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2027-12-23T23:59", None), ("2027-12-24T00:00", "Christmas"), ("2027-12-26T23:59", "Christmas"),
        ("2027-12-27T00:00", None), ("2029-01-01T06:00", "New Year"), ("2029-01-02T00:30", None),
        ("2027-06-01T12:00", "Stock-taking"), ("2027-06-01T11:59", None), ("2027-06-01T14:00", None),
        ("2027-06-08T12:30", None), ("2027-06-15T13:59", "Stock-taking"), ("2027-06-22T12:30", None),
    ],
)  # fmt: skip
async def test_an_entry_lasts_in_the_zone_of_the_schedule(file, at, expected):
    assert await IcalFiles().entry(str(file), datetime.fromisoformat(at).replace(tzinfo=BERLIN)) == expected


async def test_a_file_is_read_again_when_it_is_another_one(file):
    files, at = IcalFiles(), datetime(2027, 12, 24, 6, tzinfo=BERLIN)
    assert await files.entry(str(file), at) == "Christmas"
    file.write_text(CALENDAR.replace("Christmas", "Holidays of the year"))
    assert await files.entry(str(file), at) == "Holidays of the year"


async def test_what_cannot_be_read_is_said(file, tmp_path):
    at = datetime(2027, 12, 24, 6, tzinfo=BERLIN)
    with pytest.raises(BadInput, match="No such file"):
        await IcalFiles().entry(str(tmp_path / "none.ics"), at)
    file.write_text("BEGIN:VCALENDAR\nDTSTART")
    with pytest.raises(BadInput, match="no iCal file"):
        await IcalFiles().entry(str(file), at)


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("DE-BY", "2027-01-06", "Heilige Drei Könige"),
        ("DE-BE", "2027-01-06", None),
        ("DE-BY", "2027-05-06", "Christi Himmelfahrt"),  # goes by Easter
        ("DE", "2027-10-03", "Tag der Deutschen Einheit"),
        ("DE", "2027-10-04", None),
    ],
)
async def test_public_holidays_are_those_of_the_country_and_its_part(place, day, expected):
    at = datetime.fromisoformat(f"{day}T23:59").replace(tzinfo=BERLIN)
    assert await AnyCalendar().entry(f"holidays:{place}", at) == expected


@pytest.mark.parametrize("place", ["DE-XX", "QQ"])
async def test_a_country_that_nobody_knows_is_named(place):
    with pytest.raises(BadInput, match=f"The public holidays of “{place}” are not known"):
        await AnyCalendar().entry(f"holidays:{place}", datetime(2027, 1, 6, tzinfo=BERLIN))


async def test_a_calendar_can_be_given_as_its_text():
    at = datetime(2027, 12, 25, 6, tzinfo=BERLIN)
    assert await AnyCalendar().entry(CALENDAR, at) == "Christmas"
