"""The next seven days of schedules, over both days on which clocks change; and as a calendar for other programs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pushbutton.domain.schedule import Pause, Schedule, following
from pushbutton.runtime.schedules import Planned, Rule
from pushbutton.web.views.calendar import calendar
from pushbutton.web.views.week import FEW, week
from pushbutton.web.words.i18n import texts

BERLIN = ZoneInfo("Europe/Berlin")


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def planned(rule: Schedule, now: int, pause: Pause | None = None, broken: str = "") -> Planned:
    after = max(now, pause.until if pause else 0)
    return Planned(Rule(f"report/{rule.name}", rule, None), pause, None, following(rule, after), broken=broken)


def clocks(days, zone) -> list[list[str]]:
    return [
        [f"{datetime.fromtimestamp(at / 1e6, UTC).astimezone(zone):%H:%M}" for due in day.due for at in due.moments]
        for day in days
    ]


@pytest.mark.parametrize(
    ("now", "at"),
    [("2027-03-26T12:00+01:00", "03:00"), ("2027-10-29T12:00+02:00", "02:30"), ("2027-06-01T12:00+02:00", "02:30")],
)
def test_each_day_has_its_moment_once_also_where_clocks_change(now, at):
    found = week([planned(Schedule("s", "30 2 * * *", zone="Europe/Berlin"), micros(now))], micros(now), BERLIN)
    assert clocks(found, BERLIN) == [[], ["02:30"], [at], *[["02:30"]] * 4]
    assert [day.count for day in found] == [0, 1, 1, 1, 1, 1, 1]


def test_a_day_on_which_clocks_change_is_longer_or_shorter():
    spring = week([], micros("2027-03-28T00:30+01:00"), BERLIN)[0]
    autumn = week([], micros("2027-10-31T00:30+02:00"), BERLIN)[0]
    hours = 3_600_000_000
    assert ((spring.end - spring.begin) / hours, (autumn.end - autumn.begin) / hours) == (23, 25)
    assert spring.part(micros("2027-03-28T12:00+02:00")) == round(100 * 11 / 23, 2)


@pytest.mark.parametrize(
    ("rule", "spans"),
    [
        (Schedule("s", "*/15 8-18 * * *", zone="UTC"), [["12:15", "18:45"], *[["08:00", "18:45"]] * 6]),
        (Schedule("s", every=600), [["12:10", "23:50"], *[["00:00", "23:50"]] * 6]),
    ],
)
def test_what_comes_many_times_is_one_band_from_its_first_to_its_last(rule, spans):
    now = micros("2027-06-01T12:00:00+00:00")
    found = week([planned(rule, now)], now, ZoneInfo("UTC"))
    assert clocks(found, UTC) == spans
    assert all(due.many for day in found for due in day.due)
    assert sum(day.count for day in found) == 0
    assert FEW < 24


def test_what_is_paused_or_broken_is_not_there_until_it_is_over():
    now = micros("2027-06-01T12:00+00:00")
    rule = Schedule("s", "0 6 * * *", zone="UTC")
    until = Pause(micros("2027-06-04T00:00+00:00"))
    assert clocks(week([planned(rule, now, until)], now, ZoneInfo("UTC")), UTC) == [[], [], [], *[["06:00"]] * 4]
    assert clocks(week([planned(rule, now, broken="no")], now, ZoneInfo("UTC")), UTC) == [[]] * 7


def test_a_calendar_has_an_entry_for_each_moment_and_no_line_is_too_long():
    now = micros("2027-06-01T12:00+00:00")
    name = "with, commas; and ümlauts " * 6
    rule = Schedule(name, "0 6,7 * * *", zone="UTC")
    text = calendar(week([planned(rule, now)], now, ZoneInfo("UTC")), now, "https://here", texts("en"))
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = text.replace("\r\n ", "")
    assert re.findall(r"DTSTART:(\w+)", whole)[:2] == ["20270602T060000Z", "20270602T070000Z"]
    assert len(set(re.findall(r"UID:(\S+)", whole))) == whole.count("BEGIN:VEVENT") == 12
    assert "with\\, commas\\; and ümlauts" in whole
