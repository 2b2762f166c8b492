"""What the sources of scripts told is kept: what did not change is not read again, and what is damaged is read anew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog
from pushbutton.adapters.catalog.describing import Describer
from pushbutton.adapters.catalog.told import Told
from pushbutton.domain.task import Task

MOVE = """#!/usr/bin/env python3
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("shop")
parser.add_argument("--till", type=int, default={till})
print(parser.parse_args())
"""


def script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder / name


def counting_python(folder: Path) -> Path:
    """A Python that notes each of its starts."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\necho >> {folder}/starts\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


class Folder:
    """Scripts, and what was read of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.tasks, self.told = path, path / "tasks", path / "readings"
        self.python = str(counting_python(path))
        for number in range(23):
            script(self.tasks, f"move{number}.py", MOVE.replace("{till}", str(number)))

    @property
    def starts(self) -> int:
        file = self.path / "starts"
        return file.read_text().count("\n") if file.exists() else 0

    @property
    def kept(self) -> list[Path]:
        return sorted(self.told.glob("*/*"))

    def replace_python(self) -> None:
        file = Path(self.python)
        file.write_text(file.read_text() + "# another one\n")

    async def read(self) -> dict[str, Task]:
        catalog = PathCatalog([self.tasks], python=self.python, told=self.told)
        await catalog.open()
        try:
            await catalog.awaited("nowhere")  # it waits until all is read
            return dict(catalog.tasks())
        finally:
            await catalog.close()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def tills(tasks: dict[str, Task]) -> dict[str, object]:
    return {slug: task.params[1].default for slug, task in tasks.items()}


async def test_a_script_that_did_not_change_is_not_read_again_at_the_next_start(folder: Folder) -> None:
    first = await folder.read()
    assert tills(first) == {f"move{number}": number for number in range(23)}
    starts = folder.starts
    assert (starts > 0, len(folder.kept)) == (True, 23)
    again = await folder.read()
    assert (again, folder.starts) == (first, starts)


async def test_only_what_changed_is_read_anew_and_what_was_there_once_is_known(folder: Folder) -> None:
    await folder.read()
    old = (folder.tasks / "move3.py").read_text()
    script(folder.tasks, "move3.py", MOVE.replace("{till}", "77"))
    starts = folder.starts
    assert tills(await folder.read())["move3"] == 77
    assert (folder.starts, len(folder.kept)) == (starts + 1, 24)
    script(folder.tasks, "move3.py", old)
    assert tills(await folder.read())["move3"] == 3
    assert folder.starts == starts + 1


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def other(file: Path) -> None:
    """One byte of a number, so that all of it is JSON as before."""
    file.write_bytes(file.read_bytes().replace(b'"int"', b'"str"'))


def swapped(file: Path) -> None:
    beside = next(one for one in sorted(file.parent.iterdir()) if one != file)
    file.write_bytes(beside.read_bytes())


def no_file(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [cut, emptied, other, swapped])
async def test_a_file_that_is_damaged_is_made_anew(folder: Folder, damage: Callable[[Path], None]) -> None:
    whole = await folder.read()
    file = folder.kept[4]
    was = file.read_bytes()
    damage(file)
    starts = folder.starts
    assert file.read_bytes() != was
    assert await folder.read() == whole
    assert (folder.starts, file.read_bytes()) == (starts + 1, was)


async def test_where_nothing_can_be_kept_all_is_read_each_time(folder: Folder) -> None:
    whole = await folder.read()
    no_file(folder.kept[0])
    assert await folder.read() == whole
    for file in folder.kept[1:]:
        file.unlink()
    folder.kept[0].rmdir()
    next(folder.told.glob("*")).rmdir()
    folder.told.rmdir()
    folder.told.write_text("a file")
    assert await folder.read() == whole


async def test_several_servers_share_what_is_kept(folder: Folder) -> None:
    one, two, three = await asyncio.gather(folder.read(), folder.read(), folder.read())
    assert one == two == three
    assert len(folder.kept) == 23
    starts = folder.starts
    assert await folder.read() == one
    assert folder.starts == starts


async def test_another_python_reads_for_itself(folder: Folder) -> None:
    await folder.read()
    kept, starts = folder.kept, folder.starts
    folder.replace_python()
    await folder.read()
    assert folder.starts > starts
    assert {one.parent.name for one in folder.kept}.isdisjoint(one.parent.name for one in kept)


def test_what_was_read_of_other_bytes_is_not_kept_for_these(tmp_path: Path) -> None:
    """The file was saved between two looks."""
    told = Told(tmp_path / "readings", sys.executable)
    told.open()
    told.keep("a" * 64, {"kind": "argparse", "sha256": "b" * 64})
    told.keep("a" * 64, {"sentence": ": it is too much to work out"})
    assert told.of("a" * 64) is None
    told.keep("a" * 64, {"kind": "argparse", "sha256": "a" * 64})
    assert told.of("a" * 64) == {"kind": "argparse", "sha256": "a" * 64}


def test_what_nobody_asked_for_in_a_month_goes(tmp_path: Path) -> None:
    told = Told(tmp_path / "readings", sys.executable)
    told.open()
    for name in ("a" * 64, "b" * 64, "c" * 64):
        told.keep(name, {"sha256": name})
    files = {file.name[0]: file for file in tmp_path.glob("readings/*/*")}
    os.utime(files["a"], (0, 0))
    os.utime(files["b"], (0, 0))
    assert told.of("b" * 64)
    Told(tmp_path / "readings", sys.executable).open()
    assert [told.of(name * 64) is not None for name in "abc"] == [False, True, True]
    assert {oct(one.stat().st_mode & 0o777) for one in tmp_path.glob("readings/*/*")} == {"0o600"}
    assert {oct(one.stat().st_mode & 0o777) for one in tmp_path.glob("readings/*")} == {"0o700"}


async def test_a_script_whose_source_cannot_be_read_hurts_no_other(tmp_path: Path) -> None:
    """One that has no end, so that what reads it ends, and one that is no file any more."""
    good = [script(tmp_path / "tasks", f"move{number}.py", MOVE.replace("{till}", str(number))) for number in range(3)]
    endless = tmp_path / "endless.py"
    endless.symlink_to("/dev/zero")
    describer = Describer(sys.executable)
    try:
        said = await describer.arguments([good[0], endless, good[1], tmp_path / "gone.py", good[2]])
    finally:
        await describer.close()
    assert [one.get("kind", one.get("sentence")) for one in said] == [
        "argparse",
        ": it is too much to work out",
        "argparse",
        ": it cannot be read (FileNotFoundError)",
        "argparse",
    ]
    assert "sha256" not in said[1]


async def test_a_script_that_ends_its_reader_or_holds_it_up_hurts_no_other(tmp_path: Path) -> None:
    """By the orders themselves, with a limit that nobody would wait for otherwise."""
    good = script(tmp_path / "tasks", "move.py", MOVE.replace("{till}", "1"))
    os.mkfifo(tmp_path / "pipe.py")  # nobody ever writes into it
    paths = [str(path) for path in (tmp_path / "pipe.py", good, tmp_path / "pipe.py", good)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pushbutton.describe.reader",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(f"{json.dumps({'arguments': paths, 'limit': 1})}\n".encode())
    answers = [json.loads(line) for line in said.splitlines()]
    assert [list(one)[:1] for one in answers] == [["code"], ["kind"], ["code"], ["kind"]]
