"""What a job reports, before it is written down."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reports import Reports, without_escapes

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]")
"""ECMA-48: a control sequence, a system command (title, link), any other."""


@given(st.text(alphabet="\x1b\x1b\x1b[]\\\x070;?<=> !/@AZ_`m~é\n"))
def test_terminal_escapes_are_taken_out_wherever_they_stand(text: str):
    assert without_escapes(text) == ESCAPES.sub("", text)


def test_a_secret_that_an_escape_tears_apart_is_masked_all_the_same():
    reports = Reports(Redactor(["hunter2-hunter2"]))
    assert reports.feed(0, b"status hunter2-\x1b[1mhunter2\n") == ["status •••"]
    assert reports.feed(0, b'{"data":{"text":"hunter2\\u002d\\u001b[0mhunter2"}}\n') == [
        '{"data":{"text":"\\u2022\\u2022\\u2022"}}'
    ]


def test_a_line_that_only_looks_like_json_is_taken_as_it_is():
    assert Reports(Redactor([])).feed(0, b"{not json\n") == ["{not json"]
