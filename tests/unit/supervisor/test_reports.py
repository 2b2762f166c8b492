"""What a job reports, before it is written down."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.job import channel
from pushbutton.supervisor import reports
from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reports import LINE, Awaited, Reports, without_escapes

from .supervised import PATIENCE, Supervised

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]")
"""ECMA-48: a control sequence, a system command (title, link), any other."""


@given(st.text(alphabet="\x1b\x1b\x1b[]\\\x070;?<=> !/@AZ_`m~é\n"))
def test_terminal_escapes_are_taken_out_wherever_they_stand(text: str):
    assert without_escapes(text) == ESCAPES.sub("", text)


def fed(values: list[str], data: bytes) -> str:
    """The one line that comes of it."""
    [said] = Reports(Redactor(values)).feed(3, data)
    assert isinstance(said, str)
    return said


def test_a_secret_that_an_escape_tears_apart_is_masked_all_the_same():
    reports = Reports(Redactor(["hunter2-hunter2"]))
    assert reports.feed(0, b"status hunter2-\x1b[1mhunter2\n") == ["status •••"]
    assert reports.feed(0, b'{"data":{"text":"hunter2\\u002d\\u001b[0mhunter2"}}\n') == [
        '{"data":{"text":"\\u2022\\u2022\\u2022"}}'
    ]


def test_a_line_that_only_looks_like_json_is_taken_as_it_is():
    assert Reports(Redactor([])).feed(0, b"{not json\n") == ["{not json"]


# -- masked first, cut afterwards


@pytest.mark.parametrize("value", ["hunter2-hunter2", "grün/ütterlich", 'a "b" c'])
@pytest.mark.parametrize("torn", ["", "\x1b[1m"])
def test_no_part_of_a_secret_is_left_where_a_long_report_is_cut(value: str, torn: str):
    written = (value[:2] + torn + value[2:]).encode()
    for shown in range(1, len(written) + 1):
        line = b"status " + b"x" * (LINE - 7 - shown) + written + b" and so on"
        said = fed([value], line + b"\n")
        assert said.rstrip("x•…") in ("status ", "status")
        assert len(said) > LINE - 100


def test_no_part_of_a_secret_is_left_where_the_job_itself_cuts_a_long_text():
    value = "hunter2-hunter2"
    for shown in range(1, len(value) + 1):
        text = "x" * (8000 - shown) + value + "y" * 70_000
        line = fed([value], channel._encode("status", {"text": text, "level": "info"}))
        said = json.loads(line)["data"]["text"]
        assert re.fullmatch(r"x+(•••)? … \(cut: 78,0[0-9]{2} characters\)", said)


# -- in what is no text


def test_a_number_that_is_a_secret_is_masked():
    line = fed(["73519284"], b'{"pin": 73519284, "more": [1.5, 73519284.0, -73519284, true, null], "n": 173519284}\n')
    assert json.loads(line) == {"pin": "•••", "more": [1.5, "•••.0", "-•••", True, None], "n": "1•••"}


@pytest.mark.parametrize("before", ["", "\xa0", "\x1b[0m", "\x1b]0;title\x07 ", "\x1c"])
def test_what_is_json_once_it_is_read_is_cleaned_as_json(before: str):
    line = before + '{"kind": "status", "data": {"text": "is hunter\\u0032-hunter2", "half": "\\ud800"}}'
    clean = fed(["hunter2-hunter2"], f"{line}\n".encode())
    assert json.loads(clean)["data"]["text"] == "is •••"


def test_json_that_is_nested_too_deeply_to_be_cleaned_is_nobodys_json():
    for depth in [*range(100, 1000, 50), 1_000, 5_000, 30_000]:  # the last: no parser gets to the end of it
        deep = "[" * depth + "]" * depth
        line = f'{{"kind": "status", "data": {{"text": "hunter\\u0032-hunter2"}}, "more": {deep}}}\n'
        clean = fed(["hunter2-hunter2"], line.encode())
        assert clean.startswith("status {") or "hunter" not in clean


FIRST_THEN = """
until [ -e held ]; do sleep 0.01; done
head -c 600000 /dev/zero | tr '\\0' x; echo "status one" >&3
head -c 300000 /dev/zero | tr '\\0' y; echo "status two" >&3
touch written
until [ -e heard ]; do sleep 0.01; done
echo z; echo "status three" >&3
"""


def test_a_report_stands_behind_all_that_the_job_wrote_before_it(tmp_path: Path):
    """Also when the supervisor finds all of it at once, and it is more than one read gives."""
    with Supervised(tmp_path, ["sh", "-c", FIRST_THEN]) as supervised:
        supervised.wait_for("started")
        os.kill(supervised.process.pid, signal.SIGSTOP)
        try:
            (tmp_path / "held").touch()
            end = time.monotonic() + PATIENCE
            while not (tmp_path / "written").exists():
                assert time.monotonic() < end, "the job could not write all that"
                time.sleep(0.01)
        finally:
            os.kill(supervised.process.pid, signal.SIGCONT)
        supervised.wait_for("line")
        (tmp_path / "heard").touch()
        supervised.wait_for("end")
        behind = [record["o"] for record in supervised.records if record["k"] == "line"]
    assert supervised.lines == ["status one", "status two", "status three"]
    assert supervised.output == b"x" * 600_000 + b"y" * 300_000 + b"z\n"
    assert behind == [900_000, 900_000, 900_002]


def test_who_waits_is_answered_though_no_more_reports_are_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reports, "MOST", 1)
    line = b'{"kind": "step", "data": {"name": "a", "state": "running", "receipt": "1-x"}}\n'
    first, second = Reports(Redactor([])).feed(0, line * 2)
    assert isinstance(first, Awaited)
    assert isinstance(second, Awaited)
    assert (json.loads(first.line)["data"], first.receipt) == ({"name": "a", "state": "running"}, "1-x")
    assert (second.line, second.receipt) == ("", "1-x")
