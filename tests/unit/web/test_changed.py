"""What is told of the difference between a run that failed and the last one that worked."""

from tests.unit.web.worlds import NOW, S, a_run

from pushbutton.web.views.changed import Difference, Took, first_difference, other_task, took
from pushbutton.web.views.run_story import Step


def steps(**seconds: float) -> list[Step]:
    return [Step(name, "succeeded", NOW, NOW + int(long * S)) for name, long in seconds.items()]


def test_steps_that_took_about_as_long_are_not_named_and_the_farthest_comes_first():
    then, now = steps(a=1, b=100, c=10, d=10, gone=5), steps(a=1.4, b=110, c=15, d=60, new=5)
    assert took(now, then) == (Took("d", 10, 60), Took("c", 10, 15))


def test_numbers_and_digests_differ_in_each_run_and_are_no_difference():
    now = ["12:01:07 run 42 of deadbeef01", "done in 3.2 s", "bad"]
    then = ["11:59:59 run 7 of cafe0000ff1", "done in 17.9 s", "good"]
    assert first_difference(5, now, then) == Difference(7, "good", "bad")
    assert first_difference(1, now[:2], then[:2]) is None


def test_where_one_output_ends_before_the_other_that_is_the_difference():
    assert first_difference(1, ["a"], ["a", "b"]) == Difference(2, "b", "")
    assert first_difference(1, ["a", "b"], ["a"]) == Difference(2, "", "b")


def test_whether_the_task_was_another_is_known_only_where_both_were_noted():
    assert other_task(a_run(digest="x"), a_run(digest="y")) is True
    assert other_task(a_run(digest="x"), a_run(digest="x")) is False
    assert other_task(a_run(digest="x"), a_run()) is None
