"""Python tasks by a Python in which Pushbutton is not installed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog
from pushbutton.domain.environment import kept
from pushbutton.domain.interpreter import module_command
from pushbutton.domain.task import Task


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python of its own, with one module that ours has not and one by which it can be known."""
    folder = tmp_path_factory.mktemp("other")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "theirs.py").write_text("NAME = 'theirs'\n")
    (packages / "httpx.py").write_text("NAME = 'their httpx'\n")
    return str(folder / "bin" / "python")


def bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(python: str, file: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = module_command(python, "job.child", str(file), "go")
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env or bare(), cwd=file.parent)


async def read(file: Path, python: str) -> Task:
    catalog = PathCatalog([str(file)], python=python)
    await catalog.open()
    try:
        (task,) = catalog.tasks().values()
        return task
    finally:
        await catalog.close()


def test_pushbutton_is_not_in_the_other_python(other: str):
    assert subprocess.run([other, "-c", "import pushbutton"], env=bare(), check=False, capture_output=True).returncode


def test_a_task_runs_where_pushbutton_is_not_installed(other: str, tmp_path: Path):
    file = tmp_path / "shop.py"
    file.write_text(
        "import sys, theirs, httpx\nfrom pushbutton import task, status\n"
        "@task\ndef go():\n    status('on its way')\n    print(sys.prefix, theirs.NAME, httpx.NAME)\n"
    )
    ran = run(other, file)
    assert (ran.returncode, ran.stderr) == (0, "● on its way\n")
    assert ran.stdout == f"{Path(other).parents[1]} theirs their httpx\n"


def test_processes_that_a_task_starts_find_pushbutton_and_its_file(other: str, tmp_path: Path):
    file = tmp_path / "shop.py"
    file.write_text(
        "import multiprocessing as mp\nfrom pushbutton import status, task\n"
        "def work(n):\n    status(f'piece {n}')\n    return n * 2\n"
        "@task\ndef go():\n"
        "    with mp.get_context('spawn').Pool(1) as pool: print(pool.map(work, [1, 2]))\n"
    )
    ran = run(other, file)
    assert (ran.returncode, ran.stdout) == (0, "[2, 4]\n")
    assert ran.stderr == "● piece 1\n● piece 2\n"


def test_nothing_of_ours_stands_in_for_a_module_of_the_author(other: str, tmp_path: Path):
    (tmp_path / "pushbutton.py").write_text("raise SystemExit('the author has a file of that name')\n")
    (tmp_path / "json.py").write_text("raise SystemExit('and one named like a standard module')\n")
    file = tmp_path / "shop.py"
    file.write_text("import sys\ndef go(): print(sys.path[0] == __file__.rpartition('/')[0], sys.path[-1])\n")
    ran = run(other, file)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"True {Path(module_command('', '')[4])}\n"


async def test_a_file_is_read_by_the_python_that_runs_it(other: str, tmp_path: Path):
    file = tmp_path / "shop.py"
    file.write_text(
        "import theirs\nfrom pushbutton import task\n@task(dynamic=True, title=theirs.NAME)\ndef go(): ...\n"
    )
    assert (await read(file, other)).title == "theirs"
    assert "No module named 'theirs'" in (await read(file, sys.executable)).broken


async def test_a_python_that_is_not_there_is_said(tmp_path: Path):
    file = tmp_path / "shop.py"
    file.write_text("def go(): ...\n")
    assert (await read(file, "/nowhere/python")).broken == (
        "shop.py line 1: It could not be read with /nowhere/python: No such file or directory."
    )


async def test_what_a_file_sees_while_it_is_read_is_what_its_job_will_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("LC_TIME", "C")
    file = tmp_path / "shop.py"
    file.write_text(
        "import json, os\nfrom pushbutton import task\n"
        "@task(dynamic=True, help=json.dumps(dict(os.environ)))\ndef go(): ...\n"
    )
    seen = json.loads((await read(file, sys.executable)).help)
    seen.pop("LC_CTYPE", None)  # Python's own, in the C locale
    expected = await asyncio.to_thread(kept, os.environ)
    expected.pop("LC_CTYPE", None)
    assert seen == expected
    assert "LC_TIME" in seen


@pytest.mark.parametrize("name", ["sync.prod.py", "sync-prod.py"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_find_the_functions_of_a_file_whatever_it_is_called(tmp_path: Path, name: str, method: str):
    file = tmp_path / name
    file.write_text(
        "import multiprocessing as mp\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "def double(n): return n * 2\n"
        "def go():\n"
        f"    with ProcessPoolExecutor(1, mp_context=mp.get_context({method!r})) as pool:\n"
        "        print(*pool.map(double, [1, 2]))\n"
        "if __name__ == '__main__': raise SystemExit('it is no program here')\n"
    )
    ran = run(sys.executable, file)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("2 4\n", "", 0)
