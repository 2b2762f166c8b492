"""The span of time in a filter: words and days, in the reader's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pushbutton.web.views import filters, spans

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("now", "word", "since", "until"),
    [
        ("2026-11-23T09:42", "this-month", "2026-11-01T00:00", None),
        ("2026-11-23T09:42", "last-month", "2026-10-01T00:00", "2026-11-01T00:00"),
        ("2026-01-01T00:00", "last-month", "2025-12-01T00:00", "2026-01-01T00:00"),
        ("2026-03-31T23:59", "last-month", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("2026-04-01T00:30", "this-month", "2026-04-01T00:00", None),  # still March in UTC
    ],
)
def test_months_begin_and_end_in_the_readers_zone(now, word, since, until):
    found = spans.read({"time": word}).bounds(at(now), BERLIN)
    assert found == (at(since), at(until) if until else 0)


def test_two_days_both_count_whatever_the_clock_does_on_them():
    chosen = spans.read({"time": "dates", "from": "2026-10-25", "to": "2026-10-25"})  # has 25 hours in Berlin
    since, until = chosen.bounds(at("2026-11-23T09:42"), BERLIN)
    assert timedelta(microseconds=until - since) == timedelta(hours=25)
    assert datetime.fromtimestamp(since / 1e6, UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)


@pytest.mark.parametrize("given", [{"from": "2026-10-25"}, {"to": "2026-10-25"}])
def test_one_day_alone_bounds_one_side(given):
    since, until = spans.read({"time": "dates", **given}).bounds(at("2026-11-23T09:42"), BERLIN)
    assert (since > 0, until > 0) == ("from" in given, "to" in given)


@pytest.mark.parametrize(
    "query",
    [
        {"time": "aeon"}, {"from": "2026-10-25"}, {"time": "dates", "from": "2026-13-45", "to": "soon"},
        {"time": "dates", "from": "9" * 5000},
    ],
)  # fmt: skip
def test_days_that_make_no_sense_bound_nothing(query):
    assert spans.read(query).bounds(at("2026-11-23T09:42"), BERLIN) == (0, 0)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_taken(day):
    since, until = spans.read({"time": "dates", "from": day, "to": day}).bounds(at("2026-11-23T09:42"), BERLIN)
    assert since >= 1
    assert until >= 0


def test_the_chosen_days_stay_in_the_address():
    chosen = filters.read({"time": "dates", "from": "2026-10-01", "to": "2026-10-25"})
    assert chosen.url() == "?time=dates&from=2026-10-01&to=2026-10-25"


@pytest.mark.parametrize(
    ("text", "number"), [("18", 18), ("#18", 18), (" 18 ", 18), ("18a", 0), ("#", 0), ("٣", 0), ("9" * 5000, 0)]
)
def test_a_number_names_a_run(text, number):
    assert filters.read({"q": text}).number == number
