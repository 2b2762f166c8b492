"""Kinds of jobs: each says itself what it is, so that a new one is a class and a row, and nobody else knows of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import pushbutton
from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.domain import targets
from pushbutton.domain.command import build, refusals
from pushbutton.domain.param import Inputs, Param
from pushbutton.domain.targets import Declared, Files, KeyPath, Start, Target
from pushbutton.domain.task import Task
from pushbutton.domain.task_text import text
from pushbutton.errors import InvalidInputs
from pushbutton.job import kinds, options
from pushbutton.runtime.task_digest import files, frozen

ROOT = Path(pushbutton.__file__).parent
KINDS = {name for name in targets.__all__ if name.endswith("Target") and name != "Target"}


@dataclass(frozen=True, slots=True)
class BookTarget(Declared):
    """A fourth kind, as another room might bring it."""

    book: str

    def start(self, task: Task, inputs: Inputs, wrong: dict[str, str], *, python: str) -> Start:
        wrong |= {name: "No spells." for name, value in inputs.items() if value == "abracadabra"}
        return Start(("play", self.book, *(f"-e{name}" for name in inputs)), payload="{}")

    @property
    def files(self) -> Files:
        return Files(sure=(self.book,))

    def shown(self, argv: Sequence[str]) -> str:
        return f"the book {Path(argv[1]).name}"

    def faults(self, params: Sequence[Param]) -> Iterator[tuple[KeyPath, str]]:
        if not params:
            yield ("book",), "A book without inputs is dull."

    def naming(self, names: Sequence[str]) -> Target:
        return self


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The row, and the class by its key."""
    row = options.option(
        "The book to play.", kinds.TEXT, into="target.book", only=(options.CONFIG,), why="it is a file"
    )
    monkeypatch.setitem(options.OPTIONS, "book", row)
    monkeypatch.setitem(targets.IN_CONFIG, "book", BookTarget)
    (tmp_path / "site.yml").write_text("- hosts: all\n")
    return tmp_path / "site.yml"


def declared(book: Path, more: str = "params: {host: }") -> tuple[Task, list[str]]:
    file = book.with_name("pushbutton.yaml")
    file.write_text(f"tasks:\n  site:\n    book: {book}\n    {more}\n")
    reading = read_config(Found(file, Form.CONFIG))
    return reading.tasks[0], [str(problem).removeprefix(f"{file}:") for problem in reading.problems]


async def test_a_new_kind_is_read_started_frozen_and_shown_without_anybody_else_knowing_it(book):
    task, problems = declared(book)
    assert (task.target, problems) == (BookTarget(str(book)), [])
    command = build(task, {"host": "a"}, python="python")
    assert (command.argv, command.payload) == (("play", str(book), "-ehost"), "{}")
    assert refusals(task, {"host": "abracadabra"}) == {"host": "No spells."}
    with pytest.raises(InvalidInputs):
        build(task, {"host": "abracadabra"}, python="python")
    assert list(files(task)) == [book]
    before = await frozen(task)
    book.write_text("- hosts: none\n")
    assert await frozen(task) != before
    assert task.target.shown(command.argv) == "the book site.yml"
    assert 'target.kind: "BookTarget"' in text(task, b"key").splitlines()


def test_what_is_wrong_with_it_is_told_where_it_stands(book):
    assert declared(book, "title: x")[1] == ["3:5: A book without inputs is dull."]


def _asked(file: Path) -> Iterator[str]:
    """Where the code of a file goes by the kind of job."""
    for node in ast.walk(ast.parse(file.read_text())):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        if called or isinstance(node, ast.MatchClass):
            names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            if names & KINDS:
                yield f"{file.relative_to(ROOT)}: {ast.unparse(node)}"


def test_nobody_asks_of_which_kind_a_job_is():
    assert len(KINDS) == 3
    assert [place for file in ROOT.rglob("*.py") for place in _asked(file)] == []
