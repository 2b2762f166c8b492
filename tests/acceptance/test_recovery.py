"""`kill -9` of the server and of supervisors, at any moment. Real processes; each seed is printed."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.app import Pushbutton
from pushbutton.domain.event import Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun, RunState
from pushbutton.runtime.ports import RunQuery
from pushbutton.supervisor import orphans, process
from pushbutton.testing import opened, watched

from .serving import PATIENCE, Served
from .worlds import marked, script, spool_of, until

LINES = 150
COUNT = f"""
import os, sys, time
with open("started", "a") as file:
    file.write(os.environ["PUSHBUTTON_RUN"] + "\\n")
for number in range({LINES}):
    print("line", number, flush=True)
    if number % 10 == 0:
        os.write(3, b"status at %d\\n" % number)
    time.sleep(0.004)
"""
ENDS = {"succeeded", "failed", "lost", "cancelled"}
WHOLE = "".join(f"line {number}\n" for number in range(LINES)).encode()


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


def dice() -> random.Random:
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201  to run a failure again
    return random.Random(seed)


class Reader:
    """A client that comes back with its last id whenever its connection breaks, until the run is over."""

    def __init__(self, server: Served, run: int) -> None:
        self._server, self._run = server, run
        self.events: list[dict[str, Any]] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        import httpx

        while not (self.events and self.events[-1]["data"].get("state") in ENDS):
            since = self.events[-1]["id"] if self.events else 0
            try:
                for event in self._server.events(self._run, since=since):
                    self.events.append(event)
            except (httpx.HTTPError, RuntimeError, OSError):
                time.sleep(0.02)  # it is being restarted


def test_a_server_killed_at_random_moments_loses_doubles_and_restarts_nothing(tmp_path):
    """25 rounds: kill -9, start again, and in the end output and events are whole, seen by a client that stayed."""
    chance = dice()
    script(tmp_path, "count.py", COUNT, head="at_once = 4")
    rounds = 0
    with Served(tmp_path) as server:
        while rounds < 25:
            runs = [server.press("count") for _ in range(3)]
            readers = [Reader(server, run) for run in runs]
            for _ in range(chance.randrange(1, 3)):
                time.sleep(chance.random() * 0.5)  # the moment of the kill is what the test is about
                server.kill9()
                server.restart()
                rounds += 1
            for run, reader in zip(runs, readers, strict=True):
                state = server.finished(run)
                assert (state["state"], state["exit_code"]) == ("succeeded", 0), server.err
                assert server.output(run) == WHOLE
                reader.thread.join(PATIENCE)
                stored = list(server.events(run))
                assert [event["id"] for event in reader.events] == [event["id"] for event in stored]
                said = [event["data"]["text"] for event in stored if event["kind"] == "status"]
                assert said == [f"at {number}" for number in range(0, LINES, 10)]
                states = [event["data"]["state"] for event in stored if event["kind"] == "state"]
                assert states[-1] == "succeeded"
                assert states.count("succeeded") == 1
        started = (tmp_path / "started").read_text().split()
        assert len(started) == len(set(started)), "a run was started twice"


async def test_a_supervisor_killed_at_random_moments_makes_its_run_lost_and_leaves_nobody(tmp_path, mark):
    """30 rounds: lost within two seconds, the tree ended, what was said is kept."""
    chance, taken = dice(), []
    script(
        tmp_path,
        "job.sh",
        f"""
        setsid sh -c 'sleep 600; : {mark}' &
        for n in 1 2 3 4 5 6 7 8 9; do echo line $n; echo "status at $n" >&3; sleep 0.02; done
        sh -c 'sleep 600; : {mark}'
        """,
    )
    async with opened(tmp_path) as app:
        core = await app.open()
        for _ in range(30):
            run = await app.press("job")
            pid = await _supervisor(spool_of(app, run.id))
            await asyncio.sleep(chance.random() * 0.4)
            before = core.output.size(run.id)
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            done = await watched(app, run)
            assert done.run.state is RunState.LOST
            taken.append(time.monotonic() - killed)
            assert "nobody knows how it ended" in done.run.reason
            assert len(done.output) >= before
            assert done.run.survivors == ()
            assert marked(mark) == []
    assert statistics.median(taken) < 2, taken  # some may be late because the machine has other things to do


async def _supervisor(folder: Path) -> int:
    await until(lambda: (folder / "events").exists() and (folder / "events").read_bytes().count(b"\n") >= 2, "a start")
    pid: int = json.loads((folder / "events").read_text().splitlines()[0])["pid"]
    return pid


async def test_a_supervisor_killed_while_the_server_is_away_is_found_out_at_its_return(tmp_path, mark):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "job.sh", f"echo said; sh -c 'sleep 600; : {mark}'")
    with Served(tasks) as server:
        number = server.press("job")
        server.output_has(number, b"said")
        pid = await _supervisor(server.data / "runs" / str(number))
        server.kill9()
        os.kill(pid, signal.SIGKILL)
        server.restart()
        assert server.finished(number)["state"] == "lost"
        assert server.output(number) == b"said\n"
    assert marked(mark) == []


def test_a_job_goes_on_while_the_server_is_stopped_in_good_order(tmp_path):
    script(tmp_path, "job.sh", "while [ ! -e go ]; do sleep 0.02; done; echo said meanwhile; : > done")
    with Served(tmp_path) as server:
        number = server.press("job")
        from .serving import until as wait

        wait(lambda: server.run(number)["state"] == "running", what="its start")
        assert server.term() == 0
        (tmp_path / "go").touch()
        wait((tmp_path / "done").exists, what="the job to go on")
        server.restart()
        assert server.finished(number)["state"] == "succeeded"
        assert server.output(number) == b"said meanwhile\n"


def test_a_queue_survives_and_each_press_runs_at_most_once(tmp_path):
    chance = dice()
    script(tmp_path, "one.sh", 'echo "$PUSHBUTTON_RUN" >> started; sleep 0.05')
    with Served(tmp_path) as server:
        runs = [server.press("one") for _ in range(20)]
        for _ in range(4):
            time.sleep(chance.random() * 0.4)
            server.kill9()
            server.restart()
        ended = [server.finished(run) for run in runs]
        assert {run["state"] for run in ended} == {"succeeded"}
    assert sorted((tmp_path / "started").read_text().split(), key=int) == [str(run) for run in runs]


def test_a_serial_task_never_overlaps_over_a_restart(tmp_path):
    script(
        tmp_path,
        "serial.sh",
        """
        mkdir busy || { echo overlap >> overlaps; exit 1; }
        sleep 0.4
        rmdir busy
        """,
    )
    with Served(tmp_path) as server:
        runs = [server.press("serial") for _ in range(4)]
        for _ in range(3):
            server.kill9()
            server.restart()
        assert [server.finished(run)["state"] for run in runs] == ["succeeded"] * 4
    assert not (tmp_path / "overlaps").exists()


def test_a_server_killed_again_while_it_recovers_still_writes_one_end(tmp_path):
    chance = dice()
    script(tmp_path, "quick.sh", "echo x; exit 4", head="at_once = 20")
    with Served(tmp_path) as server:
        runs = [server.press("quick") for _ in range(10)]
        server.kill9()
        for _ in range(4):
            server.command.process.wait()
            server.start()
            time.sleep(chance.random() * 0.05)
            server.kill9()
        server.restart()
        for run in runs:
            server.finished(run)
            ends = [e for e in server.events(run) if e["kind"] == "state" and e["data"]["state"] == "failed"]
            assert len(ends) == 1


def test_a_paused_machine_loses_nothing_and_declares_nobody_dead(tmp_path):
    script(tmp_path, "count.py", f"{COUNT}\nwhile not os.path.exists('go'): time.sleep(0.02)\n")
    with Served(tmp_path) as server:
        number = server.press("count")
        server.output_has(number, b"line 3")
        spool = server.data / "runs" / str(number)
        born, started = (json.loads(line) for line in (spool / "events").read_text().splitlines()[:2])
        everybody = (server.pid, born["pid"], started["pid"])
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(12)  # the pause is what the test is about: longer than any look of ours after another
        for pid in everybody:
            os.kill(pid, signal.SIGCONT)
        (tmp_path / "go").touch()
        assert server.finished(number)["state"] == "succeeded"
        assert server.output(number) == WHOLE


async def test_a_run_that_was_claimed_but_never_started_is_started_after_all_and_once(tmp_path):
    """The server died between the gate and the supervisor: nobody can have started the job."""
    script(tmp_path, "job.sh", 'echo "$PUSHBUTTON_RUN" >> started')
    async with Pushbutton(tmp_path) as app:
        worker = (await app.open()).worker
    store = SqliteStore(tmp_path / ".pushbutton" / "history.db")
    await store.open()
    pressed = await store.press(NewRun("job", "Job", "local", {}, 1))
    assert await store.claim(Offer(worker, 1), at=2, token="") == await store.run(pressed.run.id)
    await store.close()
    async with Pushbutton(tmp_path) as app:
        core = await app.open()
        await _over(core, pressed.run.id)
        run = await core.store.run(pressed.run.id)
    assert (run.state, run.epoch) == (RunState.SUCCEEDED, 2)
    assert (tmp_path / "started").read_text() == f"{run.id}\n"


async def _over(core, number: int) -> None:
    for _ in itertools.count():
        if (await core.store.run(number)).state.over:
            return
        await asyncio.sleep(0.02)


async def test_a_supervisor_that_never_comes_up_fails_the_run_with_a_reason(tmp_path, monkeypatch):
    script(tmp_path, "job.sh", "echo x")
    async with opened(tmp_path) as app:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        done = await watched(app, await app.press("job"))
    assert done.run.state is RunState.FAILED
    assert "its supervisor did not come up" in done.run.reason
    assert [e.data["state"] for e in done.events if e.kind is Kind.STATE].count("running") == 3


# -- who must not be ended


@pytest.fixture
def bystander():
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def _list(folder: Path, boot: str, pid: int, start: int) -> None:
    (folder / "tree").write_text(f"{boot}\n{pid} {start} sleep\nend\n")


def test_a_process_with_a_recycled_number_is_left_alone(tmp_path, bystander):
    now = process.read(bystander.pid)
    assert now
    _list(tmp_path, process.boot_id(), now.pid, now.start - 1)
    assert orphans.end(str(tmp_path), b"MARK=none") == []
    assert bystander.poll() is None


def test_a_list_of_before_the_machine_was_restarted_counts_for_nothing(tmp_path, bystander):
    now = process.read(bystander.pid)
    assert now
    _list(tmp_path, "another-boot", now.pid, now.start)
    assert orphans.end(str(tmp_path), b"MARK=none") == []
    assert bystander.poll() is None


def test_a_listed_process_is_ended(tmp_path, bystander):
    """The counter-proof of the two above."""
    now = process.read(bystander.pid)
    assert now
    _list(tmp_path, process.boot_id(), now.pid, now.start)
    assert orphans.end(str(tmp_path), b"MARK=none") == []
    assert bystander.wait(PATIENCE) == -signal.SIGKILL


async def test_what_a_client_has_seen_is_in_the_store_after_a_kill(tmp_path):
    """Row by row: every event that came over the stream before the kill is there after it, unchanged."""
    script(tmp_path, "count.py", COUNT)
    with Served(tmp_path) as server:
        number = server.press("count")
        seen = []
        for event in server.events(number):
            seen.append(event)
            if len(seen) == 6:
                break
        server.kill9()
        store = SqliteStore(server.data / "history.db")
        await store.open()
        from pushbutton.runtime.ports import EVERYTHING

        stored = [event.to_json() for event in await store.events(EVERYTHING, after=0)]
        assert (await store.runs(RunQuery()))[0].id == number
        await store.close()
        assert stored[: len(seen)] == seen
        server.restart()
