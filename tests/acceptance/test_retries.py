"""What fails is tried again: on a real server, over kills, from every form of a declaration."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .serving import Command, Served, until
from .worlds import script

ROUNDS = 10
SOON = 'retry = {times = 3, wait = 0.2, jitter = 0, on = ["failed", "timeout"]}'
FAILS_TWICE = 'echo "try $PUSHBUTTON_ATTEMPT"; test "$PUSHBUTTON_ATTEMPT" = 3 || exit 4\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("tasks")
    script(folder, "head.sh", FAILS_TWICE, head=SOON)
    (folder / "function.py").write_text(
        "import os, sys\n"
        "from pushbutton import Again, Final, task\n"
        "@task(retry={'times': 3, 'wait': 0.2, 'jitter': 0})\n"
        "def function():\n    sys.exit(0 if os.environ['PUSHBUTTON_ATTEMPT'] == '3' else 4)\n"
        "@task(retry={'times': 5, 'wait': '10 min', 'jitter': 0, 'on': ['timeout']})\n"
        "def busy(what: str = 'again'):\n"
        "    if what == 'final':\n        raise Final('There is no such order')\n"
        "    if os.environ['PUSHBUTTON_ATTEMPT'] == '1':\n        raise Again('The service is busy', after=0.2)\n"
    )
    (folder / "pushbutton.yaml").write_text(
        "tasks:\n"
        "  command:\n"
        "    command: [sh, -c, 'test \"$PUSHBUTTON_ATTEMPT\" = 3 || exit 4']\n"
        '    retry: {times: 3, wait: 0.2 s, factor: 2, most: 10 min, jitter: 0, on: [failed, timeout, "exit 75"]}\n'
        "  short:\n    command: ['false']\n    retry: 2\n"
    )
    script(folder, "once.sh", "exit 4\n")
    script(folder, "due.sh", 'echo "$PUSHBUTTON_DUE"; exit 4\n', head="retry = {times = 2, wait = 0}")
    script(
        folder, "late.sh", "sleep 60\n", head='retry = {times = 2, wait = 0, on = "timeout"}\ntimeout = 0.3\ngrace = 0'
    )
    script(folder, "killed.sh", "kill -9 $$\n", head='retry = {times = 2, wait = 0, on = ["signal KILL"]}')
    script(folder, "temporary.sh", "exit 75\n", head='retry = {times = 2, wait = 0, on = ["timeout"]}')
    script(folder, "other.sh", "exit 4\n", head='retry = {times = 2, wait = 0, on = ["exit 5", "signal KILL"]}')
    script(folder, "waits.sh", "exit 4\n", head='retry = {times = 3, wait = "1 h"}')
    script(folder, "long.sh", 'trap "exit 4" TERM; echo begun; sleep 60 & wait\n',
           head="retry = {times = 3, wait = 0}")  # fmt: skip
    head = 'retry = {times = 3, wait = 0}\n[params]\nfile = {type = "file"}\nword = {type = "secret"}'
    script(folder, "brought.sh", 'cat "$FILE"; test "$WORD" = hush && echo "known"; exit 4\n', head=head)
    with Served(folder) as server:
        yield server


def series(server: Served, first: int) -> list[dict[str, Any]]:
    """The tries of a press, when the last of them is over."""
    run = server.finished(first)
    tries = [run]
    while run["next"]:
        run = server.finished(run["next"])
        tries.append(run)
    return tries


def supervisor_of(server: Served, number: int) -> int:
    spool = server.data / "runs" / str(number) / "events"
    return int(json.loads(spool.read_text().splitlines()[0])["pid"])


def command(server: Served, *words: str, code: int = 0) -> str:
    with Command(*words, env={"PUSHBUTTON_SERVER": server.url}) as run:
        assert run.wait() == code, run.err.text
    return run.out.text + run.err.text


@pytest.mark.parametrize("task", ["head", "function", "command"])
def test_in_every_form_what_fails_is_tried_again_until_it_succeeds(server, task):
    tries = series(server, server.press(task))
    assert [run["state"] for run in tries] == ["failed", "failed", "succeeded"]
    assert [run["cause"]["attempt"] for run in tries] == [1, 2, 3]
    numbers = [run["number"] for run in tries]
    assert [run["cause"]["parent"] for run in tries] == [None, *numbers[:2]]
    assert {run["series"] for run in tries} == {numbers[0]}
    assert [run["number"] for run in server.get(f"/api/runs?series={numbers[0]}")] == numbers[::-1]
    for before, after in itertools.pairwise(tries):
        assert datetime.fromisoformat(before["ended_at"]) <= datetime.fromisoformat(after["not_before"])
        assert datetime.fromisoformat(after["not_before"]) <= datetime.fromisoformat(after["started_at"])


def test_the_short_form_says_how_many_tries_there_are(server):
    first = server.finished(server.press("short"))
    assert (first["retry"]["times"], first["retry"]["wait"]) == (2, 30)
    assert server.http.post(f"/api/runs/{first['number']}/cancel").json()["number"] == first["next"]


def test_what_says_nothing_of_retries_is_tried_once(server):
    run = server.finished(server.press("once"))
    assert (run["state"], run["next"], run["series"], run["retry"]) == ("failed", None, None, None)


@pytest.mark.parametrize(("task", "tries"), [("late", 2), ("killed", 2), ("temporary", 2), ("other", 1)])
def test_only_ends_that_are_named_are_tried_again(server, task, tries):
    assert [run["state"] for run in series(server, server.press(task))] == ["failed"] * tries


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """A control group of the system whose processes may have 48 MB; what takes more is killed by the kernel."""
    for place, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = place / f"pushbutton-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if not (group / limit).exists():
                continue
            (group / limit).write_text("48M")
            yield group
            return
        finally:
            group.rmdir()
    pytest.skip("nobody but the administrator of a machine can limit memory by a control group")


def test_what_the_kernel_kills_for_its_memory_is_tried_again_as_a_signal(tmp_path, little_memory):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    eats = f"""
        echo $$ > {little_memory}/cgroup.procs
        [ "$PUSHBUTTON_ATTEMPT" = 1 ] || exit 0
        exec {sys.executable} -c 'held = bytearray(500 << 20); print("not killed")'
    """
    script(tasks, "eats.sh", eats, head='retry = {times = 3, wait = 0, on = ["signal KILL"]}')
    with Served(tasks) as server:
        first, second = series(server, server.press("eats"))
        assert (first["state"], first["exit_code"]) == ("failed", -signal.SIGKILL)
        assert second["state"] == "succeeded"
        assert b"not killed" not in server.output(first["number"])
        page = server.http.get(f"/runs/{first['number']}").text
    assert "most often the machine had run out of memory" in page


def test_a_python_job_says_itself_when_it_is_tried_again(server):
    first, second = series(server, server.press("busy"))
    assert (first["state"], first["exit_code"], first["status"]) == ("failed", 75, "The service is busy")
    waited = datetime.fromisoformat(second["not_before"]) - datetime.fromisoformat(first["ended_at"])
    assert 0.1 < waited.total_seconds() < 30  # and not ten minutes
    assert second["state"] == "succeeded"


def test_a_python_job_says_itself_that_it_is_not_tried_again(server):
    [run] = series(server, server.press("busy", what="final"))
    assert (run["state"], run["status"]) == ("failed", "There is no such order")


def test_all_tries_find_the_moment_for_which_the_first_was_pressed(server):
    moment = (datetime.now(UTC) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    answer = server.http.post("/api/tasks/due/runs", json={"not_before": moment}).raise_for_status()
    tries = series(server, answer.json()["number"])
    said = {server.output(run["number"]).decode().strip() for run in tries}
    assert (len(tries), said) == (2, {moment})


def test_a_list_of_runs_says_which_try_each_is(server):
    series(server, server.press("temporary"))
    assert "Try 2. The job reported a failure" in command(server, "runs")


def test_following_shows_all_tries_and_ends_as_the_last_one_does(server):
    said = command(server, "press", "head", "--follow")
    assert [f"try {n}" in said for n in (1, 2, 3)] == [True] * 3
    assert said.count("Its next try is run") == 2
    assert "Succeeded" in said
    command(server, "press", "temporary", "--follow", code=75)


def test_who_waits_for_a_press_waits_for_its_last_try(server):
    answer = server.http.post("/api/tasks/head/runs", json={}, headers={"Prefer": "wait=60"})
    assert (answer.status_code, answer.json()["state"], answer.json()["cause"]["attempt"]) == (200, "succeeded", 3)


def test_a_key_stands_for_the_newest_try(server):
    key = {"Idempotency-Key": "once"}
    first = server.http.post("/api/tasks/waits/runs", json={}, headers=key).json()["number"]
    following = server.finished(first)["next"]
    again = server.http.post("/api/tasks/waits/runs", json={}, headers=key).json()
    assert (again["made"], again["number"], again["state"]) == (False, following, "waiting")
    server.http.post(f"/api/runs/{following}/cancel").raise_for_status()


def test_stopping_any_try_ends_the_series(server):
    first = server.press("waits")
    following = server.finished(first)["next"]
    assert server.http.post(f"/api/runs/{first}/cancel").json()["number"] == following
    assert [run["state"] for run in series(server, first)] == ["failed", "cancelled"]
    assert server.http.post(f"/api/runs/{first}/cancel").status_code == 409


def test_what_somebody_asked_to_stop_is_not_tried_again_however_it_ends(server):
    number = server.press("long")
    server.output_has(number, b"begun")
    server.http.post(f"/api/runs/{number}/cancel").raise_for_status()
    [run] = series(server, number)
    assert run["over"]


def test_the_next_try_is_begun_now_where_somebody_says_so(server):
    first = server.press("waits")
    second = server.finished(first)["next"]
    command(server, "move", str(second), "now")
    third = server.finished(second)["next"]
    assert server.run(third)["cause"]["attempt"] == 3
    server.http.post(f"/api/runs/{first}/cancel").raise_for_status()


def test_secret_inputs_and_what_was_brought_along_are_there_for_each_try(server, tmp_path):
    (tmp_path / "a.txt").write_text("brought")
    (tmp_path / "word").write_text("hush")
    words = ("press", "brought", "--file", str(tmp_path / "a.txt"), "--word", "-", "--follow")
    with (
        (tmp_path / "word").open("rb") as word,
        Command(*words, env={"PUSHBUTTON_SERVER": server.url}, stdin=word) as run,
    ):
        assert run.wait() == 4, run.err.text
    assert run.out.text.count("brought") == 3
    assert run.out.text.count("known") == 3


def test_one_try_follows_each_and_no_more_however_often_the_server_is_killed(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "fail.sh", 'echo "$PUSHBUTTON_RUN" >> "$(dirname "$0")/../ran"; exit 4\n',
           head="at_once = 20\nretry = {times = 6, wait = 0.1, factor = 1}")  # fmt: skip
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    with Served(tasks) as server:
        pressed = []
        for _ in range(ROUNDS):
            pressed.append(server.press("fail"))
            time.sleep(chance.uniform(0.05, 0.9))  # when it is killed is what is tried
            server.kill9()
            server.restart()
        until(lambda: all(run["over"] for run in server.get("/api/runs?limit=500")), what="all runs are over")
        runs = {run["number"]: run for run in server.get("/api/runs?limit=500")}
    for first in pressed:
        mine = sorted((run for run in runs.values() if run["series"] == first), key=lambda run: run["number"])
        assert [run["cause"]["attempt"] for run in mine] == [1, 2, 3, 4, 5, 6], seed
        numbers = [run["number"] for run in mine]
        assert [run["next"] for run in mine] == [*numbers[1:], None], seed
    assert len(runs) == 6 * ROUNDS, seed
    ran = (tmp_path / "ran").read_text().split()
    assert len(ran) == len(set(ran)), "and none was worked twice"


def test_what_is_lost_is_tried_again_only_where_its_task_names_it(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "plain.sh", "echo begun; sleep 60\n", head="retry = {times = 2, wait = 0}")
    script(tasks, "named.sh", 'echo begun; test "$PUSHBUTTON_ATTEMPT" = 2 || sleep 60\n',
           head='retry = {times = 2, wait = 0, on = ["lost"]}')  # fmt: skip
    with Served(tasks) as server:
        for task, states in (("plain", ["lost"]), ("named", ["lost", "succeeded"])):
            number = server.press(task)
            server.output_has(number, b"begun")
            os.kill(supervisor_of(server, number), signal.SIGKILL)
            assert [run["state"] for run in series(server, number)] == states
