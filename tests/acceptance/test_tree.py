"""After a stop, no process of the run's tree is alive, or the run names the survivors. Real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import uuid

import pytest

from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.testing import Finished, opened, watched

from .worlds import marked, script, until


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


async def stopped(tmp_path, processes: int, mark: str) -> Finished:
    """Press `job`, wait until its whole tree is there, stop it."""
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await until(lambda: len(marked(mark)) >= processes, f"{processes} processes")
        await run.cancel()
        return await watched(app, run)


async def test_a_job_that_listens_is_asked_once_and_ends(tmp_path, mark):
    script(
        tmp_path,
        "job.py",
        f"""
        import signal, sys, time  # {mark}
        def end(*_):
            print("tidied up", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        import subprocess
        open("ready-{mark}", "w").close()
        time.sleep(600)
        """,
    )
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await until((tmp_path / f"ready-{mark}").exists)
        await run.cancel()
        done = await watched(app, run)
    assert done.run.state is RunState.CANCELLED
    assert done.output == "tidied up\n"
    assert done.run.reason == "It was stopped."


async def test_a_job_that_ignores_term_is_ended_after_its_grace_and_only_then_over(tmp_path, mark):
    script(
        tmp_path,
        "job.sh",
        f"""
        trap 'echo asked' TERM
        while true; do sh -c 'sleep 0.05; : {mark}'; done
        """,
        head="grace = 2",
    )
    done = await stopped(tmp_path, 1, mark)
    assert done.run.state is RunState.CANCELLED
    assert "asked" in done.output
    assert marked(mark) == []
    assert done.run.survivors == ()


async def test_detached_double_forked_and_env_stripped_grandchildren_are_ended_too(tmp_path, mark):
    script(
        tmp_path,
        "job.py",
        f"""
        import os, subprocess, sys
        hold = [sys.executable, "-c", "import time; time.sleep(600)", "{mark}"]
        subprocess.Popen(hold, start_new_session=True)
        subprocess.Popen(hold, env={{}}, start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                os.execv(sys.executable, hold)
            os._exit(0)
        os.wait()
        os.execv(sys.executable, hold)
        """,
        head="grace = 0.2",
    )
    done = await stopped(tmp_path, 4, mark)
    assert done.run.state is RunState.CANCELLED
    assert marked(mark) == []


async def test_processes_that_fork_all_the_time_cannot_outrun_the_end(tmp_path, mark):
    script(
        tmp_path,
        "job.py",
        f"""
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(20):
            if os.fork() == 0:
                os.setsid()
                end = time.monotonic() + 60
                while time.monotonic() < end:       # each lives a moment and leaves a successor
                    if os.fork():
                        time.sleep(0.003)
                        os._exit(0)
                os._exit(0)
        open("ready-{mark}", "w").close()
        time.sleep(600)
        """,
        head="grace = 0.1",
    )
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await until((tmp_path / f"ready-{mark}").exists)
        await run.cancel()
        done = await watched(app, run)
    assert done.run.state is RunState.CANCELLED
    assert done.run.survivors == ()
    assert marked(str(tmp_path / "job.py")) == []


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can make a process that its supervisor may not end",
)
async def test_who_cannot_be_ended_is_named_in_the_run(tmp_path, monkeypatch, mark):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(
        tasks,
        "job.py",
        f"""
        import os, subprocess, sys
        another = "import os, time; os.setuid(65534); print('begun', flush=True); time.sleep(600)"
        subprocess.run([sys.executable, "-c", another, "{mark}"])
        """,
        head="grace = 0.2",
    )
    unable = script(tmp_path, "python", f'exec setpriv --bounding-set=-kill "{sys.executable}" "$@"\n')
    async with opened(tasks) as app:
        core = await app.open()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(unable))  # of the supervisor: it may end its own user's processes only
            run = await app.press("job")
            await until(lambda: core.output.size(run.id), "the other user's process")
        [pid] = marked(mark)
        try:
            await run.cancel()
            done = await watched(app, run)
            assert marked(mark) == [pid]
        finally:
            os.kill(pid, signal.SIGKILL)
    assert done.run.state is RunState.CANCELLED
    assert [int(survivor.split()[0]) for survivor in done.run.survivors] == [pid]
    assert done.events[-1].data["survivors"] == list(done.run.survivors)


async def test_a_stopped_process_does_not_sleep_through_the_end(tmp_path, mark):
    script(
        tmp_path,
        "job.sh",
        f"""
        trap 'echo woken; exit 0' TERM
        : > ready-{mark}
        kill -STOP $$
        sleep 600
        """,
        head="grace = 20",
    )
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await until((tmp_path / f"ready-{mark}").exists)
        await run.cancel()
        done = await watched(app, run)
    assert done.run.state is RunState.CANCELLED
    assert "woken" in done.output


async def test_a_flood_of_output_does_not_delay_the_end(tmp_path, mark):
    script(tmp_path, "job.sh", f"trap '' TERM; yes {mark}", head="grace = 0.2")
    done = await stopped(tmp_path, 1, mark)
    assert done.run.state is RunState.CANCELLED
    assert marked(mark) == []


async def test_a_run_that_takes_too_long_is_ended_whole_and_says_so(tmp_path, mark):
    script(
        tmp_path,
        "job.sh",
        f"""
        trap '' TERM
        setsid sh -c 'sleep 600; : {mark}' &
        sh -c 'sleep 600; : {mark}'
        """,
        head="timeout = 0.5\ngrace = 0.2",
    )
    async with opened(tmp_path) as app:
        done = await watched(app, await app.press("job"))
    assert done.run.state is RunState.FAILED
    assert done.run.reason == "It took longer than it may, so it was ended."
    assert marked(mark) == []


async def test_stopping_twice_is_one_order_and_one_end(tmp_path, mark):
    script(tmp_path, "job.sh", f"sh -c 'sleep 600; : {mark}'")
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await until(lambda: marked(mark))
        await asyncio.gather(*(run.cancel() for _ in range(10)))
        done = await watched(app, run)
    states = [event.data["state"] for event in done.events if event.kind is Kind.STATE]
    assert states == ["waiting", "running", "cancelled"]
    assert sum(event.data.get("code") == "stop" for event in done.events) == 1


async def test_a_waiting_run_that_is_stopped_never_starts(tmp_path, mark):
    script(tmp_path, "job.sh", "echo x >> ran; sleep 600")
    async with opened(tmp_path) as app:
        first = await app.press("job")
        await until((tmp_path / "ran").exists)
        second = await app.press("job")
        await second.cancel()
        await first.cancel()
        await watched(app, first)
        done = await watched(app, second)
    assert done.run.state is RunState.CANCELLED
    assert done.run.started_at is None
    assert (tmp_path / "ran").read_text() == "x\n"


async def test_an_order_to_stop_that_comes_before_the_job_is_there_is_not_lost(tmp_path, mark):
    script(tmp_path, "job.sh", f"sh -c 'sleep 600; : {mark}'")
    async with opened(tmp_path) as app:
        for _ in range(10):
            run = await app.press("job")
            async for event in run.events():
                if event.data.get("state") == "running":
                    break
            await run.cancel()  # its supervisor is being born in this moment
            assert (await run.finished()).state is RunState.CANCELLED
    assert marked(mark) == []
