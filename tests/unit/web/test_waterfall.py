"""A run's steps on one axis of time."""

from tests.unit.web.worlds import NOW, S

from pushbutton.web.views.run_story import Step
from pushbutton.web.views.waterfall import MOST, Bar, waterfall


def step(name: str, start: float | None, end: float | None, usual: float | None = None, depth: int = 0) -> Step:
    colour = "succeeded" if end is not None else "running" if start is not None else "waiting"
    at, until = (NOW + int(moment * S) if moment is not None else None for moment in (start, end))
    return Step(name, colour, started=at, ended=until, usual=usual, depth=depth)


def test_bars_lie_where_their_steps_did_and_beside_what_is_usual():
    seen = waterfall([step("a", 0, 20, 10), step("b", 20, 100, 50)], NOW, NOW + 100 * S, over=True)
    assert seen
    assert [row.bar for row in seen.rows] == [Bar(0, 20), Bar(20, 80)]
    assert [row.usual for row in seen.rows] == [Bar(0, 10), Bar(20, 50)]
    assert seen.now is None


def test_what_is_to_come_stands_behind_what_goes_on_and_the_axis_holds_both():
    seen = waterfall(
        [step("a", 0, 20), step("b", 20, None, 50), step("c", None, None, 30)], NOW, NOW + 30 * S, over=False
    )
    assert seen
    assert [row.bar for row in seen.rows] == [Bar(0, 20), Bar(20, 10), None]
    assert [row.usual for row in seen.rows] == [None, Bar(20, 50), Bar(70, 30)]
    assert seen.now == 30


def test_a_tick_is_a_time_as_clocks_have_it_and_there_are_few():
    for seconds, apart in ((4, 1), (47, 10), (170, 30), (3_000, 600), (90_000, 21_600)):
        seen = waterfall([step("a", 0, 1), step("b", 1, seconds)], NOW, NOW + seconds * S, over=True)
        assert seen
        assert [tick.seconds for tick in seen.ticks[:2]] == [0, apart]
        assert len(seen.ticks) <= 7


def test_a_step_that_took_no_time_is_seen_and_none_sticks_out():
    seen = waterfall([step("a", 0, 100), step("b", 100, 100, 0.0001)], NOW, NOW + 100 * S, over=True)
    assert seen
    for row in seen.rows:
        for bar in (row.bar, row.usual):
            assert bar is None or (bar.width > 0.1 and bar.at + bar.width <= 100)


def test_where_there_is_nothing_to_compare_nothing_is_drawn():
    assert waterfall([step("a", 0, 1)], NOW, NOW + S, over=True) is None
    assert waterfall([step("a", None, None), step("b", None, None)], NOW, NOW + S, over=False) is None
    assert waterfall([step("a", 0, 1), step("b", 1, 2)], None, NOW, over=False) is None


def test_of_very_many_steps_the_first_are_drawn_and_the_others_counted():
    seen = waterfall([step(f"{n}", n, n + 1) for n in range(MOST + 30)], NOW, NOW + (MOST + 30) * S, over=True)
    assert seen
    assert (len(seen.rows), seen.more, seen.open) == (MOST, 30, False)
