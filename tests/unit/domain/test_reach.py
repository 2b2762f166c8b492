"""Whose runs somebody may see, as a store is asked for them: the same as the policy says of each run's two places."""

from __future__ import annotations

from itertools import chain, combinations, product

import pytest

from pushbutton.domain.actor import Actor, Right, Rights, Verb
from pushbutton.domain.policy import Resource, decide
from pushbutton.domain.reach import Reach

TASKS = {"weekly": "Reports", "deploy": "Live", "unlock": "", "gone": ""}  # where they stand now
GROUPS = ["Reports", "Live", "", "Old"]
WHERE = ["*", "group:Reports", "group:Live", "group:Old", "task:weekly", "task:gone", "group:", "task:"]


def rights() -> list[Rights]:
    few = chain.from_iterable(combinations(WHERE, size) for size in (1, 2))
    return [frozenset(Right(Verb.SEE, place) for place in places) for places in few]


def named(within: Rights | None) -> str:
    """The same in every process: a set has no order of its own."""
    return "all" if within is None else " and ".join(sorted(right.where for right in within))


@pytest.mark.parametrize("within", [None, *rights()[:12]], ids=named)
def test_a_run_is_within_reach_when_both_of_its_places_allow_it(within):
    for held in rights():
        actor = Actor("ada", held, within)
        seen = [task for task, group in TASKS.items() if decide(actor, Verb.SEE, Resource(task, group))]
        reach = Reach.over(actor, seen)
        for task, then in product(TASKS, GROUPS):
            both = decide(actor, Verb.SEE, Resource(task, TASKS[task]), Resource(task, then))
            assert reach.holds(task, then) == bool(both), (held, within, task, then)


def test_a_right_to_something_else_is_none_to_see():
    actor = Actor("ada", frozenset({Right(Verb.SEE, "group:Live"), Right(Verb.PRESS, "group:Old"), Right(Verb.PRESS)}))
    assert not Reach.over(actor, ["deploy"]).holds("deploy", "Old")
