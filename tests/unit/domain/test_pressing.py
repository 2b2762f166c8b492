"""What a press becomes, for every meeting of what it asks for with what a store finds."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from pushbutton.domain.approval import Hold
from pushbutton.domain.audit import Deed
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.pressing import Answer, Known, Make, counts, decide, first_event
from pushbutton.domain.run import Busy, NewRun, RunState
from pushbutton.domain.schedule import Pause
from pushbutton.errors import KeyReused, TaskPaused

HOLD = Hold(2, 24.0, 5_000_000, "ada", "digest")


def new(**more: Any) -> NewRun:
    return NewRun("deploy", "Deploy", "ada", {"env": "prod"}, 1000, **more)


def made(answer: Answer | Make) -> Make:
    assert isinstance(answer, Make)
    return answer


@pytest.mark.parametrize(
    ("busy", "under_way", "limit", "hold", "key"),
    [*product(Busy, [0, 1, 2, 3], [1, 2], [None, HOLD], ["", "k"])],
)
def test_every_meeting_of_a_press_with_a_line_has_one_outcome(busy, under_way, limit, hold, key):
    press = new(busy=busy, limit=limit, hold=hold, key=key)
    line = list(range(11, 11 + under_way))
    answer = decide(press, None, line)
    if busy is Busy.JOIN and under_way >= limit:
        assert isinstance(answer, Answer)
        assert (answer.run, answer.keep_key) == (line[-1], bool(key))
        assert answer.act
        assert (answer.act.verb, answer.act.about) == (Deed.RUN_JOIN, f"run {line[-1]}")
        return
    skipped = busy is Busy.SKIP and under_way >= limit
    expected = RunState.SKIPPED if skipped else RunState.HELD if hold else RunState.WAITING
    [(run, asked)] = made(answer).runs(7)
    assert (run.id, run.state, run.hold, asked) == (7, expected, hold if expected is RunState.HELD else None, press)
    assert run.ended_at == (1000 if skipped else None)
    assert run.reason == ("It was busy, and a press is not kept waiting here." if skipped else "")


@pytest.mark.parametrize(("busy", "matters"), [(Busy.QUEUE, False), (Busy.SKIP, True), (Busy.JOIN, True)])
def test_a_press_that_waits_in_any_case_is_not_told_of_the_line(busy, matters):
    assert counts(new(busy=busy)) is matters


@pytest.mark.parametrize("busy", Busy)
@pytest.mark.parametrize("hold", [None, HOLD])
def test_a_key_that_is_known_is_answered_whatever_else_there_is(busy, hold):
    answer = decide(new(key="k", fingerprint="f", busy=busy, hold=hold), Known(5, "f"), [8, 9])
    assert answer == Answer(5, act=None, keep_key=False)


@pytest.mark.parametrize("busy", Busy)
def test_a_key_that_is_known_for_other_inputs_is_refused(busy):
    with pytest.raises(KeyReused, match="already used for a press with other inputs"):
        decide(new(key="k", fingerprint="f", busy=busy), Known(5, "other"), [8])


@pytest.mark.parametrize("busy", Busy)
@pytest.mark.parametrize("under_way", [0, 3])
def test_a_paused_task_takes_no_press_until_the_pause_ends(busy, under_way):
    line = list(range(11, 11 + under_way))
    with pytest.raises(TaskPaused, match="“Deploy” is paused until 1970-01-01 00:00 UTC"):
        decide(new(busy=busy), None, line, 0, Pause(1001))
    assert decide(new(busy=busy), None, line, 0, Pause(1000)) == decide(new(busy=busy), None, line)


def test_a_press_that_was_answered_is_answered_again_while_its_task_is_paused():
    assert decide(new(key="k", fingerprint="f"), Known(5, "f"), [], 0, Pause()) == Answer(5)


def test_a_run_is_as_it_was_pressed():
    [(run, _)] = made(decide(new(why="because", group="Reports"))).runs(3)
    assert (run.task, run.title, run.actor, run.inputs) == ("deploy", "Deploy", "ada", {"env": "prod"})
    assert (run.pressed_at, run.why, run.group, run.epoch) == (1000, "because", "Reports", 0)


def test_a_held_run_comes_with_the_dry_run_that_shows_what_it_will_do():
    press = new(
        hold=HOLD,
        dry={"env": "prod", "dry": True},
        why="because",
        key="k",
        busy=Busy.SKIP,
        group="Reports",
        cause=Cause(CauseKind.TOKEN),
        digest="d1",
    )
    answer = made(decide(press))
    assert answer.count == 2
    (plan, asked), (run, own) = answer.runs(41)
    assert (run.id, plan.id, own) == (41, 42, press)
    assert run.hold
    assert (run.state, run.hold.plan) == (RunState.HELD, 42)
    assert (plan.state, plan.actor, plan.inputs) == (RunState.WAITING, "run:41", {"env": "prod", "dry": True})
    assert (plan.cause, plan.digest) == (Cause(CauseKind.RUN, 41), "d1")
    assert (run.cause, run.digest) == (Cause(CauseKind.TOKEN), "d1")
    assert (plan.hold, plan.why, plan.group, asked.key) == (None, "", "Reports", "")


@pytest.mark.parametrize("more", [{"hold": None}, {"hold": HOLD, "busy": Busy.SKIP}])
def test_what_nobody_has_to_approve_has_no_dry_run(more):
    answer = made(decide(new(dry={"dry": True}, **more), None, [1]))
    assert (answer.count, len(answer.runs(1))) == (1, 1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, {"state": "waiting", "actor": "ada"}),
        (
            {"busy": Busy.SKIP},
            {"state": "skipped", "actor": "ada", "reason": "It was busy, and a press is not kept waiting here."},
        ),
        (
            {"hold": HOLD},
            {"state": "held", "actor": "ada", "needs": 2, "until": "1970-01-01T00:00:05.000000Z"},
        ),
        (
            {"hold": HOLD, "dry": {}},
            {"state": "held", "actor": "ada", "needs": 2, "until": "1970-01-01T00:00:05.000000Z", "plan": 2},
        ),
    ],
)
def test_the_first_event_says_what_became_of_the_press(more, said):
    event = first_event(made(decide(new(**more), None, [9])).runs(1)[-1][0])
    assert (event.data, event.at) == (said, 1000)
