"""The chart of a task's last runs."""

from __future__ import annotations

from tests.unit.web.worlds import a_run

from pushbutton.domain.run import RunState
from pushbutton.web.views.runs_chart import RUNS, runs_chart

GOOD, FAILED, CANCELLED = RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED


def runs(*ends: tuple[RunState, float]):
    """Newest first."""
    return [a_run(99 - place, state, lasted=seconds) for place, (state, seconds) in enumerate(ends)]


def test_the_oldest_stands_first_each_as_high_as_it_took_and_with_its_end():
    found = runs_chart(runs((GOOD, 20), (FAILED, 10), (CANCELLED, 5), (GOOD, 40)))
    assert [(bar.run.id, bar.end) for bar in found.bars] == [(96, ""), (97, "off"), (98, "bad"), (99, "")]
    assert [round(bar.height / found.bars[0].height, 3) for bar in found.bars] == [1.0, 0.125, 0.25, 0.5]
    assert (found.good, found.failed, found.off) == (2, 1, 1)


def test_the_band_holds_eight_of_ten_that_succeeded_and_needs_enough_of_them():
    assert runs_chart(runs((GOOD, 1), (GOOD, 2), (FAILED, 9))).low is None
    found = runs_chart(runs(*[(GOOD, seconds) for seconds in range(1, 12)], (FAILED, 900)))
    assert (found.low, found.high) == (2, 10)
    assert 0 < found.band[0] < found.band[1] < 100


def test_one_that_took_very_long_is_cut_off_so_that_the_others_can_be_told_apart():
    found = runs_chart(runs((GOOD, 10), (GOOD, 10), (GOOD, 10), (FAILED, 5000)))
    assert [bar.cut for bar in found.bars] == [True, False, False, False]
    assert found.bars[0].height == 100
    assert found.bars[1].height > 25


def test_what_never_started_or_goes_on_is_not_in_it_and_there_are_no_more_than_it_shows():
    assert runs_chart(runs((RunState.SKIPPED, 1), (RunState.RUNNING, 1))).bars == ()
    assert len(runs_chart(runs(*[(GOOD, 1.0)] * 80)).bars) == RUNS
