"""The head of a script corrects what was read from its source, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton.adapters.catalog.check import examined
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.task import Task

SOURCE = """import argparse, os
p = argparse.ArgumentParser()
p.add_argument("--shop", required=True)
p.add_argument("--kind", default="full")
p.add_argument("--where", default=os.environ.get("WHERE", "x"))
p.add_argument("-v", "--verbose", action="count", default=0)
p.add_argument("--only", action="append")
print(p.parse_args())
"""


async def read(tmp_path: Path, head: str, source: str = SOURCE) -> tuple[list[Task], list[str], list[str]]:
    """The tasks, what is wrong, and the notes."""
    path = tmp_path / "move.py"
    lines = "".join(f"# {line}\n" for line in ["/// pushbutton", *head.splitlines(), "///"])
    path.write_text(f"#!/usr/bin/env python3\n{lines}{source}")
    path.chmod(0o755)
    found = await examined([tmp_path])
    return found.tasks, [str(one) for one in found.problems], found.notes


def argv(task: Task, **inputs: object) -> list[str]:
    return list(build(task, parse(task.params, inputs), python="/py").argv[1:])


async def test_what_the_head_says_of_an_input_is_laid_over_what_was_read(tmp_path: Path) -> None:
    head = """[params.shop]
label = "Which shop"
choices = ["north", "south"]
[params.kind]
default = "prices"
[params.where]
default = "here"
[params.only]
choices = ["a", "b"]
[params.verbose]
hide = true"""
    (task,), problems, notes = await read(tmp_path, head)
    assert problems == []
    params = {param.name: param for param in task.params}
    assert list(params) == ["shop", "kind", "where", "only"]
    assert (params["shop"].title, params["shop"].type, params["shop"].required) == ("Which shop", "choice", True)
    assert (params["only"].type, params["kind"].default) == ("choices", "prices")
    assert argv(task, shop="north", only=["a", "b"]) == [
        "--shop=north", "--kind=prices", "--where=here", "--only=a", "--only=b",
    ]  # fmt: skip
    assert argv(task, shop="south", kind="full", where="there") == ["--shop=south", "--where=there"]
    assert any("5 inputs (argparse)" in note for note in notes)


async def test_an_input_that_the_source_does_not_have_is_added_with_its_way(tmp_path: Path) -> None:
    (task,), problems, _ = await read(
        tmp_path, '[params.shop]\nhelp = "x"\n[params.token]\ntype = "secret"\npass = "env"'
    )
    assert problems == []
    assert build(task, parse(task.params, {"shop": "a", "token": "s"}), python="/py").env["TOKEN"] == "s"


@pytest.mark.parametrize(
    ("head", "line", "sentence"),
    [
        ('[params.shop]\nhelp = "x"\n[params.shup]\nhelp = "y"', 5, "takes nothing that is called “shup”"),
        ('[params.shop]\ntype = "int"', 4, "“type” of “shop” is what the script's source says"),
        ('[params.shop]\npass = "env"', 4, "“pass” of “shop” is what the script's source says"),
        ('[params.kind]\nchoices = ["a"]', 3, "The default of “kind” does not fit"),
        ("[params.other]\nhide = true", 4, "“other” stands here only"),
    ],
)
async def test_what_cannot_be_corrected_is_said_with_its_line(
    head: str, line: int, sentence: str, tmp_path: Path
) -> None:
    (task,), problems, _ = await read(tmp_path, head)
    assert task.broken
    assert [True for problem in problems if sentence in problem], problems
    assert f"move.py:{line}:" in next(problem for problem in problems if sentence in problem)


async def test_a_head_that_names_none_of_what_was_read_is_all_that_is_asked_for(tmp_path: Path) -> None:
    (task,), problems, _ = await read(tmp_path, "[params.place]\nhelp = 'x'")
    assert ([param.name for param in task.params], problems) == (["place"], [])


async def test_of_several_subcommands_each_is_corrected_where_it_has_the_input(tmp_path: Path) -> None:
    source = """import argparse
p = argparse.ArgumentParser()
s = p.add_subparsers(required=True)
s.add_parser("move").add_argument("till")
s.add_parser("list").add_argument("--all", action="store_true")
p.parse_args()
"""
    tasks, problems, _ = await read(tmp_path, '[params.till]\nlabel = "Number"', source)
    assert problems == []
    assert {task.slug: [param.title for param in task.params] for task in tasks} == {
        "move-move": ["Number"],
        "move-list": ["All"],
    }
