"""A copy of a data folder is known as one, however it was made; the folder itself is never taken for one."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import pytest

from pushbutton.adapters import copy_check
from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.audit import Act
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun
from pushbutton.runtime.ports import RunQuery
from pushbutton.runtime.ports.people import AuditQuery


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(folder / "history.db", b"key")
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def started(folder: Path) -> tuple[int, str]:
    """What a server's start finds."""
    async with opened(folder) as store:
        return await copy_check.settle(folder, store)


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """That of a server which has started twice and has a run that waits."""
    folder = tmp_path / "data"
    folder.mkdir()
    await started(folder)
    async with opened(folder) as store:
        await store.press(NewRun("deploy", "Deploy", "ada", {}, 1))
    assert await started(folder) == (0, "")
    return folder


def cp(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", f"{source}/.", f"{target}/"], check=True)


async def test_at_a_restart_it_is_itself(folder):
    for _ in range(3):
        assert await started(folder) == (0, "")
    assert len(list(folder.glob("home.*"))) == 1


async def test_under_another_name_it_is_itself(folder, tmp_path):
    folder.rename(tmp_path / "elsewhere")
    assert await started(tmp_path / "elsewhere") == (0, "")


async def test_what_an_earlier_version_left_is_itself(folder):
    async with opened(folder) as store:
        await store.settle("")
    for file in folder.glob("home.*"):
        file.unlink()
    assert await started(folder) == (0, "")
    assert await started(folder) == (0, "")


async def test_while_other_nodes_are_there_only_the_runs_of_the_copied_one_are_set_aside(tmp_path):
    store = MemoryStore()
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    for name, folder in (("a", "one"), ("b", "two")):
        await store.nodes.join(Node(name, NodeKind.WORKER, folder=folder), clock=1)
    await copy_check.settle(one, store, "one")
    await store.allow({"deploy": 9})
    for _ in range(3):
        await store.press(NewRun("deploy", "Deploy", "ada", {}, 1))
    for worker in ("a", "b"):
        await store.claim(Offer(worker, 1), at=5, token="")
    cp(one, two)
    assert await copy_check.settle(two, store, "one") == (1, "its files were copied")
    assert [run.aside for run in await store.runs(RunQuery())] == [False, False, True]
    await store.nodes.leave("b")
    cp(two, one)
    assert (await copy_check.settle(one, store, "one"))[0] == 3


class Dying(MemoryStore):
    left = 1 << 30

    async def settle(self, home: str, aside: Act | None = None, *, folder: str = "", only: Collection[str] = ()) -> int:
        if not self.left:
            raise InterruptedError
        self.left -= 1
        return await super().settle(home, aside, folder=folder, only=only)


@pytest.mark.parametrize("writes", [0, 1])
async def test_killed_while_it_starts_it_is_itself(tmp_path, writes):
    store = Dying()
    await copy_check.settle(tmp_path, store)
    store.left = writes
    with pytest.raises(InterruptedError):
        await copy_check.settle(tmp_path, store)
    store.left = 1 << 30
    assert await copy_check.settle(tmp_path, store) == (0, "")


async def test_killed_before_the_file_has_its_new_name_it_is_itself(folder):
    async with opened(folder) as store:
        await store.settle(json.dumps({**json.loads(await store.home()), "next": "f" * 32}))
    assert await started(folder) == (0, "")


async def test_a_copy_sets_aside_what_was_under_way_and_the_original_does_not(folder, tmp_path):
    cp(folder, tmp_path / "copy")
    assert await started(tmp_path / "copy") == (1, "its files were copied")
    async with opened(tmp_path / "copy") as store:
        assert [run.aside for run in await store.runs(RunQuery(aside=True))] == [True]
        [found] = await store.audit.records(AuditQuery(verb="server.copied"))
        assert found.act.data == {"why": "its files were copied", "runs": 1}
    assert await started(tmp_path / "copy") == (0, "")
    assert await started(folder) == (0, "")
    async with opened(folder) as store:
        assert [run.aside for run in await store.runs(RunQuery())] == [False]


def over_itself(folder: Path, backup: Path) -> None:
    cp(backup, folder)


def in_its_place(folder: Path, backup: Path) -> None:
    shutil.rmtree(folder)
    cp(backup, folder)


def database_alone(folder: Path, backup: Path) -> None:
    shutil.copy2(backup / "history.db", folder / "history.db")


def all_but_the_database(folder: Path, backup: Path) -> None:
    without_its_mark(folder, backup)
    [file] = backup.glob("home.*")
    shutil.copy2(file, folder)


def without_its_mark(folder: Path, _: Path) -> None:
    [file] = folder.glob("home.*")
    file.unlink()


@pytest.mark.parametrize(
    "put_back", [over_itself, in_its_place, database_alone, all_but_the_database, without_its_mark]
)
async def test_a_folder_that_was_put_back_is_a_copy(
    folder: Path, tmp_path: Path, put_back: Callable[[Path, Path], None]
) -> None:
    cp(folder, tmp_path / "backup")
    await started(folder)
    put_back(folder, tmp_path / "backup")
    count, why = await started(folder)
    assert (count, bool(why)) == (1, True)
    assert await started(folder) == (0, "")


async def test_a_folder_whose_database_was_put_back_to_that_of_an_earlier_version_is_a_copy(folder):
    async with opened(folder) as store:
        await store.settle("")
    assert (await started(folder))[0] == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"device": 0}, ""),  # after a restart of the machine disks may have other numbers
        ({"path": "/mnt/old"}, ""),
        ({"device": 0, "path": "/mnt/old"}, "it lies on another disk and under another path"),
        ({"machine": ""}, ""),
    ],
)
async def test_another_disk_and_another_path_together_make_a_copy(folder, changed, why):
    """As snapshots of some file systems have it, in which files keep their inodes."""
    async with opened(folder) as store:
        await store.settle(json.dumps({**json.loads(await store.home()), **changed}))
    assert (await started(folder))[1] == why


async def test_what_is_known_of_another_machine_makes_a_copy_where_machines_have_ids(folder):
    async with opened(folder) as store:
        known = json.loads(await store.home())
        await store.settle(json.dumps({**known, "machine": "another"}))
    assert (await started(folder))[1] == ("it is on another machine" if known["machine"] else "")
