"""How times, durations, people and ends are said."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.unit.web.worlds import NOW, S, a_run, events

from pushbutton.domain.event import Kind
from pushbutton.domain.person import Link, User
from pushbutton.domain.run import Run, RunState
from pushbutton.web.views.outcomes import Ending, ending
from pushbutton.web.views.run_story import story
from pushbutton.web.words import formatting
from pushbutton.web.words.i18n import texts
from pushbutton.web.words.people import Names

EN, DE = texts("en"), texts("de")
UTC = ZoneInfo("UTC")
HOUR = 3600 * S


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "under 1 s"), (12.9, "12 s"), (60, "1 min"), (151, "2 min 31 s"), (3780, "1 h 3 min"), (7200, "2 h"),
        (86400, "1 day"), (2 * 86400 + 4 * 3600, "2 days 4 h"),
    ],
)  # fmt: skip
def test_a_measured_time(seconds, text):
    assert formatting.took(seconds, EN) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (4, "a few seconds"), (31, "under a minute"), (65, "about 1 minute"), (240, "about 4 minutes"),
        (3500, "about 1 hour"), (5400, "about 1.5 hours"), (7200, "about 2 hours"), (86400, "about 1 day"),
    ],
)  # fmt: skip
def test_a_time_to_expect_is_no_finer_than_it_is_known(seconds, text):
    assert formatting.usual(seconds, EN) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "a few seconds left"), (12, "about 12 s left"), (43, "about 45 s left"), (98, "about 1 min 40 s left")],
)
def test_a_time_left_goes_in_steps(seconds, text):
    assert formatting.left(seconds, EN) == text


@pytest.mark.parametrize(
    ("ago", "form", "text"),
    [
        (0, "clock", "09:42"), (0, "moment", "today at 09:42"), (24 * HOUR, "moment", "yesterday at 09:42"),
        (-24 * HOUR, "moment", "tomorrow at 09:42"), (-48 * HOUR, "moment", "on 25 November at 09:42"),
        (11 * 24 * HOUR, "moment", "on 12 November at 09:42"), (365 * 24 * HOUR, "day", "23 November 2025"),
        (0, "full", "Today, 09:42:07"), (10 * S, "ago", "just now"), (12 * 60 * S, "ago", "12 minutes ago"),
        (2 * HOUR, "ago", "2 hours ago"), (20 * HOUR, "ago", "yesterday, 13:42"), (3 * 24 * HOUR, "ago", "3 days ago"),
        (11 * 24 * HOUR, "ago", "on 12 November"),
    ],
)  # fmt: skip
def test_a_moment(ago, form, text):
    assert formatting.said_at(NOW - ago, NOW, form, EN, UTC) == text


def test_a_moment_in_the_readers_zone_and_language():
    assert formatting.said_at(NOW, NOW, "moment", DE, ZoneInfo("Europe/Berlin")) == "heute um 10:42"


def test_the_exact_time_names_its_zone():
    assert formatting.exact(NOW, EN, ZoneInfo("Europe/Berlin")) == "23 November 2026, 10:42:07 CET"


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        ("local", "Somebody on this machine"),
        ("schedule:nightly", "The schedule “nightly”"),
        ("run:7", "Run 7"),
        ("Maya", "Maya"),
    ],
)
def test_who(actor, text):
    assert formatting.who(actor, EN) == text


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        ("ada", "Ada Lovelace"),
        ("user:ada", "Ada Lovelace"),
        ("token:ada/nightly", "Ada Lovelace’s token “nightly”"),
        ("link:7/ada", "Ada Lovelace’s link “for the stand-in”"),
        ("link:8/ada", "Ada Lovelace’s link"),
        ("bob", "bob"),
        ("token:bob/nightly", "bob’s token “nightly”"),
    ],
)
def test_people_are_called_by_their_titles_and_who_has_gone_by_the_name(actor, text):
    link = Link("7", "deploy", "ada", {}, until=1, uses=1, made_at=0, note="for the stand-in")
    assert formatting.who(actor, EN, Names({"ada": User("ada", "Ada Lovelace")}, {"7": link})) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maya Lind", "ML"), ("ada", "A"), ("Anna Maria van den Berg", "AB"), ("ada.lovelace@example.org", "AO"),
        ("_-.", "?"), ("", "?"), ("  ", "?"), ("élan vital", "ÉV"), ("王 小明", "王小"),
    ],
)  # fmt: skip
def test_initials(name, letters):
    assert formatting.initials(name) == letters


@pytest.mark.parametrize(
    ("names", "text"), [(["Ada"], "Ada"), (["Ada", "Bob"], "Ada or Bob"), (["Ada", "Bob", "Cy"], "Ada, Bob or Cy")]
)
def test_any_of(names, text):
    assert formatting.any_of(names, EN) == text
    assert formatting.any_of(names, DE) == text.replace(" or ", " oder ")


_CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        (_CHROME, "Chrome on Linux"),
        (_CHROME.replace("X11; Linux x86_64", "Linux; Android 14"), "Chrome on Android"),
        (f"{_CHROME} Edg/130.0", "Edge on Linux"),
        (f"{_CHROME} OPR/115.0", "Opera on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", "Safari on macOS"),
        ("Firefox/130.0", "Firefox"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "A program"),
        ("x" * 200, "x" * 40),
    ],
)
def test_what_a_browser_calls_itself(agent, text):
    assert formatting.browser(agent, EN) == text


def test_every_state_has_an_icon_and_a_word():
    assert all(formatting.LOOKS[state].icon and formatting.LOOKS[state].word for state in RunState)


# --- ends


def told(run: Run, *said: tuple[float, Kind, dict[str, Any]]) -> Ending:
    return ending(run, story(run, events(run, *said)), EN)


def test_a_failure_names_its_step_and_what_the_job_said_of_it():
    run = a_run(state=RunState.FAILED, exit_code=1, reason="The job reported a failure (code 1).")
    end = told(
        run,
        (0, Kind.STEP, {"name": "Check", "state": "running"}),
        (1, Kind.STEP, {"name": "Check", "state": "succeeded"}),
        (1, Kind.STEP, {"name": "Copy", "state": "running"}),
        (2, Kind.STATUS, {"text": "The disk of shop-3 is full.", "level": "bad"}),
        (2, Kind.STEP, {"name": "Copy", "state": "failed"}),
    )
    assert (end.headline, end.happened) == ("It failed at step 2: Copy", "The disk of shop-3 is full.")
    assert end.means
    assert end.todo


@pytest.mark.parametrize(
    ("code", "reason", "piece"),
    [
        (-9, "The system ended it (signal 9).", "memory"),
        (-77, "The system ended it (signal 77).", "outside"),
        (127, "The job reported a failure (code 127).", "was not found"),
        (3, "The job reported a failure (code 3).", "did not work"),
        (-15, "It took longer than it may, so it was ended.", "longer than it may"),
    ],
)
def test_a_cause_in_plain_words(code, reason, piece):
    assert piece in told(a_run(state=RunState.FAILED, exit_code=code, reason=reason)).happened


def test_what_could_not_start_says_that_nothing_was_done():
    end = told(a_run(state=RunState.FAILED, started_at=None, reason="“mailer” was not found."))
    assert (end.headline, end.happened, end.means) == (
        "It could not be started.",
        "“mailer” was not found.",
        "Nothing was done.",
    )


def _step(at: float, name: str, state: str) -> tuple[float, Kind, dict[str, Any]]:
    return at, Kind.STEP, {"name": name, "state": state}


_HALF = (_step(0, "Check", "running"), _step(1, "Check", "succeeded"), _step(1, "Copy", "running"))


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED])
@pytest.mark.parametrize(
    ("said", "usual", "means"),
    [
        ((), {}, "Part of its work may have been done."),
        (_HALF, {}, "It stopped part-way: one step was done."),
        (_HALF, {"Check": 1.0, "Copy": 2.0, "Tell": 1.0}, "It stopped part-way: 1 of 3 steps were done."),
        (_HALF[:2], {}, "Its one step was done before that."),
    ],
)
def test_how_far_it_came_is_all_that_is_claimed_of_what_it_did(state, said, usual, means):
    run = a_run(state=state, exit_code=2)
    assert ending(run, story(run, events(run, *said), usual), EN).means == means


def test_what_a_failure_means_is_said_in_the_authors_words():
    run = a_run(state=RunState.FAILED, exit_code=2)
    end = ending(run, story(run, []), EN, on_failure="Customers still see the old prices")
    assert end.means == "Customers still see the old prices."


def test_the_output_is_not_pointed_at_where_there_is_none():
    run = a_run(state=RunState.FAILED, exit_code=2)
    assert "output" in ending(run, story(run, []), EN).todo
    assert "output" not in ending(run, story(run, []), EN, wrote=False).todo


@pytest.mark.parametrize(
    ("complaint", "happened"),
    [
        ("ValueError: the shop is closed", "the shop is closed."),
        ("requests.exceptions.ConnectionError: no answer from shop-3", "no answer from shop-3."),
        ("KeyError: 'customer'", "An error that it does not explain: KeyError: 'customer'."),
        ("Note: the shop is closed", "Note: the shop is closed."),
    ],
)
def test_an_exception_is_told_without_its_class(complaint, happened):
    run = a_run(state=RunState.FAILED, exit_code=1)
    assert told(run, (1, Kind.STATUS, {"text": complaint, "level": "bad"})).happened == happened


@pytest.mark.parametrize(("code", "text"), [(9, "code 9"), (-9, "signal 9 (SIGKILL)"), (-99, "signal 99")])
def test_how_a_process_ended_is_said_with_its_number(code, text):
    assert formatting.ended_with(code, EN) == text


def test_a_stop_names_who_and_where():
    run = a_run(state=RunState.CANCELLED, stop_by="Maya")
    end = told(run, (0, Kind.STEP, {"name": "Copy", "state": "running"}))
    assert end.headline == "Maya stopped it at step 1: Copy"


def test_a_lost_run_claims_nothing():
    assert told(a_run(state=RunState.LOST)).headline == "We do not know how it ended."


def test_no_end_speaks_like_a_shell():
    words = ("exit code", "execution", "kill", "SIGKILL", "process")
    ends = [
        told(a_run(state=state, exit_code=code))
        for state in RunState
        if state.over
        for code in (0, 1, 126, 127, -9, -11)
    ]
    assert not [
        end for end in ends for word in words if word in f"{end.headline} {end.happened} {end.means} {end.todo}"
    ]
