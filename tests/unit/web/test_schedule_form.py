"""The form of a schedule: the rule that its fields make, and a rule as it stands in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.made_schedule import unfit
from pushbutton.domain.schedule import CatchUp, Schedule
from pushbutton.web.views.schedule_form import Kind, Typed, of_rule, often, to_rule


@pytest.mark.parametrize(
    "rule",
    [
        Schedule("", "0 3 * * *", zone="Europe/Berlin"),
        Schedule("", "30 6 * * 1,2,5"),
        Schedule("", "30 2 * * 0L", catch_up=CatchUp.ALL, late=2700, pause_after=3),
        Schedule("", "0 0 15 * *"),
        Schedule("", "0 0 13 * 5", catch_up=CatchUp.NONE),
        Schedule("", "*/15 8-18 * * MON-FRI"),
        Schedule("", every=900),
        Schedule("", every=2.5),
        Schedule("", every=172800),
    ],
)
def test_a_rule_comes_back_as_it_was(rule):
    assert to_rule(of_rule(rule)) == rule


def test_what_is_known_is_shown_by_its_own_fields():
    assert (of_rule(Schedule("", "0 3 * * *")).kind, of_rule(Schedule("", "0 3 7 * *")).kind) == (Kind.DAY, Kind.OWN)
    assert of_rule(Schedule("", "30 2 * * 0L")).on == "* 0L"
    assert (of_rule(Schedule("", every=7200)).every, of_rule(Schedule("", every=7200)).unit) == ("2", "3600")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "week", "days": []}, "schedule-cron"),
        ({"at": "25:00"}, "schedule-cron"),
        ({"at": ""}, "schedule-cron"),
        ({"kind": "own", "cron": ""}, "schedule-cron"),
        ({"kind": "often", "every": "x"}, "schedule-every"),
        ({"kind": "often", "every": ""}, "schedule-every"),
        ({"zone": "Mars/Base"}, "schedule-zone"),
        ({"late": "soon"}, "schedule-late"),
        ({"fails": "1000"}, "schedule-pause_after"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(changed, field):
    assert list(unfit(to_rule(replace(Typed(), **changed)))) == [field]


def test_every_on_the_form_of_a_task_is_one_of_those_that_it_offers():
    assert often("1-5", "07:00", "Europe/Berlin").cron == "0 7 * * 1-5"
    assert unfit(often("* * *", "07:00", ""))
    assert unfit(often("1-5", "", ""))
