"""What the tab of a run says and shows, in every state."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.unit.web.worlds import NOW, S, a_run, a_task, events

from pushbutton import web
from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.web.views.estimates import Outlook, Past
from pushbutton.web.views.run_story import story
from pushbutton.web.views.tab import Tab, tab
from pushbutton.web.views.views import RunView
from pushbutton.web.words.i18n import texts

EN, DE = texts("en"), texts("de")
STATIC = Path(web.__file__).parent / "static" / "tab"
DRAWING = Path(__file__).parents[3] / "docs" / "make_tab_icons.py"


def seen(state: RunState, *said: Any, outlook: Outlook | None = None, **more: Any) -> RunView:
    run = a_run(state=state, **more)
    told = story(run, events(run, *said))
    return RunView(run, a_task(), told, Past(), outlook or Outlook(), (), NOW, frozenset())


@pytest.mark.parametrize(
    ("percent", "said", "picture"),
    [(0.0, "0 %", "run-0"), (62.4, "62 %", "run-60"), (9.9, "9 %", "run-0"), (100.0, "100 %", "run-100")],
)
def test_a_run_that_reports_it_says_per_cent_and_has_a_picture_for_each_tenth(percent, said, picture):
    view = seen(RunState.RUNNING, outlook=Outlook(percent=percent, reported=True))
    assert tab(view, EN) == Tab(said, picture)


def test_a_run_without_a_measure_says_its_minutes_and_before_the_first_one_its_state():
    assert tab(seen(RunState.RUNNING, ago=150), EN) == Tab("2 min", "run-0")
    assert tab(seen(RunState.RUNNING, ago=20), EN) == Tab("Running", "run-0")
    assert tab(seen(RunState.RUNNING, ago=150, outlook=Outlook(percent=41.0)), EN) == Tab("2 min", "run-40")


def test_a_question_comes_first():
    view = seen(RunState.ASKING, (3, Kind.QUESTION, {"id": "a", "text": "How many?", "choices": ["1", "2"]}))
    assert tab(view, EN) == Tab("(?) How many?", "asking")


def test_a_run_for_later_says_when_it_starts_in_the_readers_zone():
    view = seen(RunState.WAITING, not_before=NOW + 86400 * S)
    assert tab(view, EN, ZoneInfo("Europe/Berlin")) == Tab("Tomorrow at 10:42", "waiting", moment=True)
    assert tab(view, DE, ZoneInfo("UTC")).said == "Morgen um 09:42"


@pytest.mark.parametrize("state", RunState)
def test_every_state_has_a_word_and_a_picture_that_is_there(state):
    found = tab(seen(state), EN)
    assert found.said
    assert (STATIC / f"{found.picture}.svg").is_file()


def test_a_dry_run_is_called_one():
    view = seen(RunState.SUCCEEDED, inputs={"dry": True})
    assert tab(replace(view, task=a_task(dry_run="dry")), EN).said == "Dry run, all well"


def test_the_pictures_are_what_the_script_draws():
    drawn = runpy.run_path(str(DRAWING))["pictures"]()
    assert {path.name: path.read_text() for path in STATIC.iterdir()} == drawn
