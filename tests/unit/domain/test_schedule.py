"""Which moments a schedule has, over both days on which clocks change, and what becomes of those that have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from pushbutton.domain.schedule import (
    MOST,
    CatchUp,
    Schedule,
    Verdict,
    come,
    fault,
    following,
    local,
    moments,
    skipped_clock,
)

SECOND = 1_000_000
HOUR, DAY = 3600 * SECOND, 24 * 3600 * SECOND
PRESSED, CAUGHT_UP, MISSED, OLD = Verdict.PRESSED, Verdict.CAUGHT_UP, Verdict.MISSED, Verdict.OLD


def micros(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


SPRING, AUTUMN = "2027-03-28", "2027-10-31"  # in Berlin: 02:00 to 03:00 does not exist, or comes twice


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00", ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"]),
        ("0 6 * * *", "Europe/Berlin", "2027-03-27T12:00", ["2027-03-28T06:00+02:00", "2027-03-29T06:00+02:00"]),
        ("0 6 * * *", "Europe/Berlin", "2027-10-30T12:00", ["2027-10-31T06:00+01:00", "2027-11-01T06:00+01:00"]),
        (
            *("0 * * * *", "Europe/Berlin", "2027-03-28T00:30"),
            ["2027-03-28T01:00+01:00", "2027-03-28T03:00+02:00", "2027-03-28T04:00+02:00"],
        ),
        (
            *("0 * * * *", "Europe/Berlin", "2027-10-31T01:30"),
            ["2027-10-31T02:00+02:00", "2027-10-31T02:00+01:00", "2027-10-31T03:00+01:00"],
        ),
        (
            *("*/30 * * * *", "Europe/Berlin", "2027-10-31T01:45"),
            ["2027-10-31T02:00+02:00", "2027-10-31T02:30+02:00", "2027-10-31T02:00+01:00", "2027-10-31T02:30+01:00"],
        ),
        ("30 2 * * *", "UTC", "2027-03-27T12:00", ["2027-03-28T02:30+00:00", "2027-03-29T02:30+00:00"]),
        ("30 2 * * *", "Asia/Kolkata", "2027-03-27T12:00", ["2027-03-28T02:30+05:30"]),
        ("30 2 * * *", "America/New_York", "2027-03-13T12:00", ["2027-03-14T03:00-04:00", "2027-03-15T02:30-04:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2027-04-03T12:00", ["2027-04-04T02:15+10:30"]),
        ("0 9 * * MON-FRI", "Europe/Berlin", "2026-11-27T12:00", ["2026-11-30T09:00+01:00"]),
        ("0 0 L * *", "UTC", "2027-02-01T00:00", ["2027-02-28T00:00+00:00"]),
        ("0 0 29 2 *", "UTC", "2027-01-01T00:00", ["2028-02-29T00:00+00:00"]),
    ],
)
def test_a_line_of_cron_has_these_moments(cron, zone, after, expected):
    schedule = Schedule("s", cron, zone=zone)
    found = islice(moments(schedule, micros(after, zone)), len(expected))
    assert [local(schedule, moment).isoformat(timespec="minutes") for moment in found] == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "10 */4 * * *", "0 0 * * 0", "5 4 1 * *"])
def test_moments_rise_and_none_comes_twice_over_a_year(cron, zone):
    schedule = Schedule("s", cron, zone=zone)
    last = at = micros("2027-01-01T00:00")
    while (at := next(moments(schedule, at))) < micros("2028-01-01T00:00"):
        assert at > last or last == micros("2027-01-01T00:00")
        last = at


@pytest.mark.parametrize(
    "text", ["", "61 * * * *", "* * * *", "* * * * * * *", "0 * * * * *", "every day", "* * 32 * *", "* * * * X"]
)
def test_what_is_no_line_of_cron_has_a_reason(text):
    assert fault(text)
    assert not fault("30 6 * * 1-5")


def test_an_every_goes_by_the_last_due_moment():
    schedule = Schedule("s", every=90)
    assert list(islice(moments(schedule, 1000), 2)) == [1000 + 90 * SECOND, 1000 + 180 * SECOND]


def test_a_line_whose_next_moment_is_too_far_away_has_none():
    assert following(Schedule("s", "0 0 29 2 *", zone="UTC"), micros("2096-03-01T00:00")) is None, (
        "2100 is no leap year"
    )
    assert following(Schedule("s", "0 0 29 2 *", zone="UTC"), micros("2027-01-01T00:00")) == micros("2028-02-29T00:00")


HOURLY = Schedule("s", "0 * * * *", zone="UTC")
NOON = micros("2027-06-01T12:00")


def verdicts(catch_up: CatchUp, seen: int, now: int, window: float = 86_400.0) -> list[tuple[int, Verdict]]:
    """With hours counted from noon."""
    schedule = Schedule("s", "0 * * * *", zone="UTC", catch_up=catch_up, window=window)
    return [((due - NOON) // HOUR, verdict) for due, verdict in come(schedule, seen, now)]


def test_what_is_in_time_is_pressed():
    for late in (0, 1, 59 * SECOND):
        assert verdicts(CatchUp.NONE, NOON - 1, NOON + late) == [(0, PRESSED)]
    assert verdicts(CatchUp.LATEST, NOON, NOON + 59 * SECOND) == [], "it was dealt with"
    assert verdicts(CatchUp.LATEST, NOON - 1, NOON - 1) == []


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.LATEST, [(1, MISSED), (2, MISSED), (3, CAUGHT_UP)]),
        (CatchUp.NONE, [(1, MISSED), (2, MISSED), (3, MISSED)]),
        (CatchUp.ALL, [(1, CAUGHT_UP), (2, CAUGHT_UP), (3, CAUGHT_UP)]),
    ],
)
def test_what_was_missed_is_caught_up_as_the_schedule_says(catch_up, expected):
    assert verdicts(catch_up, NOON, NOON + 3 * HOUR + 30 * 60 * SECOND) == expected


def test_a_moment_in_time_stands_for_those_that_were_missed_before_it():
    assert verdicts(CatchUp.LATEST, NOON, NOON + 2 * HOUR) == [(1, MISSED), (2, PRESSED)]
    assert verdicts(CatchUp.ALL, NOON, NOON + 2 * HOUR) == [(1, CAUGHT_UP), (2, PRESSED)]


def test_what_was_missed_before_the_window_is_too_old():
    found = verdicts(CatchUp.ALL, NOON, NOON + 5 * HOUR + 30 * 60 * SECOND, window=2.6 * 3600)
    assert found == [(2, OLD), (3, CAUGHT_UP), (4, CAUGHT_UP), (5, CAUGHT_UP)]


def test_after_years_away_the_newest_hundred_are_caught_up_and_it_takes_no_time():
    schedule = Schedule("s", every=1, catch_up=CatchUp.ALL, window=365.0 * 24 * 3600)
    found = come(schedule, NOON - 10_000 * SECOND, NOON)
    assert [verdict for _, verdict in found] == [CAUGHT_UP] * MOST + [PRESSED] * 61
    years = come(Schedule("s", "* * * * *", zone="UTC", catch_up=CatchUp.ALL), NOON - 3000 * DAY, NOON)
    assert years[-1] == (NOON, PRESSED)
    assert sum(verdict is CAUGHT_UP for _, verdict in years) == MOST


def test_a_clock_that_was_put_back_lets_nothing_come_again():
    assert come(HOURLY, NOON, NOON - 2 * HOUR) == []
    assert come(HOURLY, NOON, NOON + HOUR - 1) == []
    assert [due for due, _ in come(HOURLY, NOON, NOON + HOUR)] == [NOON + HOUR]


@pytest.mark.parametrize(
    ("cron", "moment", "skipped"),
    [
        ("30 2 * * *", "2027-03-28T03:00+02:00", "02:30"),
        ("30 2 * * *", "2027-03-27T02:30+01:00", ""),
        ("30 2 * * *", "2027-10-31T02:30+02:00", ""),
        ("*/30 * * * *", "2027-03-28T03:00+02:00", ""),
        ("0 6 * * *", "2027-03-28T06:00+02:00", ""),
    ],
)
def test_a_moment_says_which_time_of_day_it_stands_for(cron, moment, skipped):
    assert skipped_clock(Schedule("s", cron, zone="Europe/Berlin"), micros(moment)) == skipped
    assert skipped_clock(Schedule("s", every=60), micros(moment)) == ""
