"""What everything that compares patterns must guarantee, see `runtime.ports.Patterns`."""

from __future__ import annotations

import asyncio
import re

import pytest

from pushbutton.adapters import patterns as adapter
from pushbutton.adapters.patterns import LimitedPatterns
from pushbutton.runtime.ports import Patterns

FOR_EVER = (r"(\w+\s?)*;", "y" * 50)


@pytest.fixture(params=[LimitedPatterns])
def patterns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Patterns:
    monkeypatch.setattr(adapter, "SECONDS", 0.2)
    made: Patterns = request.param()
    return made


@pytest.mark.parametrize("text", ["", "web-1", "web-1\n", "a\u2028b", "ü", "\U0001f600", "x" * 5000, '"\\'])
async def test_the_answer_is_what_python_says(patterns, text):
    asked = [(pattern, text) for pattern in (r"[a-z]+-\d", r".*", r"\w?", r"(?s:.)+", r"x{5000}")]
    assert await patterns.fits(asked) == {pair: re.fullmatch(*pair) is not None for pair in asked}


async def test_nothing_asked_is_nothing_answered(patterns):
    assert await patterns.fits([]) == {}


async def test_what_takes_for_ever_is_not_found_out_and_what_stands_beside_it_is(patterns):
    before, behind = (r"a+", "aa"), (r"b+", "c")
    assert await patterns.fits([before, FOR_EVER, behind]) == {before: True, FOR_EVER: None, behind: False}


async def test_who_asks_much_at_once_never_gets_an_error(patterns):
    pair = (r"a+", "aa")
    answers = await asyncio.gather(*(patterns.fits([pair]) for _ in range(30)))
    assert {answer[pair] for answer in answers} <= {True, None}
    assert any(answer[pair] for answer in answers)
