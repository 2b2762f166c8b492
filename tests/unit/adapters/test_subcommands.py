"""Subcommands: a task each up to eight, else one choice; the same whatever library the script uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog.check import examined
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.task import Task
from pushbutton.web.api.schemas import TaskShape

NAMES = ["move", "list-all", *(f"do{number}" for number in range(1, 12))]


def argparse(names: list[str]) -> str:
    lines = ["import argparse", "p = argparse.ArgumentParser()", "p.add_argument('--db_host')"]
    lines += ["s = p.add_subparsers(required=True)"]
    for name in names:
        lines += [f"c = s.add_parser({name!r}, help='Does {name}.')", "c.add_argument('till')"]
        lines += ["c.add_argument('-o', '--only', action='append')", "c.add_argument('--dry-run', action='store_true')"]
    return "\n".join([*lines, "p.parse_args()"])


def click(names: list[str]) -> str:
    lines = ["import click", "@click.group()", "@click.option('--db_host')", "def main(db_host): ..."]
    for number, name in enumerate(names):
        lines += [f"@main.command({name!r})", "@click.argument('till')", "@click.option('-o', '--only', multiple=True)"]
        lines += ["@click.option('--dry-run', is_flag=True)", f"def f{number}(till, only, dry_run):"]
        lines += [f"    '''Does {name}.'''"]
    return "\n".join([*lines, "main()"])


def typer(names: list[str]) -> str:
    only = "Annotated[Optional[list[str]], typer.Option('-o', '--only')] = None"
    dry_run = "Annotated[bool, typer.Option('--dry-run')] = False"
    lines = ["import typer", "from typing import Annotated, Optional", "app = typer.Typer()", "@app.callback()"]
    lines += ["def main(db_host: Annotated[Optional[str], typer.Option('--db_host')] = None): ..."]
    for number, name in enumerate(names):
        lines += [f"@app.command({name!r})", f"def f{number}(till: str, only: {only}, dry_run: {dry_run}):"]
        lines += [f"    '''Does {name}.'''"]
    return "\n".join([*lines, "app()"])


def docopt(names: list[str]) -> str:
    usage = "\n".join(f"  move.py [--db_host=HOST] {name} [--only=WHAT]... [--dry-run] <till>" for name in names)
    return f'"""Does it.\n\nUsage:\n{usage}\n"""\nfrom docopt import docopt\nprint(docopt(__doc__))\n'


LIBRARIES = [argparse, click, typer, docopt]


async def read(folder: Path, source: str) -> list[Task]:
    path = folder / "move.py"
    path.write_text(f"#!/usr/bin/env python3\n{source}\n")
    path.chmod(0o755)
    found = await examined([folder])
    assert [str(one) for one in found.problems] == []
    return list(found.tasks)


def argv(task: Task, inputs: dict[str, Any]) -> list[str]:
    return list(build(task, parse(task.params, inputs), python="/py").argv[1:])


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("number", [2, 8])
async def test_up_to_eight_subcommands_are_a_task_each(tmp_path: Path, library: Any, number: int) -> None:
    tasks = await read(tmp_path, library(NAMES[:number]))
    assert [task.slug for task in tasks] == [f"move-{name}" for name in NAMES[:number]]
    assert [task.title for task in tasks] == [f"Move: {name.replace('-', ' ')}" for name in NAMES[:number]]
    for task in tasks:
        assert {param.name for param in task.params} == {"db_host", "till", "only", "dry_run"}
    if library is not docopt:
        assert tasks[1].help == "Does list-all."
    found = argv(tasks[1], {"db_host": "h", "till": "7", "only": ["a,b", "c"], "dry_run": True})
    assert sorted(found) == sorted(["--db_host=h", "list-all", "--only=a,b", "--only=c", "--dry-run", "7"])
    assert found.index("list-all") < found.index("7")


@pytest.mark.parametrize("library", LIBRARIES)
async def test_of_more_which_one_is_a_choice_and_what_they_have_in_common_is_asked_once(
    tmp_path: Path, library: Any
) -> None:
    (task,) = await read(tmp_path, library(NAMES[:9]))
    params = {param.name: param for param in task.params}
    assert set(params) == {"command", "db_host", "till", "only", "dry_run"}
    assert (task.slug, [choice.value for choice in params["command"].choices]) == ("move", NAMES[:9])
    assert dict(params["till"].when) == {"command": NAMES[:9]}
    for name in NAMES[:9]:
        found = argv(task, {"command": name, "db_host": "h", "till": "7", "only": ["a,b", "c"]})
        assert sorted(found) == sorted(["--db_host=h", name, "--only=a,b", "--only=c", "7"])
        assert found.index(name) < found.index("7")


async def test_operands_of_several_subcommands_keep_their_order(tmp_path: Path) -> None:
    orders = [["src", "dest"], ["dest", "src"], ["x", "src", "dest"], ["src", "x", "dest"], ["src"], ["dest", "y"]] * 2
    lines = ["import argparse", "p = argparse.ArgumentParser()", "s = p.add_subparsers(required=True)"]
    for number, names in enumerate(orders):
        lines += [f"c = s.add_parser('do{number}')", *(f"c.add_argument({name!r})" for name in names)]
    (task,) = await read(tmp_path, "\n".join([*lines, "p.parse_args()"]))
    for number, names in enumerate(orders):
        asked = [one.name for one in task.params if f"do{number}" in one.when.get("command", ())]
        values = {one: next(name for name in names if one.endswith(name)) for one in asked}
        assert argv(task, {"command": f"do{number}", **values}) == [f"do{number}", *names]


async def test_what_differs_between_subcommands_is_asked_apart(tmp_path: Path) -> None:
    lines = ["import argparse", "p = argparse.ArgumentParser()", "s = p.add_subparsers(required=True)"]
    for number in range(9):
        lines += [f"s.add_parser('do{number}').add_argument('--n', type=int, default={number % 2})"]
    (task,) = await read(tmp_path, "\n".join([*lines, "p.parse_args()"]))
    assert [(one.name, one.default) for one in task.params[1:]] == [("n", 0), ("do1_n", 1)]
    assert argv(task, {"command": "do3", "do1_n": 5}) == ["do3", "--n=5"]
    assert argv(task, {"command": "do4"}) == ["do4"]


@pytest.mark.parametrize("library", LIBRARIES)
async def test_in_the_api_inputs_are_called_as_their_options_and_lists_are_lists(tmp_path: Path, library: Any) -> None:
    task = (await read(tmp_path, library(NAMES[:2])))[0]
    params = {one.name: (one.type, one.of) for one in TaskShape.of(task, frozenset()).params}
    assert params == {
        "db_host": ("str", ""),
        "till": ("str", ""),
        "only": ("list", "str"),
        "dry_run": ("bool", ""),
    }


@pytest.mark.parametrize("number", [2, 8, 9])
async def test_methods_that_fire_calls_are_subcommands_as_well(tmp_path: Path, number: int) -> None:
    methods = [f"  def do{one}(self, till, dry_run=False): 'Does {one}.'" for one in range(number)]
    tasks = await read(tmp_path, "\n".join(["import fire", "class Tills:", *methods, "fire.Fire(Tills)"]))
    if number <= 8:
        assert [(task.slug, task.help) for task in tasks] == [
            (f"move-do{one}", f"Does {one}.") for one in range(number)
        ]
    task = tasks[1] if number <= 8 else tasks[0]
    found = argv(task, {"till": "7", "dry_run": True, **({} if number <= 8 else {"command": "do1"})})
    assert (found[0], sorted(found[1:])) == ("do1", ["--dry_run=True", "--till=7"])
    assert {one.name for one in task.params} - {"command"} == {"till", "dry_run"}
