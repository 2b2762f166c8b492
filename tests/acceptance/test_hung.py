"""A supervisor that hangs: the run can be stopped all the same, and everybody is told. Real processes, stopped by
SIGSTOP, which is what a hung disk or a frozen group of processes looks like from the outside.
"""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from pathlib import Path

import pytest

from pushbutton.adapters import spools
from pushbutton.app import Pushbutton, RunHandle
from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.runtime import watchdog
from pushbutton.runtime.ports import Topics
from pushbutton.supervisor import process
from pushbutton.testing import opened, watched

from .serving import Command
from .worlds import alive, marked, pids, script, spool_of, until

TREE = """
import os, signal, subprocess, sys, time  # {mark}
def asked(*_):
    open("asked", "w").close()
signal.signal(signal.SIGTERM, asked)
here = "import os, time; os.setsid(); open('part', 'w').write(str({{}})); os.rename('part', 'pid'); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", here.format(os.getpid()) + "  # {mark}"], env={{}})
while True:
    time.sleep(60)
"""
"""A job that hears the request to end and stays, with a child that has left its session and its environment."""


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


@pytest.fixture(autouse=True)
def sooner(monkeypatch) -> None:
    monkeypatch.setattr(watchdog, "LATE", 2.0)


_HUNG: list[process.Process | None] = []


@pytest.fixture(autouse=True)
def nobody_stays():
    """Also when a test fails."""
    yield
    while _HUNG:
        boss = _HUNG.pop()
        if boss and process.living(boss.pid, boss.start):
            for member in [*process.descendants(boss.pid, process.everybody()), boss]:
                process.send(member, signal.SIGKILL)


def nobody_left(folder: Path, mark: str) -> bool:
    return marked(mark) == [] and not alive(*pids(folder, "pid"))


def tree(folder: Path, mark: str, *, head: str = "grace = 1") -> None:
    script(folder, "job.py", TREE.format(mark=mark), head=head)


def supervisor(spool: Path) -> int:
    return int(json.loads((spool / "events").read_text().splitlines()[0])["pid"])


async def pressed(app: Pushbutton) -> tuple[RunHandle, Path]:
    """A run of `job`, and its spool."""
    run = await app.press("job")
    return run, spool_of(app, run.id)


async def hung(spool: Path, tasks: Path) -> int:
    """The pid of the run's supervisor, which stands still from now on; its tree is whole by then."""
    await until((tasks / "pid").exists, "the tree")
    pid = supervisor(spool)
    _HUNG.append(process.read(pid))
    os.kill(pid, signal.SIGSTOP)
    return pid


async def test_a_run_whose_supervisor_hangs_is_asked_to_end_and_made_to_when_somebody_stops_it(tmp_path, mark):
    tree(tmp_path, mark)
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        pid = await hung(spool, tmp_path)
        await run.cancel()
        done = await watched(app, run)
    assert (done.run.state, done.run.survivors) == (RunState.CANCELLED, ())
    assert done.run.reason == "It was stopped: its supervisor did not answer, so the server ended it."
    assert nobody_left(tmp_path, mark)
    assert not alive(pid)
    assert (tmp_path / "asked").exists()
    assert "Its supervisor does not do what it was told; the server asks the job itself to end." in done.notes


async def test_who_watches_is_told_that_a_supervisor_does_not_answer_and_that_it_does_again(tmp_path, mark):
    tree(tmp_path, mark)
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        before = time.time_ns() // 1000
        pid = await hung(spool, tmp_path)
        heard = []
        async for event in run.events():
            if event.kind is Kind.NOTE:
                heard.append(event)
                if len(heard) == 1:
                    os.kill(pid, signal.SIGCONT)
                else:
                    break
        assert [event.data["code"] for event in heard] == ["silent", "answers"]
        assert before - 2_000_000 <= int(str(heard[0].data["since"])) <= heard[0].at
        await run.cancel()
        done = await watched(app, run)
    assert done.run.reason == "It was stopped."


async def test_a_time_limit_is_kept_also_when_the_supervisor_hangs(tmp_path, mark):
    tree(tmp_path, mark, head="grace = 1\ntimeout = 4")
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        await hung(spool, tmp_path)
        done = await watched(app, run)
    assert (done.run.state, done.run.survivors) == (RunState.FAILED, ())
    assert done.run.reason == ("It took longer than it may: its supervisor did not answer, so the server ended it.")
    assert nobody_left(tmp_path, mark)


async def test_a_supervisor_that_hangs_after_it_began_to_end_the_job_is_not_waited_for(tmp_path, mark):
    tree(tmp_path, mark, head="grace = 3")
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        await until((tmp_path / "pid").exists, "the tree")
        await run.cancel()
        events = spool / "events"
        await until(lambda: '"stop"' in events.read_text(), "its word")
        os.kill(supervisor(spool), signal.SIGSTOP)
        done = await watched(app, run)
    assert (done.run.state, done.run.survivors) == (RunState.CANCELLED, ())
    assert nobody_left(tmp_path, mark)


async def test_an_order_to_stop_a_hung_run_is_kept_over_a_restart_of_the_server(tmp_path, mark):
    tree(tmp_path, mark)
    async with Pushbutton(tmp_path) as app:
        run, spool = await pressed(app)
        await hung(spool, tmp_path)
        await run.cancel()
    async with Pushbutton(tmp_path) as app:
        core = await app.open()
        async for event in core.hub.events(Topics(runs=frozenset({run.id})), 0):
            if event.data.get("state") == "cancelled":
                break
    assert nobody_left(tmp_path, mark)


async def test_a_hung_supervisor_of_a_server_that_wrote_nothing_into_its_lock_is_found(tmp_path, mark):
    """Version 0.2.0 did not."""
    tree(tmp_path, mark)
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        pid = await hung(spool, tmp_path)
        os.truncate(spool / "lock", 0)
        await run.cancel()
        done = await watched(app, run)
    assert done.run.state is RunState.CANCELLED
    assert not alive(pid)
    assert nobody_left(tmp_path, mark)


async def test_a_time_limit_is_kept_also_when_a_supervisor_hangs_that_wrote_it_nowhere(tmp_path, mark):
    tree(tmp_path, mark, head="grace = 1\ntimeout = 5")
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        await hung(spool, tmp_path)
        os.truncate(spool / "lock", 0)
        done = await watched(app, run)
    assert (done.run.state, done.run.survivors) == (RunState.FAILED, ())
    assert done.run.reason == "It took longer than it may: its supervisor did not answer, so the server ended it."
    assert nobody_left(tmp_path, mark)


async def test_a_supervisor_that_hangs_before_it_starts_the_job_is_stopped_too(tmp_path, monkeypatch):
    script(tmp_path, "job.sh", "echo ran > ran", head="grace = 1")
    monkeypatch.setattr(spools, "_BOOT", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    async with opened(tmp_path) as app:
        run, spool = await pressed(app)
        await until((spool / "lock").exists, "its lock")
        await run.cancel()
        done = await watched(app, run)
    assert (done.run.state, done.run.reason) == (RunState.CANCELLED, "It was stopped before it started.")
    assert not (tmp_path / "ran").exists()


def test_ctrl_c_ends_a_run_in_the_foreground_whose_supervisor_hangs(tmp_path):
    body = "trap 'touch asked' TERM\necho $$ > part; mv part pid\nwhile true; do sleep 0.1; done"
    file = script(tmp_path, "job.sh", body, head="grace = 1")
    with Command("run", file, cwd=tmp_path) as command:
        while not (tmp_path / "pid").exists():
            assert command.alive, command.err.text
            time.sleep(0.02)
        (pid,) = pids(tmp_path, "pid")
        now = process.read(pid)
        assert now
        os.kill(now.parent, signal.SIGSTOP)
        command.signal(signal.SIGINT)
        assert command.wait() == 128 + signal.SIGINT
    assert "It was stopped: its supervisor did not answer, so both were ended from here." in command.err.text
    assert not alive(pid)
    assert not alive(now.parent)
    assert (tmp_path / "asked").exists()
