"""Who may do what: every role and right, given for every place, asked for with every verb at every place."""

from __future__ import annotations

from itertools import product

import pytest

from pushbutton.domain.actor import ALL, LOCAL, NOBODY, Actor, Right, Verb
from pushbutton.domain.policy import (
    EVERYONE,
    SERVER,
    Grant,
    Resource,
    anywhere,
    decide,
    directly,
    everywhere,
    in_person,
    require,
    rights_of,
    schedules,
    through,
    verbs,
)
from pushbutton.errors import Refused

# What each role or right lets one do where it is given: see, output, press, stop, approve, secrets, administer.
GIVES = {
    "viewer": "so.....",
    "presser": "sops...",
    "approver": "so..aS.",
    "admin": "sopsaSA",
    "see": "s......",
    "output": "so.....",
    "press": "s.p....",
    "stop": "s..s...",
    "approve": "s...a..",
    "secrets": "s....S.",
    "administer": "sopsaSA",
}
# Where it counts, by where it was given.
PLACES = {
    "a task in the group": Resource("weekly", "Reports"),
    "another task in it": Resource("monthly", "Reports"),
    "a task of another group": Resource("deploy", "Deployments"),
    "a task in no group": Resource("unlock"),
    "the task after it was removed": Resource("weekly"),
    "the server": SERVER,
}
COUNTS = {
    "*": set(PLACES),
    "group:Reports": {"a task in the group", "another task in it"},
    "task:weekly": {"a task in the group", "the task after it was removed"},
    # places that are none, or almost the right one
    "task:": set(),
    "group:": set(),
    "group:reports": set(),
    "task:Reports": set(),
    "group:weekly": set(),
    "weekly": set(),
    "": set(),
}
REASONS = {
    Verb.SEE: "There is nothing here for you to see.",
    Verb.OUTPUT: "You may see this run, but not what it wrote.",
    Verb.PRESS: "You may look at this, but not press it.",
    Verb.STOP: "You may look at this run, but not stop it.",
    Verb.APPROVE: "You may look at this, but not approve it.",
    Verb.SECRETS: "Which secrets this is given is not for you to see.",
    Verb.ADMIN: "This is for administrators.",
}
CELLS = [*product(GIVES, COUNTS, Verb, PLACES)]


def holder(gives: str, where: str) -> Actor:
    return Actor("ada", rights_of("ada", (), [Grant("user:ada", gives, where)]), user="ada")


def given(gives: str, where: str, verb: Verb, place: str) -> bool:
    return place in COUNTS[where] and GIVES[gives][list(Verb).index(verb)] != "."


def test_the_table_holds_every_role_and_every_right():
    assert len(CELLS) == len(GIVES) * len(COUNTS) * len(Verb) * len(PLACES)
    assert set(GIVES) == {*Verb, "viewer", "presser", "approver", "admin"}


@pytest.mark.parametrize(("gives", "where"), [*product(GIVES, COUNTS)])
def test_every_cell(gives, where):
    ada = holder(gives, where)
    for verb, place in product(Verb, PLACES):
        decision = decide(ada, verb, PLACES[place])
        assert decision.allowed is given(gives, where, verb, place), (verb, place)
        assert decision.reason == ("" if decision else REASONS[verb])


@pytest.mark.parametrize(("gives", "where"), [*product(GIVES, COUNTS)])
def test_every_cell_of_a_scope_cuts_down_and_never_adds(gives, where):
    scope = frozenset(Right(verb, where) for verb in Verb if GIVES[gives][list(Verb).index(verb)] != ".")
    for own, own_where in product(GIVES, ("*", "group:Reports", "task:weekly")):
        owner = holder(own, own_where)
        token = Actor("token:ada/x", owner.rights, scope, user="ada")
        for verb, place in product(Verb, PLACES):
            both = given(own, own_where, verb, place) and given(gives, where, verb, place)
            assert decide(token, verb, PLACES[place]).allowed is both, (own, own_where, verb, place)


def test_a_scope_of_nothing_is_not_a_scope_of_everything():
    assert not any(decide(Actor("token:ada/x", ALL, frozenset()), verb) for verb in Verb)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("place", PLACES)
def test_nobody_may_do_anything_and_is_told_to_sign_in(verb, place):
    for nobody in (NOBODY, Actor("", ALL)):
        decision = decide(nobody, verb, PLACES[place])
        assert (decision.allowed, decision.reason) == (False, "Sign in first.")


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("place", PLACES)
def test_while_nobody_signs_in_everybody_may_do_everything(verb, place):
    assert decide(LOCAL, verb, PLACES[place])


@pytest.mark.parametrize("verb", Verb)
def test_what_is_refused_is_refused_with_the_reason(verb):
    with pytest.raises(Refused, match=f"^{REASONS[verb]}$"):
        require(Actor("ada"), verb)
    require(LOCAL, verb)


@pytest.mark.parametrize(
    ("who", "counts"),
    [
        ("user:ada", True), ("group:ops", True), (EVERYONE, True),
        ("user:bob", False), ("group:dev", False), ("user:ops", False), ("group:ada", False),
        ("ada", False), ("", False),
        ("user:", False), ("group:", False), ("user:*", False), ("user:Ada", False),
    ],
)  # fmt: skip
def test_a_grant_is_for_whom_it_names(who, counts):
    assert bool(rights_of("ada", ["ops"], [Grant(who, "viewer")])) is counts


def test_rights_of_several_grants_add_up():
    grants = [Grant("user:ada", "viewer"), Grant("group:ops", "press", "task:d"), Grant(EVERYONE, "see", "group:R")]
    ada = Actor("ada", rights_of("ada", ["ops"], grants))
    assert verbs(ada, Resource("d", "D")) == {Verb.SEE, Verb.OUTPUT, Verb.PRESS}
    assert verbs(ada, Resource("weekly", "R")) == {Verb.SEE, Verb.OUTPUT}


@pytest.mark.parametrize(("gives", "where", "verb"), [*product(GIVES, ("*", "group:Reports", "task:weekly"), Verb)])
def test_everywhere_and_anywhere(gives, where, verb):
    ada, has = holder(gives, where), GIVES[gives][list(Verb).index(verb)] != "."
    assert everywhere(ada, verb) is (has and where == "*")
    assert anywhere(ada, verb) is has
    assert not anywhere(Actor("token:ada/x", ada.rights, frozenset()), verb)
    assert not anywhere(Actor("", ALL), verb)


@pytest.mark.parametrize(
    ("actor", "itself", "person", "schedule"),
    [
        (Actor("ada", ALL, user="ada"), True, True, True),
        (Actor("token:ada/x", ALL, ALL, user="ada"), False, False, True),
        (Actor("link:7/ada", ALL, frozenset(), user="ada", own=True), False, False, False),
        (Actor("link:7/ada", ALL, user="ada", own=True), False, False, False),
        (Actor("schedule:deploy/nightly", ALL), True, False, False),
        (LOCAL, True, False, True),
        (NOBODY, False, False, False),
    ],
)
def test_what_is_handed_on_is_nobody_itself(actor, itself, person, schedule):
    assert bool(schedules(actor)) is schedule
    assert bool(schedules(actor).reason) is not schedule
    assert bool(directly(actor)) is itself
    assert bool(in_person(actor)) is person
    assert bool(directly(actor).reason) is not itself


def test_those_who_may_do_the_same_are_one_audience_and_no_others_are():
    seen: dict[str, tuple[object, ...]] = {}
    for gives, where in product(GIVES, COUNTS):
        ada = holder(gives, where)
        bob = Actor("bob", ada.rights)
        assert ada.audience == bob.audience
        for actor in (ada, Actor("ada", ALL, ada.rights)):
            same = (frozenset(actor.rights), actor.within)
            assert seen.setdefault(actor.audience, same) == same
    assert seen[""] == (ALL, None)


def test_what_somebody_may_do_is_told_with_every_grant_that_gives_it():
    own, of_group, others = (
        Grant("user:ada", "press", "task:d"),
        Grant("group:ops", "viewer"),
        Grant("user:bob", "admin"),
    )
    found = through("ada", ["ops"], [own, of_group, others], Resource("d", "R"))
    assert found == {Verb.SEE: [own, of_group], Verb.OUTPUT: [of_group], Verb.PRESS: [own]}
    assert through("ada", ["ops"], [own, of_group, others], Resource("e")) == {
        Verb.SEE: [of_group],
        Verb.OUTPUT: [of_group],
    }
