"""When a supervisor counts as one that does not answer. Time is a number here."""

from __future__ import annotations

from pushbutton.runtime.watchdog import LATE, Liveness


def asleep(liveness: Liveness, seconds: int, *, begin: float = 0.0, worked: int | None = 7) -> float:
    """Look once a second for so long at a supervisor that does nothing; when the last look was."""
    liveness.look(worked, begin)
    for second in range(1, seconds + 1):
        liveness.look(worked, begin + second)
    return begin + seconds


def test_a_supervisor_that_stands_still_is_silent_after_ten_seconds():
    liveness = Liveness()
    asleep(liveness, int(LATE) - 1)
    assert not liveness.silent
    asleep(liveness, 1, begin=LATE - 1)
    assert liveness.silent


def test_one_that_moved_in_between_is_not():
    liveness = Liveness()
    now = asleep(liveness, int(LATE) - 1)
    asleep(liveness, int(LATE) - 1, begin=now, worked=8)
    assert not liveness.silent


def test_after_a_pause_of_the_whole_machine_nobody_is_late():
    liveness = Liveness()
    liveness.order(grace=1.0)
    now = asleep(liveness, 2)
    liveness.look(7, now + 3600)
    assert not liveness.silent
    assert liveness.late < LATE


def test_where_nothing_can_be_seen_of_it_nobody_is_called_silent():
    liveness = Liveness()
    asleep(liveness, 600, worked=None)
    assert not liveness.silent


def test_an_order_without_an_answer_is_due_after_the_grace_and_ten_seconds_more():
    liveness = Liveness()
    liveness.order(grace=5.0)
    now = asleep(liveness, int(LATE) + 4)
    assert liveness.due == ""
    asleep(liveness, 1, begin=now)
    assert liveness.due == "cancel"


def test_an_answer_gives_it_time_to_end_the_job():
    liveness = Liveness()
    liveness.order(grace=5.0)
    now = asleep(liveness, int(LATE) + 4)
    liveness.heard([{"k": "stop", "why": "cancel", "grace": 5.0}])
    asleep(liveness, 5, begin=now)
    assert liveness.due == ""


def test_one_that_ends_the_job_and_works_is_given_all_the_time_that_it_takes():
    liveness = Liveness()
    liveness.heard([{"k": "stop", "why": "timeout", "grace": 5.0}])
    for second in range(600):
        liveness.look(second, float(second))
    assert liveness.due == ""


def test_one_that_works_keeps_the_time_limit_itself():
    liveness = Liveness()
    for second in range(600):
        liveness.look(second, float(second))
        liveness.overtime(float(second), grace=1.0)
    assert liveness.due == ""


def test_a_record_that_holds_nonsense_is_no_more_than_a_word():
    liveness = Liveness()
    liveness.heard([{"k": "stop", "why": None, "grace": "soon"}, {"k": "exit", "code": "none"}, {"k": "stop"}])
    asleep(liveness, 60)
    assert (liveness.due, liveness.code) == ("None", None)
