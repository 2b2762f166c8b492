"""What past runs say about the next one."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.web.worlds import a_run, events

from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.domain.usual import quantile
from pushbutton.web.views.estimates import Past, Progress, outlook
from pushbutton.web.views.run_story import Step, Story, story, stretches

STEPS = {"Check": 10.0, "Copy": 60.0, "Switch": 30.0}


def past(*seconds: float, steps: Mapping[str, float] | None = None, state: RunState = RunState.SUCCEEDED) -> Past:
    return Past(tuple(a_run(n, state, ago=9999, lasted=s) for n, s in enumerate(seconds)), steps or {})


def test_two_runs_are_no_ground_for_an_estimate():
    seen = outlook(past(10, 20), Progress(5))
    assert (past(10, 20).usual, seen.percent, seen.left) == (None, None, None)


def test_only_runs_that_succeeded_count():
    assert past(10, 20, 30, state=RunState.FAILED).usual is None


def test_the_usual_time_is_the_median_and_the_slow_one_nine_of_ten_stay_below():
    assert (past(10, 20, 90).usual, past(*range(10, 120, 10)).slow) == (20, 100)


def test_the_time_left_goes_by_steps():
    seen = outlook(past(100, 100, 100, steps=STEPS), Progress(50, done=["Check"], step="Copy", within=20))
    assert seen.left == pytest.approx(70)
    assert seen.percent == pytest.approx(30)


def test_what_the_job_says_of_a_step_counts_for_its_part():
    seen = outlook(
        past(100, 100, 100, steps=STEPS), Progress(12, done=["Check"], step="Copy", within=2, step_percent=50)
    )
    assert seen.percent == 40


def test_past_the_slow_time_it_takes_longer_than_usual():
    seen = outlook(past(100, 100, 110), Progress(140))
    assert (seen.late, seen.left) == (True, None)


def test_an_estimate_never_claims_to_be_done():
    assert outlook(past(10, 10, 10), Progress(11)).percent == 95


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(0, 50))
def test_reported_progress_is_never_below_what_was_shown(said, first):
    run = a_run()
    told = story(run, events(run, *((first + n, Kind.PROGRESS, {"percent": p}) for n, p in enumerate(said))))
    before = outlook(past(40, 40, 40), Progress(first)).percent
    after = outlook(past(40, 40, 40), Progress(first + 8, reported=told.reported, reported_at=first)).percent
    assert told.reported == pytest.approx(max(said))
    assert before is not None
    assert after is not None
    assert after >= before


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_within_its_list(values, share):
    ordered = sorted(values)
    assert ordered[0] <= quantile(ordered, share) <= ordered[-1] or quantile(ordered, share) == pytest.approx(
        ordered[-1]
    )


def test_the_chart_shows_ten_runs_oldest_first_by_how_long_they_took():
    runs = Past((a_run(2, RunState.FAILED, lasted=2), *(a_run(n, RunState.SUCCEEDED, lasted=30) for n in range(20))))
    assert [(bar.height, bar.end) for bar in runs.bars] == [(3, "")] * 9 + [(1, "bad")]


# --- steps


def names(told: Story) -> list[tuple[str, str]]:
    return [(step.name, step.colour) for step in told.steps]


def test_steps_known_from_before_are_shown_as_still_to_come():
    run = a_run()
    told = story(run, events(run, (0, Kind.STEP, {"name": "Check", "state": "running"})), STEPS)
    assert names(told) == [("Check", "running"), ("Copy", "waiting"), ("Switch", "waiting")]


def test_a_plain_step_ends_when_the_next_begins():
    run = a_run()
    told = story(
        run, events(run, *((n, Kind.STEP, {"name": s, "state": "running", "plain": True}) for n, s in enumerate("AB")))
    )
    assert names(told) == [("A", "succeeded"), ("B", "running")]


def test_steps_lie_in_steps():
    run = a_run()
    told = story(run, events(run, *((n, Kind.STEP, {"name": s, "state": "running"}) for n, s in enumerate("AB"))))
    assert [(step.name, step.depth) for step in told.steps] == [("A", 0), ("B", 1)]
    assert told.outer is not None
    assert told.outer.name == "A"


def test_what_was_not_reached_says_so():
    run = a_run(state=RunState.FAILED)
    told = story(run, events(run, (0, Kind.STEP, {"name": "Check", "state": "running"})), STEPS)
    assert names(told) == [("Check", "failed"), ("Copy", "skipped"), ("Switch", "skipped")]


def test_progress_inside_a_step_belongs_to_the_step():
    run = a_run()
    told = story(
        run,
        events(
            run,
            (0, Kind.STEP, {"name": "A", "state": "running"}),
            (1, Kind.PROGRESS, {"percent": 80, "text": "4 of 5"}),
            (2, Kind.PROGRESS, {"percent": 60}),
        ),
    )
    assert (told.reported, told.steps[0].percent, told.steps[0].text, told.saying) == (None, 80, "4 of 5", "4 of 5")


def test_a_question_is_open_until_it_is_answered():
    run = a_run(state=RunState.ASKING)
    asked = (0, Kind.QUESTION, {"id": "q", "text": "Go on?", "choices": ["yes", "no"]})
    question = story(run, events(run, asked)).question
    assert question is not None
    assert question.choices == ("yes", "no")
    assert story(run, events(run, asked, (1, Kind.ANSWER, {"id": "q"}))).question is None


def test_hostile_events_do_no_harm():
    run = a_run()
    told = story(
        run,
        events(run, (0, Kind.STEP, {}), (0, Kind.STEP, {"name": 7}), (0, Kind.PROGRESS, {"percent": "x"}),
               (0, Kind.PROGRESS, {"percent": 1e9}), (0, Kind.ARTIFACT, {}), (0, Kind.QUESTION, {"choices": 4})),
    )  # fmt: skip
    assert (told.steps, told.reported) == ((), 100)


def test_dry_runs_say_nothing_about_others():
    real = [a_run(n, RunState.SUCCEEDED, lasted=100, inputs={"dry": False}) for n in range(3)]
    dry = [a_run(n, RunState.SUCCEEDED, lasted=2, inputs={"dry": True}) for n in range(3, 6)]
    runs = (*dry, *real)
    assert (Past(runs, dry_run="dry").usual, Past(runs, dry_run="dry", dry=True).usual) == (100, 2)


def test_a_new_step_does_not_say_what_the_one_before_said():
    said = [(1, Kind.STEP, {"name": "Test", "state": "running"}), (2, Kind.STATUS, {"text": "All tests passed"})]
    run, copy = a_run(), (3, Kind.STEP, {"name": "Copy", "state": "running"})
    assert story(run, events(run, *said)).saying == "All tests passed"
    assert story(run, events(run, *said, copy)).saying == ""


def of(colours: str) -> tuple[Step, ...]:
    """One step for each letter: succeeded, running, failed, waiting, not reached."""
    names = {"s": "succeeded", "r": "running", "f": "failed", "w": "waiting", "n": "skipped"}
    return tuple(Step(str(number), names[letter]) for number, letter in enumerate(colours, 1))


@pytest.mark.parametrize(
    ("colours", "seen"),
    [
        ("s" * 12, "s" * 12),
        ("s" * 13, "(13)"),
        ("s" * 20 + "r" + "w" * 9, "(20)rw(8)"),
        ("s" * 10 + "f" + "n" * 4, "(10)f(4)"),
        ("sssfsssfsssfsss", "sssfsssfsssfsss"),  # nothing is gained
        ("r" * 13, "r" * 13),
    ],
)
def test_of_many_steps_those_are_shown_at_which_something_happens(colours, seen):
    made = stretches(of(colours))
    shown = "".join(
        f"({len(one.steps)})" if one.folded else colours[one.first - 1 : one.first - 1 + len(one.steps)] for one in made
    )
    assert shown == seen
    assert [step.name for one in made for step in one.steps] == [str(n) for n in range(1, len(colours) + 1)]
    assert [one.steps[0].name for one in made] == [str(one.first) for one in made]
