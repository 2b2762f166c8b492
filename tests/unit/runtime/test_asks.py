"""Asking from a terminal: codes are short-lived, few, and answered once."""

from __future__ import annotations

import pytest

from pushbutton.errors import NotFound, Refused
from pushbutton.runtime.asks import LASTS, MOST, MOST_FROM_ONE, Answer, Asks, TokenWish

WISH = TokenWish("ci", frozenset(), 90)


def test_the_answer_is_fetched_once_and_by_who_asked():
    asks = Asks()
    ask, secret = asks.begin(WISH, "192.0.2.7", 0)
    assert asks.fetch(secret, 1).answer is Answer.NONE
    asks.answer(asks.find(ask.code, 1), Answer.YES, 1, made="pbt_x", by="ada")
    for wrong in (ask.code, "", "nothing"):
        with pytest.raises(NotFound):
            asks.fetch(wrong, 2)
    found = asks.fetch(secret, 2)
    assert (found.answer, found.made, found.by) == (Answer.YES, "pbt_x", "ada")
    with pytest.raises(NotFound):
        asks.fetch(secret, 3)


def test_a_code_is_read_as_people_type_it():
    asks = Asks()
    ask, _ = asks.begin(WISH, "", 0)
    for typed in (ask.code.lower(), ask.code.replace("-", ""), f" {ask.code.replace('-', ' ')} "):
        assert asks.find(typed, 1) == ask
    assert len(ask.code) == 9


def test_nobody_answers_twice_or_too_late():
    asks = Asks()
    ask, secret = asks.begin(WISH, "", 0)
    asks.answer(ask, Answer.NO, 1)
    for answer in (lambda: asks.find(ask.code, 2), lambda: asks.answer(ask, Answer.YES, 2, made="x")):
        with pytest.raises(NotFound):
            answer()
    assert asks.fetch(secret, 2).answer is Answer.NO
    late, secret = asks.begin(WISH, "", 0)
    with pytest.raises(NotFound):
        asks.find(late.code, LASTS)
    with pytest.raises(NotFound):
        asks.fetch(secret, LASTS)


def test_there_are_never_many():
    asks = Asks()
    for _ in range(MOST_FROM_ONE):
        asks.begin(WISH, "192.0.2.7", 0)
    with pytest.raises(Refused, match="Too many"):
        asks.begin(WISH, "192.0.2.7", 0)
    for number in range(MOST - MOST_FROM_ONE):
        asks.begin(WISH, f"198.51.100.{number}", 0)
    with pytest.raises(Refused, match="Too many"):
        asks.begin(WISH, "203.0.113.1", 0)
    asks.begin(WISH, "192.0.2.7", LASTS)  # the old ones are forgotten
