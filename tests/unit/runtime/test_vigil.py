"""When a supervisor counts as one that does not answer. Time is a number here."""

from __future__ import annotations

from pushbutton.runtime.vigil import LATE, Vigil


def asleep(vigil: Vigil, seconds: int, *, begin: float = 0.0, worked: int | None = 7) -> float:
    """Look once a second for so long at a supervisor that does nothing; when the last look was."""
    vigil.look(worked, begin)
    for second in range(1, seconds + 1):
        vigil.look(worked, begin + second)
    return begin + seconds


def test_a_supervisor_that_stands_still_is_silent_after_ten_seconds():
    vigil = Vigil()
    asleep(vigil, int(LATE) - 1)
    assert not vigil.silent
    asleep(vigil, 1, begin=LATE - 1)
    assert vigil.silent


def test_one_that_moved_in_between_is_not():
    vigil = Vigil()
    now = asleep(vigil, int(LATE) - 1)
    asleep(vigil, int(LATE) - 1, begin=now, worked=8)
    assert not vigil.silent


def test_after_a_pause_of_the_whole_machine_nobody_is_late():
    vigil = Vigil()
    vigil.order(grace=1.0)
    now = asleep(vigil, 2)
    vigil.look(7, now + 3600)
    assert not vigil.silent
    assert vigil.late < LATE


def test_where_nothing_can_be_seen_of_it_nobody_is_called_silent():
    vigil = Vigil()
    asleep(vigil, 600, worked=None)
    assert not vigil.silent


def test_an_order_without_an_answer_is_due_after_the_grace_and_ten_seconds_more():
    vigil = Vigil()
    vigil.order(grace=5.0)
    now = asleep(vigil, int(LATE) + 4)
    assert vigil.due == ""
    asleep(vigil, 1, begin=now)
    assert vigil.due == "cancel"


def test_an_answer_gives_it_time_to_end_the_job():
    vigil = Vigil()
    vigil.order(grace=5.0)
    now = asleep(vigil, int(LATE) + 4)
    vigil.heard([{"k": "stop", "why": "cancel", "grace": 5.0}])
    asleep(vigil, 5, begin=now)
    assert vigil.due == ""


def test_one_that_ends_the_job_and_works_is_given_all_the_time_that_it_takes():
    vigil = Vigil()
    vigil.heard([{"k": "stop", "why": "timeout", "grace": 5.0}])
    for second in range(600):
        vigil.look(second, float(second))
    assert vigil.due == ""


def test_one_that_works_keeps_the_time_limit_itself():
    vigil = Vigil()
    for second in range(600):
        vigil.look(second, float(second))
        vigil.overtime(float(second), grace=1.0)
    assert vigil.due == ""


def test_a_record_that_holds_nonsense_is_no_more_than_a_word():
    vigil = Vigil()
    vigil.heard([{"k": "stop", "why": None, "grace": "soon"}, {"k": "exit", "code": "none"}, {"k": "stop"}])
    asleep(vigil, 60)
    assert (vigil.due, vigil.code) == ("None", None)
