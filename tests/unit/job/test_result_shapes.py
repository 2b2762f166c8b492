"""What is kept of a result that a job reports: bounded, plain, and never an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.job import result
from pushbutton.job.protocol import LIMIT, parse
from pushbutton.job.shapes import COLUMNS, ROWS, of_value, read


def reported(data: Any) -> list[dict[str, Any]]:
    return [said["data"] for said in parse(json.dumps({"kind": "result", "data": data})) if said["kind"] == "result"]


def figure(title: str, value: Any, unit: str = "", better: str = "") -> dict[str, Any]:
    return {"type": "figure", "title": title, "value": value, "unit": unit, "better": better}


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("figure Orders 1204", figure("Orders", 1204)),
        ('figure "Open orders" 12.5 more', figure("Open orders", 12.5, better="more")),
        ("figure Returns 3.8% less", figure("Returns", 3.8, "%", "less")),
        ("figure Sales -7 kg a day", figure("Sales", -7, "kg a day")),
    ],
)
def test_a_plain_line_is_a_figure(line, shape):
    assert parse(line) == [{"kind": "result", "data": shape}]


@pytest.mark.parametrize("line", ["figure it out", "figure Orders", "figure", "figure Orders many"])
def test_a_line_without_a_number_is_a_status(line):
    assert parse(line)[0]["kind"] == "status"


def test_rows_of_mappings_have_their_keys_as_columns():
    assert reported({"type": "table", "title": "T", "rows": [{"a": 1, "b": None}, {"a": "x", "c": True}]}) == [
        {
            "type": "table",
            "title": "T",
            "columns": ["a", "b", "c"],
            "rows": [[1, None, None], ["x", None, True]],
            "more": 0,
        }
    ]


def test_series_are_as_long_as_the_longest_and_every_value_has_a_label():
    chart = {"type": "chart", "title": "C", "labels": ["a"], "series": [{"values": [1, "x"]}, {"name": "B"}]}
    assert reported(chart) == [{"refused": "series", "title": "C"}]
    chart["series"] = [{"values": [1, "x", 3]}, {"name": "B", "values": [float("nan")]}]
    (kept,) = reported(chart)
    assert kept["labels"] == ["a", "2", "3"]
    assert kept["series"] == [{"name": "1", "values": [1, None, 3]}, {"name": "B", "values": [None, None, None]}]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"type": "figure", "value": [1]}, "value"),
        ({"type": "figure"}, "value"),
        ({"type": "figure", "value": True}, "value"),
        ({"type": "table", "rows": "no"}, "rows"),
        ({"type": "table", "rows": []}, "columns"),
        ({"type": "table", "rows": [dict.fromkeys(map(str, range(COLUMNS + 1)))]}, "columns"),
        ({"type": "chart", "series": [{"values": [1]}] * 5}, "series"),
        ({"type": "chart", "series": {"a": 1}}, "series"),
        ({"type": "chart", "series": [{"values": []}]}, "points"),
        ({"type": "chart", "series": [{"values": [1] * 1001}]}, "points"),
        ({"type": "chart", "form": "bar", "series": [{"values": [1] * 61}]}, "bars"),
        ({"type": "text", "markdown": " \n"}, "text"),
        ({"type": "text"}, "text"),
    ],
)
def test_what_cannot_be_shown_says_why(data, why):
    assert reported({"title": "X", **data}) == [{"refused": why, "title": "X"}]


def test_of_a_long_table_the_first_rows_are_kept_and_the_others_counted():
    (kept,) = read({"type": "table", "title": "", "columns": ["n"], "rows": [[n] for n in range(ROWS + 5)]})
    assert (len(kept["rows"]), kept["more"]) == (ROWS, 5)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_a_number_that_nobody_can_draw_is_a_text(number):
    (kept,) = read(figure("X", number))
    assert isinstance(kept["value"], str)
    assert len(kept["value"]) <= 60


def test_control_characters_and_lines_do_not_stay_in_names():
    (kept,) = reported(figure("a\x00b\n\x1b[31mc", 1, unit="x\ty"))
    assert (kept["title"], kept["unit"]) == ("a\N{REPLACEMENT CHARACTER}b c", "x y")


@pytest.mark.parametrize(
    ("value", "types"),
    [
        ({"copied": 12, "skipped": 3}, ["figure", "figure"]),
        ({"copied": 12, "state": "well"}, ["figure", "figure"]),
        ({"name": "Ada"}, []),
        ({"a": {"b": 1}}, []),
        ({}, []),
        ([{"a": 1}, {"a": 2}], ["table"]),
        ([{"a": [1]}], []),
        ([{}], []),
        ([1, 2], []),
        ([], []),
        ("text", []),
        (figure("X", 1), ["figure"]),
        ([figure("X", 1), {"type": "text", "markdown": "hi"}], ["figure", "text"]),
    ],
)
def test_a_value_is_results_where_it_says_so_itself(value, types):
    assert [shape["type"] for shape in of_value(value, "T")] == types


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "title", "rows", "columns", "series", "values", "markdown", "json"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(["figure", "table", "chart", "text", "?"]), JSON)
def test_no_report_is_an_error(kind, data):
    line = json.dumps(
        {"kind": "result", "data": {"type": kind, **(data if isinstance(data, dict) else {"json": data})}}
    )
    for said in parse(line):
        json.dumps(said)
        assert said["kind"] in ("result", "status")


@pytest.mark.parametrize(
    "line", ['{"kind":"result","data":{"json":' + "[" * 20_000, '{"kind":"result","data":' + "x" * LIMIT]
)
def test_a_result_that_is_too_deep_or_too_long_is_a_status(line):
    assert [said["kind"] for said in parse(line)] == ["status"]


REFUSED = [
    {"type": "figure", "title": "One", "value": True},
    {"type": "table", "title": "One", "rows": "x"},
    {"type": "table", "title": "One", "rows": []},
    {"type": "chart", "title": "One", "series": []},
    {"type": "chart", "title": "One", "series": [{"values": []}]},
    {"type": "chart", "title": "One", "form": "bar", "series": [{"values": [1] * 61}]},
    {"type": "text", "title": "One", "markdown": " "},
    {"type": "other", "title": "One"},
]


@pytest.mark.parametrize("data", REFUSED, ids=lambda data: str(read(data)[0]["refused"]))
def test_why_a_result_is_not_shown_is_the_same_when_it_is_read_again(data: dict[str, Any]) -> None:
    [refused] = read(data)
    assert read(refused) == [refused] == reported(refused)
    assert "● One" in result._printed(refused)
