"""Every `Supervisors`, and the `Records` of what they write, keep these promises. Real processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.output import OutputFiles
from pushbutton.adapters.spools import SpoolFolder, SpoolRecords
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Command, Limits, Source, Task
from pushbutton.runtime.ports import Output, Record, Records, Supervisors
from tests.acceptance.worlds import alive, pids, until


@dataclass
class World:
    supervisors: Supervisors
    records: Records
    output: Output
    folder: Path
    number: int = 0

    async def start(self, script: str, *, secrets: tuple[str, ...] = (), **env: str) -> int:
        self.number += 1
        run = Run(self.number, "job", "Job", RunState.RUNNING, 1, "local", {}, 1)
        argv = ("sh", "-c", script)
        task = Task("job", "Job", CommandTarget(argv), Source("job"), limits=Limits(grace=0.2))
        await self.supervisors.start(run, task, Command(argv, str(self.folder), env), secrets, "token")
        return run.id

    def found(self, run: int) -> list[Record]:
        return list(self.records.read(run, 0)[0])

    def kinds(self, run: int) -> list[Any]:
        return [record["k"] for record in self.found(run)]

    async def over(self, run: int) -> Record:
        await until(lambda: "end" in self.kinds(run), "its last record")
        await until(lambda: not self.supervisors.held(run), "its supervisor to go")
        return self.found(run)[-1]


@pytest.fixture(params=["spools"])
async def world(tmp_path: Path) -> AsyncIterator[World]:
    runs = tmp_path / "runs"
    runs.mkdir()
    supervisors = SpoolFolder(runs, hint=tmp_path / "hint")
    made = World(supervisors, SpoolRecords(runs), OutputFiles(runs), tmp_path)
    yield made
    for run in range(1, made.number + 1):
        if supervisors.held(run):
            await supervisors.end(run)
    supervisors.let_go()


async def test_a_run_that_nobody_started_has_nothing(world):
    assert not world.supervisors.tried(7)
    assert not world.supervisors.held(7)
    assert not world.supervisors.stop(7, grace=1.0, by="ada")
    assert world.records.read(7, 0) == ([], 0)
    assert await world.supervisors.clear(7) == []
    await world.supervisors.remove(7)


async def test_a_job_is_started_written_down_and_over(world):
    run = await world.start('echo "$WORD"; exit 3', WORD="hello")
    assert world.supervisors.tried(run)
    assert (await world.over(run))["code"] == 3
    assert world.kinds(run) == ["born", "started", "exit", "end"]
    assert world.output.read(run, 0, 100) == b"hello\n"
    world.supervisors.reap()


async def test_records_are_read_on_from_any_position(world):
    run = await world.start("echo status one >&3; echo status two >&3")
    await world.over(run)
    every, end = world.records.read(run, 0)
    first = world.records.read(run, 0)[0][0]
    assert first["k"] == "born"
    assert world.records.read(run, end) == ([], end)
    assert [record["line"] for record in every if record["k"] == "line"] == ["status one", "status two"]


async def test_its_secrets_are_masked(world):
    run = await world.start('echo "it is $WORD"', secrets=("hunter2-hunter2",), WORD="hunter2-hunter2")
    await world.over(run)
    assert world.output.read(run, 0, 100) == "it is •••\n".encode()


async def test_who_is_told_to_stop_is_stopped_and_says_by_whom(world):
    run = await world.start("echo $$ > job.pid; sleep 600")
    await until((world.folder / "job.pid").exists, "the job to begin")
    await until(lambda: world.supervisors.stop(run, grace=0.1, by="ada"), "it to be heard")
    end = await world.over(run)
    assert (end["why"], end["survivors"]) == ("cancel", [])
    assert [record["by"] for record in world.found(run) if record["k"] == "stop"] == ["ada"]
    assert not any(map(alive, pids(world.folder, "job.pid")))


async def test_what_is_said_from_elsewhere_is_written_down_like_the_jobs_own(world):
    run = await world.start("until [ -e go ]; do sleep 0.02; done", secrets=("hunter2-hunter2",))
    await until(lambda: "born" in world.kinds(run), "it to be born")
    assert await world.supervisors.say(run, ["status it is hunter2-hunter2"])
    await until(lambda: "line" in world.kinds(run), "the line")
    (world.folder / "go").touch()
    await world.over(run)
    assert [record["line"] for record in world.found(run) if record["k"] == "line"] == ["status it is •••"]
    assert not await world.supervisors.say(run, ["status late"])


async def test_what_a_killed_supervisor_leaves_is_cleared(world):
    run = await world.start("echo $$ > job.pid; sleep 600")
    await until((world.folder / "job.pid").exists, "the job to begin")
    os.kill(int(world.found(run)[0]["pid"]), signal.SIGKILL)
    await until(lambda: not world.supervisors.held(run), "its supervisor to go")
    assert await world.supervisors.clear(run) == []
    assert not any(map(alive, pids(world.folder, "job.pid")))
    assert "end" not in world.kinds(run)


async def test_one_that_stands_still_is_seen_and_ended(world):
    run = await world.start("echo $$ > job.pid; sleep 600")
    await until((world.folder / "job.pid").exists, "the job to begin")
    before = world.supervisors.worked(run)
    await until(lambda: world.supervisors.worked(run) != before, "it to work")
    pid = int(world.found(run)[0]["pid"])
    os.kill(pid, signal.SIGSTOP)
    assert world.supervisors.held(run)
    assert await world.supervisors.end(run) == []
    world.supervisors.reap()
    await until(lambda: not world.supervisors.held(run), "its supervisor to go")
    assert not any(map(alive, pids(world.folder, "job.pid")))


async def test_what_was_removed_is_gone(world):
    run = await world.start("echo hello")
    await world.over(run)
    await world.supervisors.remove(run)
    assert not world.supervisors.tried(run)
    assert (world.found(run), world.output.size(run)) == ([], 0)


async def test_one_that_cannot_be_started_says_so_and_nothing_has_run(world, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(world.folder / "none"))
    with pytest.raises(OSError):
        await world.start("touch ran")
    monkeypatch.undo()
    assert not (world.folder / "ran").exists()
    assert not world.supervisors.held(1)
