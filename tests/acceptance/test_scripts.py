"""A script is what it is by hand: neither it nor who stands beside it can see that something protects it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from pushbutton.domain.run import RunState
from pushbutton.domain.task import Command
from pushbutton.testing import opened, press_and_wait, watched

from .worlds import script, spool_of, until

DATA = ".pushbutton"


def bash(folder: Path, name: str, body: str) -> Path:
    file = script(folder, name, body)
    file.write_text(file.read_text().replace("#!/bin/sh", "#!/usr/bin/env bash"))
    return file


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("write", [script, bash])
async def test_the_folder_of_a_script_is_as_clean_while_it_runs_as_before(tmp_path, write):
    """Nothing is new to git, `git clean` takes nothing away from the run, and no archive of the folder has more."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    write(
        tasks,
        "release.sh",
        'cd "$(dirname "$0")" && git status --porcelain && git clean -xfdq && tar -cf - . | tar -tf - | grep -v .git/\n'
        'ls -A "$0"; tail -n 1 "$0"',
    )
    git(tasks, "init", "-q")
    git(tasks, "add", "-A")
    git(tasks, "commit", "-qm", "x")
    async with opened(tasks, data=tmp_path / "data") as app:
        done = await press_and_wait(app, "release")
    assert done.run.state is RunState.SUCCEEDED, done.output
    here = f"{tasks}/release.sh"
    assert done.output.splitlines() == ["./", "./release.sh", here, 'ls -A "$0"; tail -n 1 "$0"']


async def test_a_script_that_locks_itself_shuts_out_the_same_one_started_by_hand(tmp_path):
    file = script(
        tmp_path,
        "nightly.sh",
        'exec 9<"$0"\nflock -n 9 || exit 75\necho "status in" >&3 2>/dev/null\nwhile [ ! -e go ]; do sleep 0.02; done',
    )
    async with opened(tmp_path) as app:
        run = await app.press("nightly")
        async for event in run.events():
            if event.kind == "status":
                break
        by_hand = await asyncio.create_subprocess_exec(str(file), cwd=tmp_path)
        assert await by_hand.wait() == 75
        (tmp_path / "go").touch()
        assert (await watched(app, run)).run.state is RunState.SUCCEEDED


@pytest.mark.parametrize("write", [script, bash])
async def test_a_linked_script_finds_what_lies_beside_its_target(tmp_path, write):
    there, tasks = tmp_path / "there", tmp_path / "tasks"
    there.mkdir()
    tasks.mkdir()
    (there / "names.txt").write_text("found\n")
    body = 'cat "$(dirname "$(readlink -f "$0")")/names.txt"; echo "$0"'
    (tasks / "tool.sh").symlink_to(write(there, "tool-1.2.sh", body))
    async with opened(tasks, data=tmp_path / "data") as app:
        done = await press_and_wait(app, "tool")
    assert done.output.splitlines() == ["found", f"{tasks}/tool.sh"], done.output


async def test_two_servers_on_one_folder_leave_each_others_runs_alone(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    body = 'echo "$MARK"; echo "status in" >&3\nwhile [ ! -e "$MARK" ]; do sleep 0.02; done\necho "end of $MARK"'
    script(tasks, "job.sh", body, head="[params.mark]\n")
    ends = {}
    async with opened(tasks, data=tmp_path / "one") as one, opened(tasks, data=tmp_path / "two") as two:
        runs = [await one.press("job", mark="a"), await two.press("job", mark="b")]
        for run in runs:
            async for event in run.events():
                if event.kind == "status":
                    break
        for app, run, mark in ((two, runs[1], "b"), (one, runs[0], "a")):
            (tasks / mark).touch()
            ends[mark] = await watched(app, run)
    assert [run.id for run in runs] == [1, 1]
    assert {mark: done.output for mark, done in ends.items()} == {m: f"{m}\nend of {m}\n" for m in "ab"}


@pytest.mark.parametrize("write", [script, bash])
async def test_a_running_script_that_is_cut_to_nothing_runs_to_its_end(tmp_path, write):
    file = write(tmp_path, "job.sh", 'echo "status in" >&3\nwhile [ ! -e go ]; do sleep 0.02; done\necho whole\n')
    async with opened(tmp_path) as app:
        run = await app.press("job")
        async for event in run.events():
            if event.kind == "status":
                break
        os.truncate(file, 0)
        (tmp_path / "go").touch()
        done = await watched(app, run)
    assert (done.run.state, done.output) == (RunState.SUCCEEDED, "whole\n")


async def test_the_process_of_a_script_has_its_name(tmp_path):
    bash(tmp_path, "job.sh", 'cat /proc/$$/comm; tr "\\0" "\\n" </proc/$$/cmdline | grep -F job.sh')
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.output.splitlines() == ["job.sh", f"{tmp_path}/job.sh"]


async def test_a_file_that_changes_at_the_last_moment_before_an_approved_start_starts_nothing(tmp_path):
    """Between the server's look and the job's start there is another process: it looks once more."""
    file = script(tmp_path, "job.sh", ": > ran")
    async with opened(tmp_path) as app:
        core = await app.open()
        supervisors, task = core.supervisors, core.catalog.task("job")
        run = (await press_and_wait(app, "job")).run
        (tmp_path / "ran").unlink()
        order = Command((str(file),), str(tmp_path), {}, script=True, frozen={str(file): "0" * 64})
        await supervisors.start(run, task, order, [], "")
        await until(lambda: not supervisors.held(run.id), "the supervisor to end")
        end = core.records.read(run.id, 0)[0][-1]
    assert (end["k"], end["error"]) == (
        "end",
        "The task was changed after it was approved; nothing was started. Press again.",
    )
    assert not (tmp_path / "ran").exists()


async def test_the_copy_of_a_run_that_the_version_before_started_is_cleared_away(tmp_path):
    """It said in its spool where its copy lies; its supervisor was killed."""
    script(tmp_path, "job.sh", "sleep 600")
    copy = tmp_path / ".pushbutton-1-job.sh"
    async with opened(tmp_path) as app:
        run = await app.press("job")
        core = await app.open()
        await until(lambda: len(core.records.read(run.id, 0)[0]) > 1, "the job to start")
        born = core.records.read(run.id, 0)[0][0]
        copy.write_text("#!/bin/sh\n")
        (spool_of(app, run.id) / "copy").write_text(str(copy))
        os.kill(born["pid"], signal.SIGKILL)
        assert (await run.finished()).state is RunState.LOST
    assert not copy.exists()
