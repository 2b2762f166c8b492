"""What is shown of files that are away or half written for a moment, and what following many files costs."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog, path_catalog
from pushbutton.adapters.catalog.describing import Describer
from pushbutton.adapters.catalog.file_watch import pause_after
from pushbutton.adapters.catalog.folder import concerns
from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.adapters.catalog.settling import SETTLED, File
from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import FromEnvironment, Secret
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import NoSuchTask, StillReading

PATH = Path("/jobs/pushbutton.yaml")
TASKS = "from pushbutton import task\n\n@task\ndef {name}(n: int = 1):\n    'Deploys.'\n"


def reading(*slugs: str) -> FileTasks:
    return FileTasks(tuple(Task(slug, slug, CommandTarget(("true",)), Source(str(PATH))) for slug in slugs))


KEPT = FileTasks(secrets=(Secret("PIN", FromEnvironment("PIN"), Source(str(PATH))),))
HALF = FileTasks(whole=Problem(str(PATH), 1, 1, "It is cut off."))


@pytest.mark.parametrize("less", [HALF, reading(), reading("copy")], ids=["broken", "empty", "less"])
def test_a_file_that_holds_less_shows_what_it_held_until_that_is_sure(less: FileTasks):
    file = File(Found(PATH, Form.CONFIG))
    assert file.read(reading("copy", "move"), 100.0)
    assert not file.read(less, 200.0)
    assert file.shown == reading("copy", "move")
    assert file.unsettled == 200.0 + SETTLED
    assert not file.settle(200.0 + SETTLED - 0.01)
    assert file.settle(200.0 + SETTLED)
    assert file.shown == less
    assert file.unsettled is None


def test_a_file_of_secrets_that_is_emptied_for_a_moment_keeps_them():
    file = File(Found(PATH, Form.CONFIG))
    file.read(KEPT, 100.0)
    assert not file.read(FileTasks(), 100.1)
    assert file.secrets == KEPT.secrets


def test_a_file_that_is_whole_again_is_shown_at_once_and_nothing_is_held_against_it():
    file = File(Found(PATH, Form.CONFIG))
    file.read(reading("copy"), 100.0)
    file.read(HALF, 100.2)
    assert file.read(reading("copy", "move"), 100.3)
    assert not file.settle(100.2 + SETTLED)
    assert file.shown == reading("copy", "move")


def test_a_file_that_is_written_all_the_time_and_never_whole_is_shown_as_it_is_in_the_end():
    file = File(Found(PATH, Form.CONFIG))
    file.read(reading("copy"), 100.0)
    assert not any(file.read(HALF, 100.0 + second) for second in range(15))
    assert any(file.read(HALF, 115.0 + second) for second in range(15))


def test_a_task_that_is_mended_and_one_that_was_never_whole_show_at_once():
    file = File(Found(PATH, Form.CONFIG))
    assert file.read(HALF, 100.0)
    assert file.read(reading("copy"), 100.1)


def test_gone_is_what_is_gone_twice():
    file = File(Found(PATH, Form.CONFIG))
    file.read(reading("copy"), 100.0)
    assert not file.missed(101.0)
    assert not file.missed(101.0 + SETTLED - 0.01)
    assert file.missed(101.0 + SETTLED)


def test_a_look_costs_a_small_part_of_a_core_however_much_there_is():
    assert pause_after(cpu=0.0001, wall=0.0001) < 1  # so an edit shows within a second where nothing notifies of it
    assert pause_after(cpu=0.02, wall=0.02) == pytest.approx(6)
    assert pause_after(cpu=0.001, wall=2.0) == pytest.approx(20)  # a slow mount is not asked all the time
    assert pause_after(cpu=5.0, wall=9.0) == 60


def test_only_what_may_be_a_task_causes_a_look(tmp_path: Path):
    for name in ("data.csv", "run.sh", "lib.py", ".pushbuttonignore", ".hidden.sh", "pushbutton.yaml"):
        (tmp_path / name).write_text("x")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "group").mkdir()
    found = {path.name for path in tmp_path.iterdir() if concerns(path)}
    assert found == {"run.sh", "lib.py", ".pushbuttonignore", "pushbutton.yaml", "group"}
    assert not concerns(tmp_path / "gone.csv")


async def test_many_files_that_change_together_are_shown_together(tmp_path: Path):
    paths = [tmp_path / f"job-{number}.sh" for number in range(200)]
    for path in paths:
        path.write_text("#!/bin/sh\n# Old.\n")
        path.chmod(0o755)
    shown, changed = 0, asyncio.Event()

    def count() -> None:
        nonlocal shown
        shown += 1
        changed.set()

    catalog = PathCatalog([tmp_path], count)
    await catalog.open()
    try:
        assert (len(catalog.tasks()), shown) == (200, 1)
        for path in paths:
            path.write_text("#!/bin/sh\n# New.\n")
        async with asyncio.timeout(60):
            while any(task.help == "Old." for task in catalog.tasks().values()):
                changed.clear()
                await changed.wait()
        assert shown < 20
    finally:
        await catalog.close()


class Touched:
    """What this thread itself opens or lists below a folder, as Python tells it; `off` when it is over."""

    def __init__(self, folder: Path) -> None:
        self._below, self._thread, self.seen, self.off = f"{folder}/", threading.get_ident(), list[str](), False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[object, ...]) -> None:
        if self.off or event not in {"open", "os.listdir", "os.scandir"} or threading.get_ident() != self._thread:
            return
        path = given[0]
        if isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self._below):
            self.seen.append(f"{event} {os.fsdecode(path)}")


async def test_of_a_thousand_touched_files_the_loop_itself_opens_none(tmp_path: Path):
    """What has to wait for a disk waits in other threads and processes: requests are answered meanwhile."""
    paths = [tmp_path / f"job-{number}.{'py' if number % 50 == 0 else 'sh'}" for number in range(1000)]

    def save(word: str) -> None:
        for number, path in enumerate(paths):
            path.write_text(
                f"from pushbutton import task\n@task\ndef job_{number}(): '{word}.'\n"
                if path.suffix == ".py"
                else f"#!/bin/sh\n# {word}.\n"
            )
            path.chmod(0o755)

    save("Old")
    changed = asyncio.Event()
    catalog = PathCatalog([tmp_path], changed.set)
    touched = Touched(tmp_path)
    try:
        await catalog.open()
        for word in ("Old", "New"):
            if word == "New":
                await asyncio.to_thread(save, word)
            async with asyncio.timeout(120):
                while sum(task.help == f"{word}." for task in catalog.tasks().values()) < len(paths):
                    changed.clear()
                    await changed.wait()
        assert touched.seen == []
        (tmp_path / "job-1.sh").read_bytes()
        assert touched.seen == [f"open {tmp_path}/job-1.sh"]  # so it would have been seen
    finally:
        touched.off = True
        await catalog.close()


@pytest.fixture
def opened_before_all_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_catalog, "_OPENING", 2.0)


def waiting_python(folder: Path) -> Path:
    """A Python that notes each of its starts and begins when there is a file named “go”."""
    path = folder / "python"
    wait = f"until [ -e {folder}/go ]; do sleep 0.02; done"
    path.write_text(f'#!/bin/sh\necho >> {folder}/starts\n{wait}\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.usefixtures("opened_before_all_is_read")
async def test_many_python_files_are_read_by_few_processes_while_others_can_be_pressed(tmp_path: Path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for number in range(12):
        (tasks / f"job{number}.py").write_text(TASKS.format(name=f"job{number}"))
    (tasks / "quick.sh").write_text("#!/bin/sh\n")
    (tasks / "quick.sh").chmod(0o755)
    catalog = PathCatalog([tasks], python=str(waiting_python(tmp_path)))
    await catalog.open()
    try:
        assert (list(catalog.tasks()), catalog.reading) == (["quick"], True)
        with pytest.raises(StillReading, match="There is no task named “job7” yet: the tasks are still being read"):
            catalog.task("job7")
        (tmp_path / "go").touch()
        await catalog.awaited("job7")
        await catalog.awaited("another")
        assert (len(catalog.tasks()), catalog.reading) == (13, False)
        with pytest.raises(NoSuchTask):
            catalog.task("another")
        assert (tmp_path / "starts").read_text().count("\n") <= 2
    finally:
        await catalog.close()


@pytest.mark.usefixtures("opened_before_all_is_read")
async def test_an_address_is_kept_for_a_file_that_is_there_and_not_read_yet(tmp_path: Path):
    tasks, remembered = tmp_path / "tasks", tmp_path / "addresses.json"
    tasks.mkdir()
    (tasks / "shop.py").write_text(TASKS.format(name="deploy"))
    catalog = PathCatalog([tasks], remembered=remembered)
    await catalog.open()
    await catalog.close()
    (tasks / "deploy.sh").write_text("#!/bin/sh\n")
    (tasks / "deploy.sh").chmod(0o755)
    catalog = PathCatalog([tasks], python=str(waiting_python(tmp_path)), remembered=remembered)
    await catalog.open()
    try:
        assert (list(catalog.tasks()), catalog.reading) == (["deploy-sh"], True)
        (tmp_path / "go").touch()
        await catalog.awaited("deploy")
        assert {slug: Path(task.source.file).name for slug, task in catalog.tasks().items()} == {
            "deploy": "shop.py",
            "deploy-sh": "deploy.sh",
        }
    finally:
        await catalog.close()


async def test_a_file_that_ends_its_reader_hurts_no_other(tmp_path: Path):
    (tmp_path / "ends.py").write_text(
        "import os\nfrom pushbutton import task\nX = os._exit(3)\n@task(dynamic=True)\ndef go(x: X): ...\n"
    )
    (tmp_path / "sleeps.py").write_text(
        "import time\nfrom pushbutton import task\nX = time.sleep(60)\n@task(dynamic=True)\ndef go(x: X): ...\n"
    )
    (tmp_path / "good.py").write_text(TASKS.format(name="good"))
    describer = Describer(sys.executable)
    try:
        said = [
            await describer.describe(tmp_path / name, every=False, execute=True, limit=limit)
            for name, limit in (("ends.py", 60), ("sleeps.py", 0.3), ("good.py", 60))
        ]
    finally:
        await describer.close()
    assert said[0] == "Reading it ended without an answer (exit code 3)."
    assert str(said[1]).startswith("Reading it takes longer than 0.3 seconds")
    assert isinstance(said[2], dict)
    assert [task["name"] for task in said[2]["tasks"]] == ["good"]
