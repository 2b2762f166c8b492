"""Schedules on a real server: over kills, from every form of a declaration, from the command line."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .serving import Command, Served, until
from .worlds import script

ROUNDS = int(os.environ.get("PUSHBUTTON_KILLS", "8"))


def firings(server: Served, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/schedules/{name}/firings")
    return found


def pressed(server: Served, name: str, count: int) -> list[dict[str, Any]]:
    """So many of its moments at least, when they were pressed."""

    def enough() -> list[dict[str, Any]]:
        found = [one for one in firings(server, name) if one["run"]]
        return found if len(found) >= count else []

    found: list[dict[str, Any]] = until(enough, what=f"{count} moments of {name} were pressed")
    return found


@pytest.mark.parametrize("made", [False, True], ids=["of a file", "made"])
def test_each_second_is_pressed_once_at_most_however_often_the_server_is_killed(tmp_path, made):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "tick.sh", 'echo "$PUSHBUTTON_DUE" >> "$(dirname "$0")/../due"\n',
           head="at_once = 20" if made else 'at_once = 20\n[[schedules]]\nevery = 1\ncatch_up = "all"')  # fmt: skip
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    with Served(tasks) as server:
        if made:
            sent = {"task": "tick", "title": "1", "every": 1, "catch_up": "all"}
            server.http.post("/api/schedules", json=sent).raise_for_status()
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.2, 1.5))  # when it is killed is what is tried
            server.kill9()
            server.restart()
        pressed(server, "tick/1", 10)
        server.http.post("/api/schedules/pause", json={"reason": "enough"}).raise_for_status()
        until(lambda: all(run["over"] for run in server.get("/api/runs?limit=500")), what="all runs are over")
        kept = firings(server, "tick/1")
        runs = {run["number"]: run for run in server.get("/api/runs?limit=500")}
    moments = [datetime.fromisoformat(one["due"]) for one in kept]
    assert moments == sorted(set(moments), reverse=True), seed
    assert {later - earlier for later, earlier in itertools.pairwise(moments)} == {timedelta(seconds=1)}, seed
    assert all(one["verdict"] in ("pressed", "caught up", "paused") for one in kept), kept
    assert len({one["run"] for one in kept if one["run"]}) == sum(bool(one["run"]) for one in kept), "one run each"
    assert len(runs) == len({run["not_before"] for run in runs.values()}), "no moment has two runs"
    due = (tmp_path / "due").read_text().split()
    assert len(due) == len(set(due)), "and none was worked twice"
    started = {run["not_before"] for run in runs.values() if run["started_at"]}
    assert set(due) <= started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("tasks")
    script(folder, "head.sh", 'echo "due $PUSHBUTTON_DUE"\n', head="schedules = [{every = 1, name = 'often'}]")
    (folder / "function.py").write_text(
        "from pushbutton import task\n"
        '@task(schedules=[{"every": 1, "name": "often", "inputs": {"where": "live"}}, {"cron": "0 6 * * 1-5", '
        '"zone": "Europe/Berlin", "name": "early"}])\n'
        "def function(where: str = 'test'):\n    print(where)\n"
    )
    (folder / "pushbutton.yaml").write_text(
        "tasks:\n  command:\n    command: [echo, hello]\n    schedules:\n      - every: 1 s\n        name: often\n"
    )
    with Served(folder) as server:
        yield server


def command(server: Served, *words: str, code: int = 0) -> str:
    with Command("schedule", *words, env={"PUSHBUTTON_SERVER": server.url, "TZ": "UTC"}) as run:
        assert run.wait() == code, run.err.text
    return (run.out.text + run.err.text).strip()


@pytest.mark.parametrize("task", ["head", "function", "command"])
def test_in_whatever_form_it_is_declared_it_presses(server, task):
    number = pressed(server, f"{task}/often", 1)[-1]["run"]
    run = server.finished(number)
    assert (run["state"], run["actor"], run["cause"]["kind"]) == ("succeeded", f"schedule:{task}/often", "schedule")
    said = {"head": f"due {run['not_before']}\n", "function": "live\n", "command": "hello\n"}[task]
    assert server.output(number).decode() == said


def test_the_command_line_lists_pauses_and_resumes(server):
    pressed(server, "head/often", 1)
    listed = command(server, "list")
    assert "function/early" in listed
    assert "0 6 * * 1-5 Europe/Berlin" in listed
    moments = command(server, "next", "function/early").splitlines()
    assert len(moments) == 5
    assert all(moment.split()[2] == "06:00:00" for moment in moments), moments
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    assert command(server, "pause", "head/often", "--until", f"{day} 06:00", "--reason", "why not") == (
        f"head/often is paused until {day} 06:00."
    )
    until(lambda: firings(server, "head/often")[0]["verdict"] == "paused", what="a moment finds it paused")
    assert "why not" in command(server, "past", "head/often")
    assert f"paused until {day} 06:00" in command(server, "list")
    count = len([one for one in firings(server, "head/often") if one["run"]])
    assert command(server, "resume", "head/often").startswith("head/often presses again, next at ")
    pressed(server, "head/often", count + 1)
    assert "is no schedule" in command(server, "pause", "often", code=2)


def test_what_an_author_got_wrong_is_told_with_its_line(tmp_path):
    file = tmp_path / "pushbutton.yaml"
    text = "tasks:\n  report:\n    command: [echo, '{{n}}']\n    params: {{n: {{type: int}}}}\n    schedules: {}\n"
    wrong = {
        "[{cron: '61 * * * *', inputs: {n: 1}}]": "“61 * * * *” is no line of cron (bad minute)",
        "[{cron: '0 6 * * *', zone: Mars/Base, inputs: {n: 1}}]": "there is no time zone “Mars/Base”",
        "[{cron: '0 6 * * *'}]": "the inputs of the schedule “1” do not fit: “n”:",
        "[{cron: '0 6 * * *', every: 5, inputs: {n: 1}}]": "each with “cron” or “every”, and not with both",
        "[{every: 0.1, inputs: {n: 1}}]": "“every” is at least a second",
        "[{at: noon}]": "have no “at”",
    }
    for said, expected in wrong.items():
        file.write_text(text.format(said))
        with Command("check", file) as run:
            assert run.wait() == 6
        told = run.out.text + run.err.text
        assert expected.lower() in told.lower(), told
        assert f"{file.name}:5" in told, told
