"""What is tried again, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.retry import Asked, Retry, following, more, told, wait, wanted
from pushbutton.domain.run import Run, RunState

FAILED, LOST = RunState.FAILED, RunState.LOST
PLAIN = Retry(times=10, wait=30, factor=2, most=600, jitter=0)
RUN = Run(
    id=5, task="ask", title="Ask", state=FAILED, epoch=1, actor="user:ada", inputs={"n": 1}, pressed_at=1, why="so",
    digest="d", retry=Retry(times=3),
)  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 600), (7, 600), (99, 600)]
)
def test_each_wait_is_longer_by_the_factor_up_to_the_longest(attempt: int, seconds: float) -> None:
    assert wait(PLAIN, attempt, 0) == seconds


@pytest.mark.parametrize(("jitter", "seconds"), [(-1, 27), (-0.5, 28.5), (0, 30), (0.5, 31.5), (1, 33)])
def test_chance_makes_a_wait_longer_or_shorter_by_its_part(jitter: float, seconds: float) -> None:
    assert wait(replace(PLAIN, jitter=0.1), 1, jitter) == pytest.approx(seconds)


def test_the_longest_wait_is_not_made_longer_by_chance() -> None:
    assert wait(replace(PLAIN, jitter=0.5), 9, 1) == 600
    assert wait(replace(PLAIN, jitter=0.5), 9, -1) == 300


@pytest.mark.parametrize(("after", "seconds"), [(0.0, 0), (5.0, 5), (600.0, 600), (3600.0, 600)])
def test_what_the_job_asks_for_counts_up_to_the_longest_wait(after: float, seconds: float) -> None:
    assert wait(replace(PLAIN, jitter=0.5), 3, 1, Asked(after=after)) == seconds


@given(
    st.integers(1, 100),
    st.floats(0, 1e7),
    st.floats(1, 100),
    st.floats(0, 1e7),
    st.floats(0, 1),
    st.floats(-1, 1),
    st.none() | st.floats(0, 1e9),
)
def test_no_wait_is_longer_than_the_longest_or_shorter_than_none(
    attempt: int, first: float, factor: float, most: float, part: float, jitter: float, after: float | None
) -> None:
    found = wait(Retry(100, first, factor, most, part), attempt, jitter, Asked(after=after))
    assert 0 <= found <= most


@pytest.mark.parametrize(
    ("on", "state", "code", "timeout", "again"),
    [
        (("failed",), FAILED, 1, False, True),
        (("failed",), FAILED, None, False, True),  # it could not be started
        (("failed",), FAILED, -9, False, True),
        (("failed",), FAILED, -15, True, False),  # it took too long, which has a word of its own
        (("failed",), LOST, None, False, False),
        (("timeout",), FAILED, -15, True, True),
        (("timeout",), FAILED, 1, False, False),
        (("lost",), LOST, None, False, True),
        (("lost",), FAILED, 1, False, False),
        (("exit 3",), FAILED, 3, False, True),
        (("exit 3",), FAILED, 4, False, False),
        (("timeout",), FAILED, 75, False, True),  # the job itself asks for it
        (("signal KILL",), FAILED, -9, False, True),
        (("signal KILL",), FAILED, 137, False, True),  # as a shell says it
        (("exit 137",), FAILED, 137, False, True),
        (("exit 137",), FAILED, -9, False, False),
        (("signal TERM",), FAILED, -9, False, False),
        (("failed", "timeout", "lost"), RunState.SUCCEEDED, 0, False, False),
        (("failed", "timeout", "lost"), RunState.CANCELLED, -15, False, False),
        (("failed", "timeout", "lost"), RunState.SKIPPED, None, False, False),
    ],
)
def test_what_is_tried_again(on: tuple[str, ...], state: RunState, code: int, timeout: bool, again: bool) -> None:
    assert wanted(Retry(on=on), state, code, timeout=timeout) is again


@pytest.mark.parametrize(("attempt", "again"), [(1, True), (2, True), (3, False), (4, False)])
def test_all_tries_are_counted(attempt: int, again: bool) -> None:
    assert more(replace(RUN, cause=Cause(attempt=attempt))) is again


def test_a_task_that_says_nothing_tries_nothing_again() -> None:
    assert not more(replace(RUN, retry=None))


def test_the_next_try_is_the_same_press() -> None:
    made = following(RUN, 8, 100, 200)
    assert (made.id, made.state, made.pressed_at, made.not_before) == (8, RunState.WAITING, 100, 200)
    assert made.cause == Cause(CauseKind.RETRY, 5, 2)
    assert (made.actor, made.inputs, made.why, made.digest) == (RUN.actor, RUN.inputs, RUN.why, RUN.digest)
    assert (made.retry, made.series) == (RUN.retry, 5)


def test_the_third_try_is_of_the_series_of_the_first() -> None:
    second = following(RUN, 8, 100, 200)
    third = following(replace(second, state=FAILED), 11, 300, 400)
    assert (third.cause, third.series) == (Cause(CauseKind.RETRY, 8, 3), 5)


def test_the_end_says_which_try_follows() -> None:
    made = following(RUN, 8, 100, 2_000_000)
    drafts = told([Draft(Kind.NOTE, {"text": "x"}), Draft(Kind.STATE, {"state": "failed"})], made)
    assert drafts[1].data == {"state": "failed", "next": 8, "not_before": "1970-01-01T00:00:02.000000Z"}


def test_it_comes_back_from_json_as_it_was() -> None:
    said = Retry(4, 1.5, 3, 60, 0.2, ("lost", "exit 3"))
    assert Retry.from_json(said.to_json()) == said
