"""A schedule that somebody made, beside those that files declare. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pushbutton.job.kinds import is_holidays
from pushbutton.sentence import say

from .run import Micros
from .schedule import CALENDAR, MOST, SHORTEST, Schedule, fault, is_zone

LONGEST_TITLE: Final = 80
FIELDS: Final[Mapping[str, str]] = {
    name: f"schedule-{name}"
    for name in ("title", "cron", "zone", "every", "catch_up", "window", "late", "pause_after", "blackout")
}
"""The names of the rule's parts beside the inputs of the task, where something is wrong with one."""
LARGEST_CALENDAR: Final = 64 << 10
"""Characters of a calendar that was given: it lies with the schedule in the store."""
_YEARS: Final = 366.0 * 86_400 * 5
"""Seconds: the longest time that a rule may name."""


@dataclass(frozen=True, slots=True)
class MadeSchedule:
    """It presses as its maker, and does no more than they may at that moment."""

    id: str  # "deploy/nightly": the task, and the schedule's name
    maker: str  # a user; "local" where nobody signed in
    rule: Schedule
    made_at: Micros
    begun_at: Micros  # when it was made or changed last: what was due before counts for nothing
    title: str = ""  # as its maker calls it
    token: str = ""  # by which it was made: it ends with that token, and does no more; "": by its maker in person

    @property
    def task(self) -> str:
        return self.id.partition("/")[0]


def unfit(rule: Schedule, title: str = "") -> dict[str, str]:
    """A sentence for each part of the rule that cannot be, by `FIELDS`."""
    wrong: dict[str, str] = {}
    if len(title) > LONGEST_TITLE:
        wrong["title"] = say("The name is too long: write at most {n} characters.", n=LONGEST_TITLE)
    if bool(rule.cron) == bool(rule.every):
        wrong["cron"] = say("Say when: with a line of cron or with an interval, not with both.")
    elif rule.cron and fault(rule.cron):
        wrong["cron"] = say("This is no line of cron: write it as “30 6 * * 1-5”.")
    elif rule.every and not SHORTEST <= rule.every <= _YEARS:
        wrong["every"] = say("Write an interval from a second to five years.")
    if rule.zone and not is_zone(rule.zone):
        wrong["zone"] = say("There is no such time zone: write one such as Europe/Berlin.")
    if not 0 < rule.window <= _YEARS:
        wrong["window"] = say("Write a time from a second to five years.")
    if not 0 <= rule.late <= _YEARS:
        wrong["late"] = say("Write a time of at most five years, or leave it empty.")
    if not 0 <= rule.pause_after <= MOST:
        wrong["pause_after"] = say("Write a number of failures from 1 to {n}, or leave it empty.", n=MOST)
    if rule.blackout and not is_holidays(rule.blackout) and not rule.blackout.startswith(CALENDAR):
        wrong["blackout"] = say("Name a country and its part, such as holidays:DE-BY, or give an iCal calendar.")
    elif len(rule.blackout) > LARGEST_CALENDAR:
        wrong["blackout"] = say("The calendar is too large: at most {n} kB.", n=LARGEST_CALENDAR >> 10)
    return {FIELDS[name]: sentence for name, sentence in wrong.items()}
