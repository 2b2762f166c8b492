"""Patterns of authors: what they mean does not change, and nobody waits for one. Real processes."""

from __future__ import annotations

import asyncio
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.adapters import patterns
from pushbutton.adapters.catalog.check import checked
from pushbutton.adapters.patterns import LimitedPatterns
from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.pattern import here, nested
from pushbutton.errors import InvalidInputs
from pushbutton.testing import opened, press_and_wait

SLOW = [
    (r"(\w+\s?)*;", "x" * 48),
    (r"^(\d*)*$", "1" * 48 + "x"),
    (r"(a|ab|b)*c", "ab" * 40),
    (r"(?:[^,]+,?)+\.", "w" * 48),
    (r"(.*)(.*)(.*)(.*)(.*)(.*)(.*)!", "z" * 200),
    (r"(x+x+)+y", "x" * 48),
    (r"(?=(q+)+r)q*", "q" * 48),
]
QUICK = [
    (r"[A-Z]{2}-\d{4}", "AB-1234"),
    (r"[a-z][a-z0-9-]{0,62}", "web-1"),
    (r"(?i)v?\d+\.\d+\.\d+(-[a-z0-9]+)?", "V1.20.3-rc1"),
    (r"(\d{1,3}\.){3}\d{1,3}", "10.0.255.1"),
    (r"(?!.*--)[a-z-]+", "a-b"),
]


@pytest.mark.parametrize(("pattern", "text"), SLOW)
def test_what_may_take_long_is_not_begun_here(pattern: str, text: str):
    assert here(pattern, text) is None


@pytest.mark.parametrize(("pattern", "text"), QUICK)
def test_the_patterns_of_everyday_are_compared_here(pattern: str, text: str):
    assert here(pattern, text) is True
    assert here(pattern, f"{text} ") is False


PIECES = st.sampled_from(
    ["a", "b", ".", "[ab]", "a*", "b+", "a?", "(a|b)", "(ab)*", "(a+b)*", "(?=a)", "(?:b?)+", r"(a)\1"]
)


@given(st.lists(PIECES, max_size=5).map("".join), st.text("abc", max_size=8))
def test_what_is_compared_here_is_what_python_says(pattern: str, text: str):
    assert here(pattern, text) in {None, re.fullmatch(pattern, text) is not None}


async def test_in_a_process_of_its_own_a_pattern_means_what_it_means_here():
    asked = [
        (r"(\w+) \1", "straße straße"),
        (r"(?<=a)b|\d+", "٣٤"),
        (r"(?P<q>['\"]).*(?P=q)", "'x\""),
        (r"[^\W\d_]+", "Łódź"),
        (r".+", "a\nb"),
    ]
    assert await LimitedPatterns().fits(asked) == {pair: re.fullmatch(*pair) is not None for pair in asked}


async def test_what_takes_too_long_is_ended_and_what_stands_beside_it_is_answered(monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    before, slow, behind = (r"(a*)*", "aaa"), SLOW[0], (r"(b*)*", "c")
    assert await LimitedPatterns().fits([before, slow, behind]) == {before: True, slow: None, behind: False}


def test_who_has_no_process_at_hand_refuses_what_may_take_long():
    param = Param("host", ParamType.STR, pattern=r"([a-z]+[.]?)+!", help="Such as web.example!")
    with pytest.raises(InvalidInputs) as caught:
        parse([param], {"host": "w" * 60})
    assert caught.value.fields == {
        "host": "Write this shorter: it could not be compared in time with what is asked for. Such as web.example!"
    }


async def test_a_pattern_that_takes_for_ever_holds_up_no_other_press(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 600.0)
    monkeypatch.setattr(patterns, "_WALL", 600.0)
    (tmp_path / "pushbutton.yaml").write_text(
        textwrap.dedent(
            r"""
            tasks:
              slow: {command: [echo, "{word}"], params: {word: {type: str, pattern: '(\w+\s?)*;'}}}
              other: {command: [echo, done]}
            """
        )
    )
    async with opened(tmp_path) as app:
        held = asyncio.create_task(app.press("slow", word="x" * 60))
        done = await press_and_wait(app, "other")
        assert done.run.state == "succeeded"
        assert not held.done()
        held.cancel()
        with pytest.raises(asyncio.CancelledError):
            await held


async def test_a_press_with_a_text_that_takes_too_long_is_refused_in_a_sentence(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    (tmp_path / "pushbutton.yaml").write_text(
        r"tasks: {slow: {command: [echo, '{word}'], params: {word: {type: str, pattern: '(\w+\s?)*;'}}}}"
    )
    async with opened(tmp_path) as app:
        with pytest.raises(InvalidInputs) as caught:
            await app.press("slow", word="x" * 60)
        assert caught.value.fields["word"].startswith("Write this shorter: it could not be compared in time")
        assert (await press_and_wait(app, "slow", word="a b;")).output == "a b;\n"


async def test_check_warns_of_a_pattern_that_is_slow_and_not_of_one_that_looks_like_it(tmp_path, monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    (tmp_path / "pushbutton.yaml").write_text(
        textwrap.dedent(
            r"""
            tasks:
              one: {command: [echo], params: {host: {type: str, pattern: '(?:www[.])?([a-zA-Z]+[.-]?)+[a-z]{2,}'}}}
              two: {command: [echo], params: {host: {type: str, pattern: '([a-z0-9]+[.])+[a-z]{2,}'}}}
            """
        )
    )
    (problem,) = await checked([tmp_path], LimitedPatterns())
    assert problem.warning
    assert problem.sentence.startswith("The pattern of “host” repeats a repetition")
    assert problem.line == 3


async def test_a_default_that_takes_long_holds_up_no_start_and_check_says_that_it_does_not_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks: {one: {command: [echo], params: {x: {type: str, pattern: '(o+o?)+k', default: '" + "o" * 60 + "'}}}}"
    )
    async with opened(tmp_path) as app:
        core = await app.open()
        assert core.catalog.task("one").broken == ""
    assert [one.warning for one in await checked([tmp_path], LimitedPatterns())] == [False, True]


@pytest.mark.parametrize("pattern", ["", "abc", r"[a-z]+@[a-z]+", r"(a{1,3}b){2}", r"([a-z]+)?"])
def test_nothing_is_tried_with_a_pattern_that_repeats_no_repetition(pattern: str):
    assert nested(pattern) == ""
