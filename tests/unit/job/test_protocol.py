"""What a job writes to its channel, line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.job.protocol import LIMIT, parse


def one(line: str) -> tuple[str, dict[str, Any]]:
    (event,) = parse(line)
    return event["kind"], event["data"]


def status(text: str, level: str = "info") -> tuple[str, dict[str, Any]]:
    return "status", {"text": text, "level": level}


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("status Copying the files", status("Copying the files")),
        ("just words", status("just words")),
        ("progress 33", ("progress", {"percent": 33.0})),
        ("progress 33 % half a third", ("progress", {"percent": 33.0, "text": "half a third"})),
        ("progress 3/8 three", ("progress", {"percent": 37.5, "text": "three"})),
        ("progress ? waiting", ("progress", {"percent": None, "text": "waiting"})),
        ("progress 400", ("progress", {"percent": 100.0})),
        ("progress of the work", status("progress of the work")),
        ("step Copy files", ("step", {"name": "Copy files", "state": "running", "plain": True})),
        ("artifact out.csv The sales", ("artifact", {"path": "out.csv", "title": "The sales"})),
        ('artifact "my file.csv"', ("artifact", {"path": "my file.csv"})),
        ("again 60", ("again", {"after": 60.0})),
        ("again never", ("again", {"never": True})),
        ("again and again", status("again and again")),
        ("again", status("again")),
        ("again -5", status("again -5")),
        ('{"kind":"again","data":{"after":2.5}}', ("again", {"after": 2.5})),
        ('{"kind":"again","data":{}}', ("again", {})),
        ('{"kind":"again","data":{"never":true,"after":3}}', ("again", {"never": True})),
        ('{"kind":"again","data":{"after":-1}}', status('{"kind":"again","data":{"after":-1}}')),
        ('{"kind":"again","data":{"after":NaN}}', status('{"kind":"again","data":{"after":NaN}}')),
        ("steps are fun", status("steps are fun")),
        ("status colour \x1b[31mred\x1b[0m\r\n", status("status colour red".removeprefix("status "))),
        ("a\x00b\x07c", status("a�b�c")),
        ('{"kind":"status","data":{"text":"a\\nb","level":"bad"}}', status("a\nb", "bad")),
        ('{"kind":"status","data":{"text":"a","level":"loud"}}', status("a")),
        ('{"kind":"progress","data":{"percent":NaN}}', ("progress", {"percent": None})),
        ('{"kind":"progress","data":{"percent":true}}', ("progress", {"percent": None})),
        ('{"kind":"step","data":{"name":"x","state":"failed"}}', ("step", {"name": "x", "state": "failed"})),
        ('{"a":1}', status('{"a":1}')),
        ("{no json", status("{no json")),
    ],
)
def test_a_line_is_the_event_that_it_says(line: str, event: tuple[str, dict[str, Any]]):
    assert one(line) == event


def test_a_job_cannot_claim_the_state_of_its_run():
    line = '{"kind":"state","data":{"state":"succeeded"}}'
    assert one(line) == status(line)


@pytest.mark.parametrize("line", ["", "  \n", "status", "status   "])
def test_a_blank_line_says_nothing(line: str):
    assert parse(line) == []


def test_a_plain_step_ends_the_one_before():
    assert [event["data"] for event in parse("step Two", open_step="One")] == [
        {"name": "One", "state": "succeeded"},
        {"name": "Two", "state": "running", "plain": True},
    ]


def test_a_line_that_is_too_long_is_cut_and_says_so():
    _, data = one("x" * (LIMIT + 1))
    assert data["text"].endswith("x … (cut: 65,537 characters)")


def test_json_that_is_too_deep_is_a_status():
    assert one("{" + '"a":{' * 5000)[0] == "status"


@settings(deadline=None)  # a busy machine is no fault of the parser
@given(st.text() | st.text().map(lambda text: json.dumps({"kind": "progress", "data": {"percent": text}})))
def test_no_line_hurts(line: str):
    for event in parse(line, open_step="x"):
        json.dumps(event, allow_nan=False, ensure_ascii=False).encode()
