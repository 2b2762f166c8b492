"""A folder with tasks that lies on a network drive which does not answer. What hangs is a real thread, in place of a
system call that does not come back.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pushbutton import threads
from pushbutton.adapters import spools
from pushbutton.adapters.catalog import path_catalog
from pushbutton.adapters.catalog.skipped import account
from pushbutton.domain.run import RunState
from pushbutton.runtime import worker
from pushbutton.testing import opened
from pushbutton.threads import Places

from .worlds import script, until

MANY = 6
ACCOUNT = "catalog: account"


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    """When it is set, the drive does."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def drive(tmp_path) -> Path:
    (tmp_path / "here").mkdir()
    script(tmp_path / "here", "near.sh", "echo near")
    folder: Path = tmp_path / "drive"
    folder.mkdir()
    for number in range(MANY):
        script(folder, f"far-{number}.sh", "echo far")
    return folder


def hanging(work: Callable[..., Any], drive: Path, answers: threading.Event) -> Callable[..., Any]:
    """The same function, which waits where it is about this folder."""

    def waits(about: Any, *args: Any, **kwargs: Any) -> Any:
        file = about[0] if isinstance(about, list) else about.target.file
        if Path(file).parent == drive:
            answers.wait()
        return work(about, *args, **kwargs)

    return waits


async def test_what_is_passed_over_in_a_folder_that_does_not_answer_is_waited_for_once_and_not_for_long(
    drive, answers, monkeypatch
):
    """Whoever administers sees it on the first page."""

    def hangs(*about: Any) -> Any:
        answers.wait()
        return account(*about)

    monkeypatch.setattr(path_catalog, "account", hangs)
    monkeypatch.setattr(path_catalog, "_PATIENCE", 0.3)
    (drive / "lazy.sh").write_text("#!/bin/sh\necho it may not be started\n")
    async with opened(drive) as app:
        catalog = (await app.open()).catalog
        assert await catalog.passed() == ()
        monkeypatch.setattr(path_catalog, "_PATIENCE", 600.0)
        assert await catalog.passed() == (), "nobody waits a second time"
        script(drive, "new.sh", "echo new")
        await until(lambda: "new" in catalog.tasks(), "the new task: what hangs is not in its way")
        answers.set()
        await until(lambda: not any(one.get_name() == ACCOUNT for one in asyncio.all_tasks()), "the account")
        assert [Path(one.path).name for one in await catalog.passed()] == ["lazy.sh"]


STEPS = pytest.mark.parametrize(("where", "what"), [(worker, "_is_empty"), (spools, "whole")])
"""What is done with a task's file before a run of it starts."""


@STEPS
async def test_a_folder_that_does_not_answer_keeps_no_other_task_from_starting(
    where, what, drive, answers, monkeypatch
):
    monkeypatch.setattr(threads, "programs", Places("programs", 4, 600.0))
    async with opened(drive, drive.parent / "here", at_once=2 * MANY) as app:
        monkeypatch.setattr(where, what, hanging(getattr(where, what), drive, answers))
        far = [await app.press(f"far-{number}") for number in range(MANY)]
        for _ in range(2):
            assert (await (await app.press("near")).finished()).state is RunState.SUCCEEDED
        assert not [run.id for run in far if (await run.run()).state.over]
        answers.set()
        ended = await asyncio.gather(*(run.finished() for run in far))
        assert {run.state for run in ended} == {RunState.SUCCEEDED}


@STEPS
async def test_a_run_in_a_folder_that_does_not_answer_in_time_fails_and_says_so(
    where, what, drive, answers, monkeypatch
):
    monkeypatch.setattr(threads, "programs", Places("programs", 1, 1.0))
    async with opened(drive) as app:
        monkeypatch.setattr(where, what, hanging(getattr(where, what), drive, answers))
        for _ in range(2):
            run = await (await app.press("far-0")).finished()
            assert run.state is RunState.FAILED
            assert f"“{drive}” does not answer: the disk or network drive that it lies on hangs." in run.reason
        answers.set()
        thread = next(one for one in threading.enumerate() if one.name == f"programs {drive}")
        await asyncio.to_thread(thread.join, 20)
        assert (await (await app.press("far-1")).finished()).state is RunState.SUCCEEDED
