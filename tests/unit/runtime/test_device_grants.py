"""Asking from a terminal: codes are short-lived, few, and answered once."""

from __future__ import annotations

import pytest

from pushbutton.errors import NotFound, Refused
from pushbutton.runtime.device_grants import LASTS, MOST, MOST_FROM_ONE, Answer, DeviceGrants, TokenRequest

WANTED = TokenRequest("ci", frozenset(), 90)


def test_the_answer_is_fetched_once_and_by_who_asked():
    grants = DeviceGrants()
    grant, secret = grants.begin(WANTED, "192.0.2.7", 0)
    assert grants.fetch(secret, 1).answer is Answer.NONE
    grants.answer(grants.find(grant.code, 1), Answer.YES, 1, made="pbt_x", by="ada")
    for wrong in (grant.code, "", "nothing"):
        with pytest.raises(NotFound):
            grants.fetch(wrong, 2)
    found = grants.fetch(secret, 2)
    assert (found.answer, found.made, found.by) == (Answer.YES, "pbt_x", "ada")
    with pytest.raises(NotFound):
        grants.fetch(secret, 3)


def test_a_code_is_read_as_people_type_it():
    grants = DeviceGrants()
    grant, _ = grants.begin(WANTED, "", 0)
    for typed in (grant.code.lower(), grant.code.replace("-", ""), f" {grant.code.replace('-', ' ')} "):
        assert grants.find(typed, 1) == grant
    assert len(grant.code) == 9


def test_nobody_answers_twice_or_too_late():
    grants = DeviceGrants()
    grant, secret = grants.begin(WANTED, "", 0)
    grants.answer(grant, Answer.NO, 1)
    for answer in (lambda: grants.find(grant.code, 2), lambda: grants.answer(grant, Answer.YES, 2, made="x")):
        with pytest.raises(NotFound):
            answer()
    assert grants.fetch(secret, 2).answer is Answer.NO
    late, secret = grants.begin(WANTED, "", 0)
    with pytest.raises(NotFound):
        grants.find(late.code, LASTS)
    with pytest.raises(NotFound):
        grants.fetch(secret, LASTS)


def test_there_are_never_many():
    grants = DeviceGrants()
    for _ in range(MOST_FROM_ONE):
        grants.begin(WANTED, "192.0.2.7", 0)
    with pytest.raises(Refused, match="Too many"):
        grants.begin(WANTED, "192.0.2.7", 0)
    for number in range(MOST - MOST_FROM_ONE):
        grants.begin(WANTED, f"198.51.100.{number}", 0)
    with pytest.raises(Refused, match="Too many"):
        grants.begin(WANTED, "203.0.113.1", 0)
    grants.begin(WANTED, "192.0.2.7", LASTS)  # the old ones are forgotten
