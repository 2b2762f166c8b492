"""No cut of the stream lets a secret through, and nothing else is held back or changed."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.supervisor.redact import MASK, Redactor


def through(values: list[str], parts: list[bytes]) -> bytes:
    redactor = Redactor(values)
    return b"".join(redactor.feed(part) for part in parts) + redactor.finish()


def test_a_value_is_masked():
    assert through(["hunter2"], [b"pass hunter2 word"]) == b"pass " + MASK + b" word"


def test_a_value_that_comes_byte_by_byte_is_masked():
    assert through(["hunter2"], [bytes([byte]) for byte in b"a hunter2 b"]) == b"a " + MASK + b" b"


def test_output_that_cannot_begin_a_secret_is_not_delayed():
    assert Redactor(["hunter2"]).feed(b"hello\n") == b"hello\n"


def test_only_what_may_begin_a_secret_is_held_back():
    redactor = Redactor(["hunter2"])
    assert redactor.feed(b"say hunt") == b"say "
    assert redactor.feed(b"ing\n") == b"hunting\n"


def test_a_longer_value_is_not_betrayed_by_a_shorter_one_inside_it():
    assert through(["abcd", "abcdefgh"], [b"abcd", b"efgh."]) == MASK + b"."
    assert through(["cdef", "abcdefgh"], [b"abcdef", b"gh."]) == MASK + b"."


def test_values_that_overlap_in_the_text_leave_no_readable_whole():
    assert b"abcabc" not in through(["abcabc"], [b"abcabcabc"])


def test_each_line_of_a_value_with_several_is_masked():
    out = through(["first line\nsecond line"], [b"x second line y\r\nfirst line"])
    assert b"line" not in out


@pytest.mark.parametrize("value", ['with "quotes"', "back\\slash", "ünïcødé", "tab\there"])
def test_a_value_inside_json_is_masked(value):
    for plain in (True, False):
        assert MASK in through([value], [json.dumps({"text": value}, ensure_ascii=plain).encode()])


@pytest.mark.parametrize("value", ["hunter2hunter2", "p@ss/wörd+more?", "x" * 33])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z", "yz"])
def test_a_value_inside_base64_is_masked_wherever_it_stands(value, before, after):
    data = f"{before}{value}{after}".encode()
    for coded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        out = through([value], [coded])
        assert MASK in out
        # at most the characters at its two ends, which say less than a byte each, are left of it
        assert len(out.replace(MASK, b"")) <= len(coded) - len(base64.b64encode(value.encode()).rstrip(b"=")) + 5


@pytest.mark.parametrize("value", ["p@ss/wörd+more?", "a b&c=d"])
def test_a_value_inside_a_url_is_masked(value):
    for safe in ("", "/"):
        assert through([value], [f"?q={urllib.parse.quote(value, safe=safe)}&x".encode()]) == b"?q=" + MASK + b"&x"


def test_values_too_short_to_hide_are_left():
    assert through(["abc"], [b"abc"]) == b"abc"


def test_a_text_is_cleaned_at_once():
    assert Redactor(["hunter2"]).clean("is hunter2") == "is " + MASK.decode()


@settings(deadline=None)
@given(
    secret=st.text(alphabet="abAB", min_size=4, max_size=9),
    noise=st.lists(st.text(alphabet="abAB\n", max_size=12), max_size=6),
    cuts=st.lists(st.integers(1, 7), max_size=40),
)
def test_whatever_the_cuts_no_secret_comes_out_and_the_result_is_the_same(secret, noise, cuts):
    data = secret.join(noise).encode()
    parts, rest = [], data
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]
    out = through([secret], [*parts, rest])
    assert secret.encode() not in out
    assert out == through([secret], [data])
