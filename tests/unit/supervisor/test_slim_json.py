"""The supervisor's JSON is that of the package `json`."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.supervisor import slim_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_it_writes_is_what_json_writes(value: Any):
    assert slim_json.dumps(value) == json.dumps(value, separators=(",", ":"))


@given(VALUES)
def test_it_reads_what_json_reads(value: Any):
    assert slim_json.loads(f" {json.dumps(value, indent=1)}\r\n") == value


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\ \n\t\x00é'))
def test_it_refuses_what_json_refuses(text: str):
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            slim_json.loads(text)
    else:
        assert slim_json.loads(text) == expected


def test_it_reads_the_numbers_that_only_python_has():
    assert slim_json.loads("[Infinity, -Infinity]") == [math.inf, -math.inf]
    assert math.isnan(slim_json.loads("NaN"))


def test_half_a_character_goes_through():
    assert slim_json.loads(slim_json.dumps("\ud800")) == "\ud800"


def test_what_is_nested_without_end_is_told_as_such():
    with pytest.raises(RecursionError):
        slim_json.loads("[" * 100_000)


def test_what_json_has_not_is_told_as_such():
    with pytest.raises(TypeError):
        slim_json.dumps({"a": object()})


def test_the_quick_way_is_taken_here():
    assert slim_json._write.__qualname__.startswith("_quick")
