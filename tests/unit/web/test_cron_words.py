"""Lines of cron in words: exactly what they mean, in both languages, or nothing."""

from __future__ import annotations

import pytest

from pushbutton.web.words.cron import in_words
from pushbutton.web.words.i18n import texts

SAID = {
    "30 6 * * 1-5": ("Mondays to Fridays at 06:30", "montags bis freitags um 06:30"),
    "0 3 * * *": ("every day at 03:00", "täglich um 03:00"),
    "0 6,18 * * *": ("every day at 06:00 and 18:00", "täglich um 06:00 und 18:00"),
    "*/15 8-18 * * *": ("every 15 minutes, 08:00 to 18:45", "alle 15 Minuten, 08:00 bis 18:45"),
    "*/30 * * * MON-FRI": ("Mondays to Fridays, every 30 minutes", "montags bis freitags, alle 30 Minuten"),
    "* * * * *": ("every minute", "jede Minute"),
    "0 * * * *": ("every hour", "jede Stunde"),
    "10 9-17 * * *": (
        "every hour at 10 minutes past, 09:10 to 17:10", "jede Stunde 10 Minuten nach voll, 09:10 bis 17:10",
    ),
    "0 0 L * *": ("on the last day of each month at 00:00", "am letzten Tag jedes Monats um 00:00"),
    "30 2 * * 0L": ("on the last Sunday of each month at 02:30", "am letzten Sonntag jedes Monats um 02:30"),
    "0 9 * * MON#1": ("on the first Monday of each month at 09:00", "am ersten Montag jedes Monats um 09:00"),
    "0 0 1,15 * *": ("on day 1 and 15 of each month at 00:00", "am Tag 1 und 15 jedes Monats um 00:00"),
    "0 9 * * 7": ("Sundays at 09:00", "sonntags um 09:00"),
    "0 9 * * 1,3,5": ("Mondays, Wednesdays and Fridays at 09:00", "montags, mittwochs und freitags um 09:00"),
}  # fmt: skip


@pytest.mark.parametrize("cron", SAID)
def test_it_is_said_in_both_languages(cron):
    assert (in_words(cron, texts("en")), in_words(cron, texts("de"))) == SAID[cron]


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 13 * 5", "0 0 */2 * 1", "*/7 * * * *", "0 0 29 2 *", "10 */4 * * *", "0 9 * * 0-6/2", "0 9 1-7 * *",
        "0 9 * * 5-1", "0,30 * * * *", "0 9 LW * *",
    ],
)  # fmt: skip
def test_what_would_be_said_wrongly_is_not_said(cron):
    assert in_words(cron, texts("en")) == ""
