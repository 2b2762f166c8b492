"""Runs that wait, limits, and who starts them: in numbers, with real jobs, and with a server that is killed."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.app import Pushbutton, RunHandle
from pushbutton.domain.event import Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun, RunState
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.worker import Worker
from pushbutton.testing import opened, press_and_wait

from .serving import Served, until
from .worlds import script
from .worlds import until as happens

PRESSES, TOGETHER = 200, 4
LIMITS = {"one": 1, "two": 2, "three": 3}

MEASURES = """
cd "$(dirname "$0")"
take() {
  for slot in $(seq "$2"); do mkdir "$1-$slot" 2>/dev/null && echo "$1-$slot" && return; done
  touch "too-many-$1"
}
mine=$(take "$PUSHBUTTON_TASK" LIMIT) all=$(take all TOGETHER)
echo "$PUSHBUTTON_RUN" >> "ran-$PUSHBUTTON_TASK"
rmdir $mine $all
"""


async def test_two_hundred_presses_of_three_tasks_run_once_each_within_every_limit_and_the_oldest_first(tmp_path):
    for name, limit in LIMITS.items():
        body = MEASURES.replace("LIMIT", str(limit)).replace("TOGETHER", str(TOGETHER))
        script(tmp_path, f"{name}.sh", body, head=f"at_once = {limit}")
    async with opened(tmp_path, store=None, at_once=TOGETHER) as app:
        core = await app.open()
        tasks = [list(LIMITS)[number % 3] for number in range(PRESSES)]
        pressed = await asyncio.gather(*(app.press(task) for task in tasks))
        ended = await asyncio.gather(*(run.finished() for run in pressed))
        assert {(run.state, run.epoch) for run in ended} == {(RunState.SUCCEEDED, 1)}
        assert not list(tmp_path.glob("too-many-*"))
        for name, limit in LIMITS.items():
            mine = sorted(run.id for run in ended if run.task == name)
            ran = list(map(int, (tmp_path / f"ran-{name}").read_text().split()))
            assert (ran if limit == 1 else sorted(ran)) == mine
            events = await core.store.events(Topics(tasks=frozenset({name})), after=0, limit=10_000, kind=Kind.STATE)
            assert [event.run for event in events if event.data["state"] == "running"] == mine


def configured(folder: Path, at_once: int) -> None:
    job = ["sh", "-c", 'echo x >> "ran-$PUSHBUTTON_TASK"; until [ -e go ]; do sleep 0.02; done']
    tasks = {"job": {"command": job, "at_once": at_once}, "other": {"command": job, "at_once": 9}}
    (folder / "pushbutton.yaml").write_text(json.dumps({"tasks": tasks}))


async def test_a_limit_that_is_changed_in_the_file_counts_for_runs_that_wait(tmp_path):
    """Pressed as five at a time were allowed; then one is; then three."""
    configured(tmp_path, 5)
    async with opened(tmp_path / "pushbutton.yaml", at_once=3) as app:
        core = await app.open()

        async def active(task: str) -> int:
            return sum(run.state.active for run in [await run.run() for run in pressed[task]])

        async def becomes(at_once: int) -> None:
            configured(tmp_path, at_once)
            await happens(lambda: core.catalog.task("job").limits.at_once == at_once, "the file is read")

        pressed = {"other": [await app.press("other") for _ in range(3)], "job": []}
        ran = tmp_path / "ran-other"
        await happens(lambda: ran.exists() and ran.read_text() == "x\n" * 3, "they have all slots")
        pressed["job"] = [await app.press("job") for _ in range(6)]
        await becomes(1)
        for run in pressed["other"]:
            await run.cancel()
        await asyncio.gather(*(run.finished() for run in pressed["other"]))
        await happens((tmp_path / "ran-job").exists, "one runs")
        beside = await app.press("other")  # behind all of them: the gate was asked, and the worker has slots
        await happens(lambda: (tmp_path / "ran-other").read_text() == "x\n" * 4, "another one runs beside it")
        assert await active("job") == 1
        await becomes(3)
        await happens(lambda: (tmp_path / "ran-job").read_text() == "x\n" * 2, "one more runs, in the last slot")
        (tmp_path / "go").touch()
        assert {(await run.finished()).state for run in (*pressed["job"], beside)} == {RunState.SUCCEEDED}
    assert (tmp_path / "ran-job").read_text() == "x\n" * 6


def test_a_server_that_is_killed_between_the_gate_and_the_start_takes_the_run_back_and_starts_it_once(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    config = tasks / "pushbutton.yaml"
    body = "tasks:\n  job: {command: [sh, -c, 'echo $PUSHBUTTON_RUN >> ran'], secrets: [S]}\n"
    config.write_text("secrets:\n  S: {command: [sh, -c, 'echo $$ > asked; exec sleep 4711']}\n" + body)
    with Served(tasks, data=tmp_path / "data") as server:
        first, second = server.press("job"), server.press("job")
        asked = tasks / "asked"
        until(lambda: asked.exists() and asked.read_text(), what="it is through the gate, and its secret is asked for")
        assert server.run(first)["state"] == "running"
        server.kill9()
        os.kill(int(asked.read_text()), 9)
        config.write_text("secrets:\n  S: {command: [echo, word]}\n" + body)
        server.restart()
        assert [server.finished(number)["state"] for number in (first, second)] == ["succeeded"] * 2
        moves = [event["data"]["state"] for event in server.events(first) if event["kind"] == "state"]
    assert (tasks / "ran").read_text() == f"{first}\n{second}\n"
    assert moves == ["waiting", "running", "waiting", "running", "succeeded"]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_run_is_taken_back_by_its_own_workers_name_also_where_that_was_lost(tmp_path, lost):
    script(tmp_path, "job.sh", 'echo "$PUSHBUTTON_RUN" >> started')
    async with Pushbutton(tmp_path) as app:
        worker = (await app.open()).worker
    store = SqliteStore(tmp_path / ".pushbutton" / "history.db")
    await store.open()
    run = (await store.press(NewRun("job", "Job", "local", {}, 1))).run
    assert await store.claim(Offer(worker, 1), at=2, token="")
    await store.close()
    if lost:
        (tmp_path / ".pushbutton" / "worker").unlink()
    async with Pushbutton(tmp_path) as app:
        core = await app.open()
        done = await RunHandle(core, run, made=False).finished()
    assert (done.state, done.epoch, done.worker == worker) == (RunState.SUCCEEDED, 2, not lost)
    assert (tmp_path / "started").read_text() == f"{run.id}\n"


async def test_a_worker_beside_others_leaves_alone_what_is_in_anothers_name(tmp_path):
    script(tmp_path, "job.sh", "true", head="at_once = 9")
    store = MemoryStore()
    async with opened(tmp_path, store=store) as app:
        core = await app.open()
        await press_and_wait(app, "job")  # what it had is taken back by now
        await store.press(NewRun("job", "Job", "local", {}, 1))
        theirs = await store.claim(Offer("another", 9), at=2, token="")
        beside = Worker(core)
        await beside._take_back()
        assert not beside._following
        alone = Worker(core, alone=True)
        await alone._take_back()
        assert len(alone._following) == 1
        await alone.close()
        assert theirs
        assert (await store.run(theirs.id)).worker == core.worker
