"""How moments are written, and which of them a press can wait for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pushbutton.domain import moment
from pushbutton.errors import BadInput

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=BERLIN)


def at(text: str, zone: ZoneInfo | None = BERLIN, now: datetime = NOON) -> str:
    """In UTC."""
    found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment.read(text, moment.micros(now), zone))
    return found.strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tomorrow 6:00", "2026-12-01 05:00:00"),
        ("Tomorrow  06:00", "2026-12-01 05:00:00"),
        ("today 18:30", "2026-11-30 17:30:00"),
        ("today 6:00", "2026-11-30 05:00:00"),
        ("18:30", "2026-11-30 17:30:00"),
        ("6:00", "2026-12-01 05:00:00"),
        ("12:00", "2026-11-30 11:00:00"),
        ("2027-07-01 06:00", "2027-07-01 04:00:00"),
        ("2027-07-01T06:00:09", "2027-07-01 04:00:09"),
        ("2026-12-24T06:00:00+05:30", "2026-12-24 00:30:00"),
        ("2026-12-24T06:00:00Z", "2026-12-24 06:00:00"),
        ("2026-12-24 06:00z", "2026-12-24 06:00:00"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text, expected):
    assert at(text) == expected


def test_of_an_hour_that_comes_twice_the_first_one_is_meant():
    assert at("2027-10-31 02:30") == "2027-10-31 00:30:00"


@pytest.mark.parametrize("text", ["2027-03-28 02:30", "2027-03-28T02:00"])
def test_a_time_over_which_the_clocks_are_put_forward_is_refused(text):
    with pytest.raises(BadInput, match="does not exist: the clocks are put forward over it"):
        at(text)


def test_a_time_of_day_alone_may_be_tomorrow_by_another_length_of_the_day():
    before_the_change = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN)
    assert at("6:00", now=before_the_change) == "2027-03-28 04:00:00"


@pytest.mark.parametrize(
    "text", ["", "soon", "6", "tomorrow", "2026-12-24", "monday 6:00", "6:00 pm", "٦:٠٠", "1e9", "-1:00"]
)
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(BadInput, match=r"is no moment\. Write one as 2026-12-24 06:00, tomorrow 6:00"):
        at(text)


@pytest.mark.parametrize("text", ["25:00", "12:60", "2026-02-30 06:00", "2026-13-01 06:00"])
def test_a_day_or_a_time_that_there_is_not_is_refused(text):
    with pytest.raises(BadInput, match="There is no such day or time of day"):
        at(text)


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (timedelta(days=366), ""),
        (timedelta(days=367), "This moment is too far away: at most a year from now."),
        (timedelta(), ""),
        (timedelta(minutes=-59), ""),
        (timedelta(minutes=-61), "This moment has gone by."),
    ],
)
def test_a_press_waits_for_no_moment_that_is_long_gone_or_far_away(away, expected):
    assert moment.refusal(moment.micros(NOON + away), moment.micros(NOON)) == expected
