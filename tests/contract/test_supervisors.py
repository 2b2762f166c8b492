"""Every `Supervisors`, and the `Records` of what they write, keep these promises. Real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters import order_sender
from pushbutton.adapters.output import OutputFiles
from pushbutton.adapters.spools import SpoolFolder, SpoolRecords
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Command, Limits, Source, Task
from pushbutton.runtime.ports import Output, Record, Records, Supervisors
from tests.acceptance.worlds import alive, pids, until


def stop(n: int, *, by: str = "", grace: float = 0.1) -> Order:
    return Order(OrderKind.STOP, {"by": by, "grace": grace}, n=n)


def report(n: int, lines: str) -> Order:
    return Order(OrderKind.REPORT, {"lines": lines}, n=n)


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

    async def heard(self, run: int, *orders: Order) -> None:
        """Tell it as often as it takes."""

        def heard() -> bool:
            last = max((record["n"] for record in self.found(run) if record["k"] == "heard"), default=0)
            assert self.supervisors.tell(run, [order for order in orders if order.n > last]) == 0
            return bool(last == orders[-1].n)

        await until(heard, "it to hear")

    def lines(self, run: int) -> list[str]:
        return [record["line"] for record in self.found(run) if record["k"] == "line"]

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
    assert world.supervisors.tell(7, [stop(1)]) == 0
    assert world.supervisors.told(7) == 0
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
    await world.heard(run, stop(1, by="ada"))
    end = await world.over(run)
    assert (end["why"], end["survivors"]) == ("cancel", [])
    assert [record["by"] for record in world.found(run) if record["k"] == "stop"] == ["ada"]
    assert not any(map(alive, pids(world.folder, "job.pid")))


async def test_what_is_said_from_elsewhere_is_written_down_like_the_jobs_own(world):
    run = await world.start("until [ -e go ]; do sleep 0.02; done", secrets=("hunter2-hunter2",))
    await world.heard(run, report(1, "status it is hunter2-hunter2"))
    assert world.supervisors.told(run) == 1
    (world.folder / "go").touch()
    await world.over(run)
    assert world.lines(run) == ["status it is •••"]
    assert world.supervisors.tell(run, [report(2, "status late")]) == 0
    assert world.lines(run) == ["status it is •••"]


async def test_orders_are_carried_out_once_and_in_order_whoever_repeats_them(world):
    run = await world.start("sleep 600")
    first = [report(n, f"status {n}") for n in range(1, 6)]
    await world.heard(run, *first)
    world.supervisors.hang_up(run)  # as a process that starts anew, and knows of nothing that went out
    assert world.supervisors.told(run) == 0
    await world.heard(run, *first, report(6, "status 6\nstatus 7"))
    await world.heard(run, report(7, "status 8"), stop(8))
    await world.over(run)
    assert world.lines(run) == [f"status {n}" for n in range(1, 9)]


async def test_one_that_reads_nothing_is_waited_for_by_nobody_and_gets_all_of_it_later(world):
    run = await world.start("sleep 600")
    await until(lambda: "started" in world.kinds(run), "the job to begin")
    pid = int(world.found(run)[0]["pid"])
    orders = [report(n, f"status {n} " + "x" * 60_000) for n in range(1, 8)]
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            world.supervisors.tell(run, orders)
        assert 0 <= world.supervisors.told(run) < 7
        world.supervisors.hang_up(run)  # one of them lies there torn
        world.supervisors.tell(run, orders)
    finally:
        os.kill(pid, signal.SIGCONT)
    await world.heard(run, *orders, report(8, "status end"), stop(9))
    await world.over(run)
    assert [line.split()[1] for line in world.lines(run)] == [*map(str, range(1, 8)), "end"]
    assert all(len(line) > 60_000 for line in world.lines(run)[:7])


async def test_who_has_to_wait_is_called_when_there_is_room_again(world):
    run = await world.start("sleep 600")
    await until(lambda: "started" in world.kinds(run), "the job to begin")
    pid = int(world.found(run)[0]["pid"])
    orders, called = [report(n, "status " + "x" * 60_000) for n in range(1, 4)], asyncio.Event()
    os.kill(pid, signal.SIGSTOP)
    try:
        world.supervisors.tell(run, orders, called.set)
        await asyncio.sleep(0)
        assert not called.is_set()
    finally:
        os.kill(pid, signal.SIGCONT)
    while world.supervisors.told(run) < 3:
        await called.wait()
        called.clear()
        world.supervisors.tell(run, orders, called.set)
    world.supervisors.hang_up(run)


async def test_an_order_that_something_else_has_spoiled_goes_out_again(world, monkeypatch):
    run = await world.start("sleep 600")
    await until(lambda: "started" in world.kinds(run), "the job to begin")
    pid = int(world.found(run)[0]["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        with (world.folder / "runs" / str(run) / "control").open("wb") as control:
            control.write(b"{")
        world.supervisors.tell(run, [report(1, "status one")])
        with (world.folder / "runs" / str(run) / "control").open("wb") as control:
            control.write(b"[")
        world.supervisors.tell(run, [report(1, "status one"), report(2, "status two")])
    finally:
        os.kill(pid, signal.SIGCONT)
    await world.heard(run, report(1, "status one"))
    monkeypatch.setattr(order_sender, "AGAIN", 0.0)
    await world.heard(run, report(1, "status one"), report(2, "status two"), stop(3))
    await world.over(run)
    assert world.lines(run) == ["status one", "status two"]


@pytest.mark.parametrize("line", ["artifact /etc/hostname", '{"kind": "artifact", "data": {"path": "x"}}'])
async def test_a_line_that_hands_over_a_file_is_known_before_it_is_told(world, line):
    assert world.supervisors.names_file(line)
    assert not world.supervisors.names_file(f"status {line}")


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
