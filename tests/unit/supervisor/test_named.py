"""A report that names a file: the supervisor, which copies it, and `job.protocol` see the same lines as such."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from pushbutton.job.protocol import parse
from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reported_file import Named
from pushbutton.supervisor.reports import Reports, names_file

PARTS = st.sampled_from(
    ["artifact", "artifact ", "art", "ifact", " ", '"', "a b", "/x", "\x1b[m", "\x1b", "\t", "é", ""]
)
LINES = st.lists(PARTS, max_size=8).map("".join) | st.builds(
    lambda kind, key, path, data: json.dumps({"kind": kind, key: {"path": path}} | data),
    st.sampled_from(["artifact", "art\x1b[mifact", "status", " artifact"]),
    st.sampled_from(["data", "da\x1b[0mta", "else"]),
    st.sampled_from(["", "/x", "x\x1b[1m", 3, None]),
    st.sampled_from([{}, {"data": 1}, {"kind": "artifact"}]),
)


@example('artifact "a b"c d')
@example('artifact ""')
@example('artifact "a" "b"')
@given(LINES)
def test_what_names_a_file_is_what_the_written_line_would_name(line: str):
    taken = Reports(Redactor([])).feed(0, line.encode() + b"\n")
    named = [one for one in taken if not isinstance(one, str)]
    assert bool(named) == names_file(line)
    # And a line that is written down names none, whatever it looked like before.
    for text in taken:
        if isinstance(text, str):
            assert [said for said in parse(text) if said["kind"] == "artifact"] == []


@given(st.sampled_from(["a", '"a b"', "a\tb", '"a', 'a"b']), st.sampled_from(["", " title", "  two words "]))
def test_its_path_and_its_title_are_those_that_are_documented(path: str, title: str):
    line = f"artifact {path}{title}"
    (said,) = parse(line)
    (named,) = Reports(Redactor([])).feed(0, line.encode() + b"\n")
    assert isinstance(named, Named)
    assert {"path": named.path, **({"title": named.title} if named.title else {})} == said["data"]


def test_a_path_keeps_the_value_of_a_secret_that_is_in_it_so_that_it_is_found():
    (named,) = Reports(Redactor(["hunter2-hunter2"])).feed(0, b"artifact /tmp/hunter2-hunter2.txt\n")
    assert isinstance(named, Named)
    assert named.path == "/tmp/hunter2-hunter2.txt"
