"""Work in threads: what hangs at one place holds up that place alone, and has an end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pushbutton import threads
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import NoAnswer
from pushbutton.runtime.task_digest import frozen
from pushbutton.threads import Places

MANY = 20


def of(folder: Path) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.endswith(str(folder))]


def command(folder: Path) -> Task:
    """A task whose program is `prog` in this folder."""
    folder.mkdir()
    return Task(folder.name, folder.name, CommandTarget(("./prog",)), Source("x"), cwd=str(folder))


async def test_a_file_that_does_not_answer_holds_up_its_own_folder_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "hashing", Places("hashing", 4, 0.5))
    hangs, works = command(tmp_path / "hangs"), command(tmp_path / "works")
    os.mkfifo(tmp_path / "hangs" / "prog")  # opening it waits until somebody writes: a drive that does not answer
    (tmp_path / "works" / "prog").write_text("x")
    asked = [asyncio.ensure_future(frozen(hangs)) for _ in range(MANY)]
    assert len(await frozen(works)) == 64
    assert not any(one.done() for one in asked)
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert {str(one) for one in found} == {
        f"“{tmp_path / 'hangs'}” does not answer: the disk or network drive that it lies on hangs."
    }
    assert 0 < len(of(tmp_path / "hangs")) <= 4
    once_more = asyncio.ensure_future(frozen(hangs))
    await asyncio.sleep(0)
    assert once_more.done(), "nobody waits any more where everything waits already"
    assert isinstance(once_more.exception(), NoAnswer)
    assert len(await frozen(works)) == 64

    waiting = of(tmp_path / "hangs")
    (tmp_path / "hangs" / "prog").open("wb").close()  # it answers again
    for thread in waiting:
        await asyncio.to_thread(thread.join, 20)
    (tmp_path / "hangs" / "prog").unlink()
    (tmp_path / "hangs" / "prog").write_text("y")
    assert len(await frozen(hangs)) == 64


async def test_what_comes_back_is_what_the_work_says():
    places = Places("work", 2, 20.0)

    def late() -> None:
        raise TimeoutError("its own")

    assert await places("a", divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await places("a", divmod, 7, 0)
    with pytest.raises(TimeoutError, match="its own"):
        await places("a", late)
    assert await asyncio.gather(*(places(f"{number % 3}", abs, -number) for number in range(MANY))) == list(range(MANY))


async def test_what_nobody_waits_for_any_more_is_not_begun():
    places, go = Places("work", 1, 20.0), threading.Event()
    done: list[int] = []
    first = asyncio.ensure_future(places("a", go.wait))
    second = asyncio.ensure_future(places("a", done.append, 2))
    third = asyncio.ensure_future(places("a", done.append, 3))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    go.set()
    await asyncio.gather(first, third)
    assert done == [3]


def test_what_hangs_in_the_task_folders_keeps_no_process_from_ending(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code = """
import asyncio, sys
from pushbutton import threads
async def main():
    hanging = asyncio.ensure_future(threads.catalogue("listing", open, sys.argv[1]))
    print(await threads.catalogue("together", abs, -7))
    hanging.cancel()
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "pipe"], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "7\n"


def test_a_thread_that_hangs_keeps_no_process_from_ending(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code = """
import asyncio, sys
from pushbutton.errors import NoAnswer
from pushbutton.threads import Places
async def main():
    try:
        await Places("work", 1, 0.2)("a", open, sys.argv[1])
    except NoAnswer as error:
        print(error)
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "pipe"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "“a” does not answer" in ended.stdout
