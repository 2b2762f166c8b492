"""Listing runs nothing: what a Python file's source tells is enough, or the page and `check` say what is missing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog import check
from pushbutton.adapters.catalog.describing import Describer
from pushbutton.cli.find import find
from pushbutton.describe.describe import describe
from pushbutton.domain.targets import PythonTarget, ScriptTarget
from pushbutton.domain.task import Task
from pushbutton.errors import TaskBroken
from pushbutton.testing import opened, press_and_wait

HEAD = "import os\nfrom datetime import date\nfrom pushbutton import task\n"


def described(folder: Path, text: str, *, every: bool = False) -> dict[str, Any]:
    path = folder / "shop.py"
    path.write_text(text)
    return describe(str(path), every=every)


def noisy(folder: Path, rest: str) -> Path:
    """A file that leaves a mark when any line of it runs."""
    path = folder / "shop.py"
    path.write_text(f"{HEAD}open({str(folder / 'ran')!r}, 'w').close()\n{rest}")
    return path


UNPLAIN = [
    'TARGET = os.environ.get("TARGET", "x")\ndef clean(where: str = TARGET): ...\nclean()\n',
    "@task\ndef report(day: date = date.today()): ...\n",
    "@task\ndef report(day=date.today()): ...\n",
    "from kinds import Tea\n@task\ndef brew(tea: Tea): ...\n",
    "LIMIT = int(os.environ['LIMIT'])\n@task(timeout=LIMIT)\ndef go(): ...\n",
]


@pytest.mark.parametrize("rest", UNPLAIN)
async def test_no_line_of_a_file_runs_when_it_is_served_checked_or_found(tmp_path: Path, rest: str) -> None:
    path = noisy(tmp_path, rest)
    await asyncio.to_thread(check, [path])
    async with opened(path) as app:
        assert (await app.open()).catalog.tasks()
    with contextlib.suppress(TaskBroken):
        await find(str(path))  # as `pushbutton run FILE --help` does
    assert not (tmp_path / "ran").exists()


def test_a_default_that_only_running_tells_leaves_its_field_empty(tmp_path: Path) -> None:
    answer = described(tmp_path, f"{HEAD}@task\ndef report(day: date = date.today()): ...\n")
    (one,) = answer["tasks"]
    assert one["params"] == [{"name": "day", "required": False, "type": "date", "help": ""}]
    assert answer["warnings"][0]["sentence"] == (
        "the default of “day” is only known when the file runs: left empty, the job takes it"
    )


async def test_an_empty_field_leaves_the_default_to_the_job(tmp_path: Path) -> None:
    path = tmp_path / "shop.py"
    path.write_text(f"{HEAD}NAME = os.path.basename('/a/teapot')\ndef brew(what: str = NAME): print('brewing', what)\n")
    async with opened(path) as app:
        assert (await press_and_wait(app, "brew")).output == "brewing teapot\n"
        assert (await press_and_wait(app, "brew", what="mint")).output == "brewing mint\n"


def test_a_type_that_only_running_tells_breaks_the_task_with_what_to_do(tmp_path: Path) -> None:
    text = f"{HEAD}from kinds import Tea\n@task\ndef brew(tea: Tea): ...\n@task\ndef other(): ...\n"
    one, two = described(tmp_path, text)["tasks"]
    assert one["errors"][0]["sentence"] == (
        "the type of “tea” is only known when the file runs: "
        "write it plainly, or let the file be run for it with @task(dynamic=True)"
    )
    assert two["errors"] == []


def test_an_option_that_only_running_tells_breaks_the_task(tmp_path: Path) -> None:
    """It may be the one that asks for an approval."""
    (one,) = described(tmp_path, f"{HEAD}@task(approvals=int(os.environ['N']))\ndef go(): ...\n")["tasks"]
    assert one["errors"][0]["sentence"].startswith("“approvals” is only known when the file runs: write it plainly")


def test_only_a_task_that_says_so_has_its_file_run(tmp_path: Path) -> None:
    path = noisy(tmp_path, "@task\ndef plain(): ...\n")
    describe(str(path), execute=True)
    assert not (tmp_path / "ran").exists()
    path = noisy(tmp_path, "@task(dynamic=True)\ndef go(day: date = date(2026, 1, os.getpid() * 0 + 5)): ...\n")
    describe(str(path))  # nobody allowed it
    assert not (tmp_path / "ran").exists()
    (one,) = describe(str(path), execute=True)["tasks"]
    assert one["params"][0]["default"] == "2026-01-05"
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "rest",
    [
        "@task\ndef go(x: str = min(HOSTS)): ...\n",
        "@task\ndef go(x: str = [*HOSTS][0]): ...\n",
        "ALL = {**HOSTS}\n@task\ndef go(x: str = ALL['a']): ...\n",
        "if 'mail' in HOSTS:\n    X = 'a'\nelse:\n    X = 'b'\n@task\ndef go(x: str = X): ...\n",
        "if HOSTS:\n    X = 'a'\nelse:\n    X = 'b'\n@task\ndef go(x: str = X): ...\n",
        "X = 'a' if HOSTS == 'b' else 'c'\n@task\ndef go(x: str = X): ...\n",
        "X = HOSTS or 'c'\n@task\ndef go(x: str = X): ...\n",
        "X = not HOSTS\n@task\ndef go(x: bool = X): ...\n",
        "X = len(HOSTS)\n@task\ndef go(x: int = X): ...\n",
    ],
)
def test_what_is_in_an_imported_name_is_neither_guessed_nor_looked_for_without_end(tmp_path: Path, rest: str) -> None:
    answer = described(tmp_path, f"{HEAD}from inventory import HOSTS\n{rest}")
    assert "default" not in answer["tasks"][0]["params"][0]
    assert answer["warnings"]


@pytest.mark.parametrize(
    ("default", "sentence"),
    [
        ("'a' * 10**11", "left empty, the job takes it"),
        (
            "min(range(10_000_000_000_000))",
            "longer than 0.5 seconds: a default or a type in it is too much to work out",
        ),
    ],
)
async def test_what_is_too_much_to_work_out_says_so_and_costs_a_bounded_time_and_memory(
    tmp_path: Path, default: str, sentence: str
) -> None:
    path = tmp_path / "shop.py"
    path.write_text(f"{HEAD}@task\ndef go(x: str = {default}): ...\n")
    describer = Describer(sys.executable)
    try:
        said = await describer.describe(path, every=False, execute=True, limit=0.5 if "range" in default else 30)
    finally:
        await describer.close()
    assert sentence in (said if isinstance(said, str) else said["warnings"][0]["sentence"])


CLICK = """
import click

@click.command()
@click.option("--name", default="Ada")
def hello(name):
    click.echo(f"Hello {name}")
"""
GROUP = """
import rich_click as click

@click.group()
def cli(): ...

@cli.command()
@click.argument("shelf")
def tidy(shelf): ...
"""


@pytest.mark.parametrize(("text", "names"), [(CLICK, ["hello"]), (GROUP, ["cli", "tidy"])])
def test_a_command_of_click_is_broken_with_the_reason(tmp_path: Path, text: str, names: list[str]) -> None:
    tasks = described(tmp_path, text, every=True)["tasks"]
    assert [one["name"] for one in tasks] == names
    assert all("takes a command line and no inputs" in one["errors"][0]["sentence"] for one in tasks)


async def _task(folder: Path, text: str) -> Task:
    (folder / "shop.py").write_text(text)
    async with opened(folder / "shop.py") as app:
        (one,) = (await app.open()).catalog.tasks().values()
    return one


TYPER = """
from typing import Annotated
import typer
from typer import Option as O

app = typer.Typer()

@app.command()
def bye(
    name: str = typer.Argument("Eve", help="Who goes"), formal: bool = O(False, "--formal/--casual"),
    times: Annotated[int, typer.Option()] = 2,
):
    print(name, formal, times)
"""


async def test_the_default_inside_a_marker_of_typer_is_the_default(tmp_path: Path) -> None:
    """Passed by us, for the function by itself would work on the marker."""
    (tmp_path / "typer.py").write_text(
        "class Typer:\n    def command(self): return lambda function: function\n"
        "def Argument(*_, **__): return 'a marker'\nOption = Argument\n"
    )
    (tmp_path / "shop.py").write_text(TYPER)
    async with opened(tmp_path / "shop.py") as app:
        (one,) = (await app.open()).catalog.tasks().values()
        assert [(param.name, param.default) for param in one.params] == [
            ("name", "Eve"),
            ("formal", False),
            ("times", 2),
        ]
        assert one.params[0].help == "Who goes"
        assert (await press_and_wait(app, "bye")).output == "Eve False 2\n"


@pytest.mark.parametrize(
    "marker", ["typer.Option(None)", "typer.Option(default_factory=list)", "typer.Option(name_of_today())"]
)
async def test_a_marker_whose_default_nobody_can_pass_breaks_the_task(tmp_path: Path, marker: str) -> None:
    one = await _task(tmp_path, f"import typer\ndef go(x: str = {marker}): ...\n")
    assert "is a marker of typer, which only it understands: write Annotated[…, typer.Option(…)]" in one.broken


async def test_a_marker_without_a_default_must_be_filled_in(tmp_path: Path) -> None:
    one = await _task(tmp_path, "import typer\ndef go(x: str = typer.Argument(...)): ...\n")
    assert (one.broken, one.params[0].required) == ("", True)


COMMAND = """#!/usr/bin/env python3
import sys
def main(): print('hello', *sys.argv[1:])
if __name__ == '__main__':
    main()
"""


@pytest.mark.parametrize(("text", "mode", "kind"), [
    (COMMAND, 0o755, ScriptTarget),
    (COMMAND, 0o644, PythonTarget),
    (COMMAND.replace("import sys", "import sys\nfrom pushbutton import status"), 0o755, PythonTarget),
    (COMMAND.partition("\n")[2], 0o755, PythonTarget),
])  # fmt: skip
async def test_a_file_is_read_alike_whoever_names_it(tmp_path: Path, text: str, mode: int, kind: type) -> None:
    path = tmp_path / "main.py"
    path.write_text(text)
    path.chmod(mode)
    async with opened(path) as app:
        (served,) = (await app.open()).catalog.tasks().values()
    assert isinstance(served.target, kind)
    assert await find(str(path)) == served
