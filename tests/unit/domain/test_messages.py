"""What is told of an event, to whom, and when it goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pushbutton.domain.approval import Hold
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.messages import (
    LATE,
    LONGER,
    MOST,
    WINDOW,
    Message,
    Occasion,
    Rule,
    Wish,
    Wishes,
    batches,
    by_rules,
    by_wishes,
    presser,
    quiet_until,
    told_of,
)
from pushbutton.domain.run import Run, RunState

MINUTE = 60 * 1_000_000


def run(state: RunState, number: int = 5, **more: Any) -> Run:
    return Run(number, "deploy", "Deploy", state, 1, "ada", {}, 0, **more)


def event(state: RunState) -> Event:
    return Event(9, 5, "deploy", 1, Kind.STATE, {"state": state.value})


def ended(state: RunState, *before: RunState) -> dict[Occasion, int]:
    return dict(told_of(event(state), run(state), [run(one) for one in before]))


F, S, C, L = RunState.FAILED, RunState.SUCCEEDED, RunState.CANCELLED, RunState.LOST


@pytest.mark.parametrize(
    ("state", "before", "expected"),
    [
        (S, [], {Occasion.OVER: 0}),
        (S, [S, F], {Occasion.OVER: 0}),
        (S, [F, S], {Occasion.OVER: 0, Occasion.RECOVERED: 0}),
        (S, [C, L], {Occasion.OVER: 0, Occasion.RECOVERED: 0}),
        (C, [F], {Occasion.OVER: 0}),
        (F, [], {Occasion.OVER: 0, Occasion.FAILED: 1}),
        (F, [L, C, F, S, F], {Occasion.OVER: 0, Occasion.FAILED: 3}),
        (L, [S], {Occasion.OVER: 0, Occasion.FAILED: 1}),
        (RunState.SKIPPED, [F], {}),
        (RunState.RUNNING, [], {}),
    ],
)
def test_what_the_end_of_a_run_is(state, before, expected):
    assert ended(state, *before) == expected


def test_a_try_after_which_there_is_another_one_is_not_told():
    tried = Event(9, 5, "deploy", 1, Kind.STATE, {"state": "failed", "next": 6})
    assert told_of(tried, run(F)) == {}


def test_who_waits_for_a_run_is_told_of_the_last_of_its_tries():
    last = run(S, 7, series=5)
    assert by_wishes(wish(runs=(5,)), {Occasion.OVER: 0}, last, "deploy", mine=False, may=False) is Occasion.OVER


def test_a_run_that_was_decided_meanwhile_asks_nobody_any_more():
    hold = Hold(1, 24, 10, "bob", "d")
    assert told_of(event(RunState.HELD), run(RunState.HELD, hold=hold)) == {Occasion.ASKS: 0}
    assert told_of(event(RunState.HELD), run(RunState.WAITING, hold=hold)) == {}


@pytest.mark.parametrize(("code", "occasion"), [(LONGER, Occasion.LONGER), (LATE, Occasion.LATE)])
def test_notes_that_are_told(code, occasion):
    note = Event(9, 5, "deploy", 1, Kind.NOTE, {"code": code, "text": "…"})
    assert told_of(note, run(RunState.RUNNING)) == {occasion: 0}
    assert told_of(note, run(S)) == {}
    assert told_of(Event(9, 5, "deploy", 1, Kind.NOTE, {"text": "…"}), run(RunState.RUNNING)) == {}


def test_rules_tell_each_channel_once_and_name_the_gravest():
    rules = [
        Rule(Occasion.OVER, ("ops", "log")),
        Rule(Occasion.FAILED, ("ops",)),
        Rule(Occasion.FAILED, ("boss",), times=3),
        Rule(Occasion.RECOVERED, ("log",)),
    ]
    assert by_rules(rules, {Occasion.OVER: 0, Occasion.FAILED: 2}) == {"ops": Occasion.FAILED, "log": Occasion.OVER}
    assert by_rules(rules, {Occasion.OVER: 0, Occasion.FAILED: 3})["boss"] is Occasion.FAILED
    assert "boss" not in by_rules(rules, {Occasion.OVER: 0, Occasion.FAILED: 4})


def wish(*tell: Wish, **more: Any) -> Wishes:
    return Wishes("ada", tuple(one.value for one in tell), **more)


FAILURE = {Occasion.OVER: 0, Occasion.FAILED: 1}


@pytest.mark.parametrize(
    ("wishes", "mine", "expected"),
    [
        (wish(Wish.FAIL), True, Occasion.FAILED),
        (wish(Wish.FAIL), False, None),
        (wish(Wish.OVER), True, Occasion.OVER),
        (wish(), True, None),
        (wish(runs=(5,)), False, Occasion.FAILED),
        (wish(runs=(6,)), False, None),
        (wish(Wish.FOLLOWED, follows=("deploy",)), False, Occasion.FAILED),
        (wish(follows=("deploy",)), False, None),
    ],
)
def test_what_a_person_is_told_of_a_failure(wishes, mine, expected):
    assert by_wishes(wishes, FAILURE, run(F), "deploy", mine=mine, may=False) is expected


def test_what_needs_somebody_is_told_to_those_who_may_decide_it():
    asks = {Occasion.ASKS: 0}
    assert by_wishes(wish(Wish.NEEDS), asks, run(RunState.HELD), "deploy", mine=False, may=True) is Occasion.ASKS
    assert by_wishes(wish(Wish.NEEDS), asks, run(RunState.HELD), "deploy", mine=True, may=False) is None
    assert by_wishes(wish(), asks, run(RunState.HELD), "deploy", mine=False, may=True) is None


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ("ada", "ada"),
        ("token:ada/nightly", "ada"),
        ("link:7/ada", "ada"),
        ("schedule:deploy/nightly", ""),
        ("run:3", ""),
    ],
)
def test_whose_a_run_is(actor, user):
    assert presser(actor) == user


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("begin", "end", "moment", "until"),
    [
        (19 * 60, 7 * 60, at(12, 20), at(13, 7)),
        (19 * 60, 7 * 60, at(12, 3), at(12, 7)),
        (19 * 60, 7 * 60, at(12, 7), 0),
        (19 * 60, 7 * 60, at(12, 18, 59), 0),
        (12 * 60, 13 * 60 + 30, at(12, 12), at(12, 13, 30)),
        (12 * 60, 12 * 60, at(12, 12), 0),
    ],
)
def test_when_the_quiet_hours_end(begin, end, moment, until):
    assert quiet_until(Wishes("ada", quiet_from=begin, quiet_until=end), moment) == until


def test_quiet_hours_are_those_of_the_persons_zone():
    wishes = Wishes("ada", quiet_from=19 * 60, quiet_until=7 * 60, zone="Europe/Berlin")
    assert quiet_until(wishes, at(12, 18)) == at(13, 6)
    assert quiet_until(wishes, at(12, 6)) == 0


def waiting(count: int, **more: Any) -> list[Message]:
    return [Message("ops", Occasion.FAILED, number, number, id=number, **more) for number in range(1, count + 1)]


def test_up_to_ten_go_one_by_one_and_more_as_one_digest():
    single, coming = batches(waiting(MOST), (), WINDOW)
    assert [one.messages for one in single] == [(one,) for one in waiting(MOST)]
    assert coming is None
    many, _ = batches(waiting(MOST + 4), (), WINDOW)
    assert [one.messages for one in many] == [tuple(waiting(MOST + 4))]
    assert many[0].digest


def test_in_any_ten_minutes_nobody_gets_more_than_ten_and_one_digest():
    """A message every ten seconds for two hours, by pure time: all are told, in order, and never too many."""
    sent: list[int] = []
    told: list[int] = []
    left: list[Message] = []
    for number in range(1, 721):
        now = WINDOW + number * 10 * 1_000_000
        left.append(Message("ops", Occasion.FAILED, number, now, id=number))
        for batch in batches(left, sent, now)[0]:
            sent.append(now)
            told += [one.id for one in batch.messages]
            left = [one for one in left if one not in batch.messages]
    assert told == list(range(1, len(told) + 1))
    assert len(told) > 600
    for begin in sent:
        assert sum(begin <= one < begin + WINDOW for one in sent) <= MOST + 1


def test_a_full_receiver_is_looked_at_again_when_there_is_room():
    sent = [WINDOW + number for number in range(MOST + 1)]
    now = WINDOW + MINUTE
    assert batches(waiting(1), sent, now) == ((), sent[0] + WINDOW)
    assert len(batches(waiting(1), sent, sent[0] + WINDOW)[0]) == 1


def test_what_was_kept_back_over_the_quiet_hours_goes_out_as_one():
    night = waiting(3, after=at(13, 7))
    assert batches(night, (), at(13, 6)) == ((), at(13, 7))
    assert [one.messages for one in batches(night, (), at(13, 7))[0]] == [tuple(night)]
    urgent = Message("ops", Occasion.ASKS, 9, 9, id=9)
    assert [one.messages for one in batches([*night, urgent], (), at(13, 6))[0]] == [(urgent,)]
