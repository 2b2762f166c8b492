"""Lines of an output, and boards of a page, as a program sees them over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .browser import PUPPET, Puppet
from .serving import Served, until
from .worlds import script


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines") / "tasks"
    folder.mkdir()
    script(folder, "count.sh", "seq 1 3000; printf '\\033[31mred\\033[0m and not\\n'")
    script(folder, "wide.py", "for n in range(200):\n    print(f'{n} ' + 'x' * 40_000)")
    script(folder, "silent.sh", "true")
    (folder / "puppet.py").write_text(PUPPET)
    (folder / "puppet.py").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def server(tasks: Path) -> Iterator[Served]:
    with Served(tasks, at_once=10) as server:
        yield server


@pytest.fixture(scope="module")
def count(server: Served) -> int:
    return _finished(server, "count")


def _finished(server: Served, task: str) -> int:
    number = server.press(task)
    assert server.finished(number)["state"] == "succeeded"
    return number


def _first(server: Served, topics: str, name: str) -> dict[str, Any]:
    """The first frame of that name."""
    for frame in server.frames(f"/api/events?topics={topics}&hello=1"):
        if frame.event == name:
            data: dict[str, Any] = json.loads(frame.data)
            return data
    raise AssertionError(f"the stream ended without {name}")


def test_lines_come_by_number_and_from_the_end(server, count):
    page = server.get(f"/api/runs/{count}/output/lines?from=2999&count=10")
    assert (page["total"], page["first"], page["over"]) == (3001, 2999, True)
    assert [line["n"] for line in page["lines"]] == [2999, 3000, 3001]
    assert [line["t"] for line in page["lines"]] == ["2999", "3000", [["red", "f1"], [" and not"]]]
    assert all(line["at"].endswith("Z") for line in page["lines"])
    assert [line["n"] for line in server.get(f"/api/runs/{count}/output/lines?from=-2")["lines"]] == [3000, 3001]


def test_lines_can_be_cut_and_say_so(server, count):
    page = server.get(f"/api/runs/{count}/output/lines?from=-2&cut=3")
    assert [(line["t"], line.get("cut")) for line in page["lines"]] == [("300", True), ([["red", "f1"]], True)]
    (line,) = server.get(f"/api/runs/{count}/output/lines?from=7&count=1&cut=3")["lines"]
    assert (line["t"], "cut" in line) == ("7", False)


def test_beyond_the_end_there_are_no_lines(server, count):
    page = server.get(f"/api/runs/{count}/output/lines?from=5000")
    assert (page["total"], page["lines"]) == (3001, [])


def test_a_run_that_said_nothing_has_no_lines(server):
    number = _finished(server, "silent")
    page = server.get(f"/api/runs/{number}/output/lines?from=-5")
    assert (page["total"], page["over"], page["lines"]) == (0, True, [])
    assert server.http.get(f"/api/runs/{number}/output/plain").text == ""
    assert server.get(f"/api/runs/{number}/output/search?q=x")["hits"] == []


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("lines?from=x", 400, "“from” is a whole number, not “x”."),
        ("lines?from=0", 416, "Lines are counted from 1; a negative “from” counts from the end."),
        ("lines?from=٣", 400, "“from” is a whole number, not “٣”."),
        ("lines?count=2001", 416, "“count” is a number from 0 to 2000."),
        ("lines?count=-1", 416, "“count” is a number from 0 to 2000."),
        ("lines?cut=-1", 416, "“cut” is how many characters of each line to show, 0 for all."),
        ("lines?from=99999999999999999999", 400, "“from” is a whole number, not “99999999999999999999”."),
        ("search?q=a&limit=0", 416, "“limit” is a number from 1 to 200."),
        ("search?q=a&back=maybe", 400, "“back” is 0 or 1."),
        (f"search?q={'a' * 1001}", 400, "Look for at most 1000 characters."),
    ],
)
def test_a_number_that_is_none_is_refused_with_a_reason(server, count, path, status, title):
    answer = server.http.get(f"/api/runs/{count}/output/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["title"] == title


def test_a_run_that_is_not_there_has_no_lines(server):
    for what in ("lines", "search?q=x", "plain"):
        assert server.http.get(f"/api/runs/99999/output/{what}").status_code == 404


def test_a_search_goes_both_ways(server, count):
    found = server.get(f"/api/runs/{count}/output/search?q=299&from=300&limit=2")
    assert ([hit["n"] for hit in found["hits"]], found["total"], found["more"]) == ([1299, 2299], 13, False)
    found = server.get(f"/api/runs/{count}/output/search?q=299&from=2298&limit=2&back=1")
    assert [hit["n"] for hit in found["hits"]] == [1299, 299]
    assert server.get(f"/api/runs/{count}/output/search?q=RED%20and")["hits"] == [{"n": 3001, "start": 0, "end": 7}]
    assert server.get(f"/api/runs/{count}/output/search?q=")["hits"] == []


def test_the_end_of_an_output_is_one_frame_of_bounded_size(server):
    number = _finished(server, "wide")
    tail = _first(server, f"tail:{number}", "tail")
    assert (tail["total"], tail["over"]) == (200, True)
    assert tail["first"] + len(tail["lines"]) == 201
    assert len(json.dumps(tail)) < 200_000
    assert all(len(line["t"]) == 10_000 for line in tail["lines"])


def test_the_end_of_an_output_grows_and_ends(server, tasks):
    job = Puppet(tasks, server.press("puppet"))
    until(lambda: job.ready, what="the job waits for orders")
    job.tell("out one")
    frames = server.frames(f"/api/events?topics=tail:{job.number}")
    seen: list[list[str]] = []
    for frame in frames:
        tail = json.loads(frame.data)
        seen.append([line["t"] for line in tail["lines"]])
        if tail["over"]:
            break
        if len(seen[-1]) == 1:
            job.tell("out two", "end")
    assert seen[-1] == ["one", "two"]
    assert all(before != after for before, after in pairwise(seen[:-1]))


def test_parts_of_a_page_come_in_the_language_that_the_topic_names(server, count):
    english = _first(server, f"patch:run:{count}", "patch")
    german = _first(server, f"patch:de:run:{count}", "patch")
    assert "Succeeded" in english["html"]["run-state"]
    assert "Gelungen" in german["html"]["run-state"]
    assert german["topic"] == f"patch:de:run:{count}"


def test_who_speaks_comes_first(server):
    frame = next(server.frames("/api/events?topics=runs&hello=1"))
    assert frame.event == "hello"
    assert json.loads(frame.data)["version"]


def test_a_board_of_nothing_is_silent_and_harms_nobody(server):
    topics = "patch:run:99999,patch:task:none,patch:x,patch:,tail:99999,tail:x,patch:now"
    topics = topics.replace("patch:,", "")
    html = _first(server, topics, "patch")["html"]
    assert html == {} or "now" in html
