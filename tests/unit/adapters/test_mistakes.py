"""All mistakes of a file at once, each with its line, and said in words that no parser used."""

# ruff: noqa: E501 - a sentence that is tested stands on one line

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pushbutton.adapters.catalog import PathCatalog, check
from pushbutton.adapters.catalog.check import checked
from pushbutton.domain.task import Task

YAML = """env: {A B: 1}
tasks:
  brew:
    command: [brew, "{tee}", --sort, "{size}"]
    titel: Tea
    timeout: soon
    confirm: "Brew {size} for {whom}?"
    params:
      size: {type: int, min: 5, max: 2}
      kind: {type: choice, choices: [a, b], default: c}
      note: {type: str, pattern: "(", multiline: 3}
      day: {type: datum, min: 3}
      late: {type: bool, when: {kindd: a}}
  wash:
    command: wash up
secrets:
  KEY: {}
"""
HEAD = """#!/bin/sh
# /// pushbutton
# titel = "Tea"
# params.size.type = "int"
# params.size.default = "many"
# [params.kind]
# choices = ["a", "b"]
# default = "c"
# "label" = 3
# ///
echo
"""
PYTHON = """from typing import Annotated, Literal
from pushbutton import Field, task


@task(
    titel="Tea",
    busy="wait",
    confirm="Brew {size} for {whom}?",
    timeout="soon",
)
def brew(
    size: Annotated[int, Field(min="a", pattern="x")],
    kind: Literal["a", "b"] = "c",
    many: list[dict] = None,
    *,
    other: set[dict],
    note: Annotated[str, Field(pattern="(")] = "",
):
    ...


@task
def wash(plates: complex):
    ...
"""


def said(path: Path) -> list[tuple[int, str]]:
    """The line and the first words of each."""
    return [(problem.line, problem.sentence[:32]) for problem in check([path]) if not problem.warning]


async def shown(path: Path) -> list[Task]:
    catalog = PathCatalog([path])
    await catalog.open()
    try:
        return list(catalog.tasks().values())
    finally:
        await catalog.close()


def test_all_mistakes_of_a_configuration_are_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pushbutton.yaml"
    path.write_text(YAML)
    assert said(path) == [
        (1, "“env” must be a table of names a"),
        (4, "There is no input named “tee”."),
        (5, "There is no key “titel” here. Di"),
        (6, "“timeout” must be seconds, or te"),
        (7, "“confirm” names “{whom}”, and th"),
        (9, "“min” of “size” is above its “ma"),
        (10, "The default of “kind” does not f"),
        (11, "The pattern of “note” is wrong: "),
        (11, "“multiline” must be true or fals"),
        (12, "“type” must be one of: str, int,"),
        (13, "“when” of “late” names “kindd”, "),
        (15, "“command” must be a list, one it"),
        (17, "It says nowhere where the value "),
    ]


def test_all_mistakes_in_the_head_of_a_script_are_said_at_once_with_their_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "brew.sh"
    path.write_text(HEAD)
    path.chmod(0o755)
    assert said(path) == [
        (3, "There is no key “titel” here. Di"),
        (5, "The default of “size” does not f"),
        (8, "The default of “kind” does not f"),
        (9, "“label” must be text; put it in "),
    ]


def test_all_mistakes_of_a_python_file_are_said_at_once_with_their_own_lines(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.py"
    path.write_text(PYTHON)
    assert said(path) == [
        (6, "There is no option named “titel”"),
        (7, "“busy” must be one of: queue, sk"),
        (8, "“confirm” names “{whom}”, and th"),
        (9, "“timeout” must be seconds, or te"),
        (12, "“size” is no text, so it can hav"),
        (12, "“size” is int, so its min cannot"),
        (16, "A form cannot ask for “other: se"),
        (17, "The pattern of “note” is wrong: "),
        (23, "A form cannot ask for “plates: c"),
    ]


@pytest.mark.parametrize(
    ("name", "text"), [("pushbutton.yaml", YAML), ("brew.sh", HEAD), ("kitchen.py", PYTHON)], ids=["yaml", "head", "py"]
)
async def test_a_broken_task_knows_all_its_mistakes_with_their_lines(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o755 if name.endswith(".sh") else 0o644)
    mistakes = {problem.reason for problem in await checked([path]) if not problem.warning}
    tasks = await shown(path)
    reasons = [reason for task in tasks for reason in task.broken.splitlines()]
    assert all(task.broken for task in tasks)
    assert set(reasons) <= mistakes
    assert len(reasons) == len(set(reasons)) == {"pushbutton.yaml": 11, "brew.sh": 4, "kitchen.py": 9}[name]


def test_what_follows_from_a_mistake_is_no_mistake_of_its_own(tmp_path: Path) -> None:
    """An input that nobody could read may be any, and a command that nobody could read may name every input."""
    path = tmp_path / "pushbutton.yaml"
    path.write_text(
        "tasks:\n  go:\n    command: run {path}\n    confirm: 'Go {when}?'\n    dry_run: rehearse\n    params:\n"
        "      path: {}\n      when: {type: dat, min: 2026-01-01, default: soon}\n      rehearse: {type: boolean}\n"
        "      more: {when: {when: x}}\n"
    )
    assert said(path) == [
        (3, "“command” must be a list, one it"),
        (8, "“type” must be one of: str, int,"),
        (9, "“type” must be one of: str, int,"),
    ]
    path = tmp_path / "go.py"
    path.write_text("from pushbutton import task\n\n@task(confirm='Go {when}?')\ndef go(when: complex): ...\n")
    assert said(path) == [(4, "A form cannot ask for “when: com")]


def test_a_misspelt_table_hides_no_mistake_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "pushbutton.yaml"
    path.write_text("task:\n  a: {}\nsecrets: 3\nenv: {A B: x}\ntasks:\n  b: {comand: [x]}\n")
    assert said(path) == [
        (1, "There is no key “task” here. Did"),
        (3, "Below “secrets:” stand the secre"),
        (4, "“env” must be a table of names a"),
        (6, "It has no “command”: a list with"),
        (6, "There is no key “comand” here. D"),
    ]
    (task,) = asyncio.run(shown(path))
    assert len(task.broken.splitlines()) == 5


TEXT_OPEN = "The text that begins here is not closed: write {} at its end."


@pytest.mark.parametrize(
    ("block", "line", "column", "sentence"),
    [
        (["a = 1", 'title = "Tea'], 2, 9, TEXT_OPEN.format('"')),
        (["title = 'Tea", "group = 'x'"], 1, 9, TEXT_OPEN.format("'")),
        (["a = 1", 'help = """Tea', "and more"], 2, 8, TEXT_OPEN.format('"""')),
        (["a = [1, # ]", '"', "x"], 2, 1, TEXT_OPEN.format('"')),
        (['list = ["a", "b"', 'title = "x"'], 1, 8, "The list that begins here is not closed: write ] at its end, and “,” between its items."),
        (["a = 1", "env = {A = 'x'", "b = 2"], 2, 7, "The table that begins here is not closed: write } at its end, on the same line, and “,” between its items."),
        (["title = Tea"], 1, 9, 'This is no value: text stands in quotes, as in: title = "Back up".'),
        (["required = Yes"], 1, 12, "Write true in place of Yes."),
        (['title "Tea"'], 1, 7, 'Behind a name stand “=” and its value, as in: title = "Back up".'),
        (['title = "Tea" please'], 1, 15, "Something stands behind the value: one line holds one name and its value."),
        (["[params.x", 'type = "int"'], 1, 10, "The head of a table is not closed: write ] at its end, as in: [params.name]."),
        (["[params.x]", "[params.x]"], 2, 10, "“params.x” stands here twice: leave one of them."),
        (["a = 1", "a = 2"], 2, 6, "This name has a value already: leave one of them."),
        (['path = "C:\\dir"'], 1, 13, 'In text between " a “\\” must be written twice; between \' it stands for itself.'),
        (["a = 20", "= 3"], 2, 1, "This cannot be read as TOML: a line is a name, “=” and a value, or the head of a table such as [params.name]."),
        (["n = " + "9" * 5000], 1, 5005, "A number here has too many digits: put it in quotes."),
    ],
)  # fmt: skip
def test_a_head_that_is_no_toml_is_told_in_words(
    block: list[str], line: int, column: int, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "brew.sh"
    path.write_text("\n".join(["#!/bin/sh", "# /// pushbutton", *(f"# {one}" for one in block), "# ///", ""]))
    path.chmod(0o755)
    (problem,) = check([path])
    assert (problem.line, problem.column, problem.sentence) == (line + 2, column + 2, sentence)


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ('title: "Tea\n    command: [x]', 3, 12, "The text that begins here is not closed: write the same quote at its end."),
        ("command: [x, y\n    title: z", 3, 14, "The list that begins here is not closed: write ] at its end, and “,” between its items."),
        ("env: {A: b\n    title: z", 3, 10, "The table that begins here is not closed: write } at its end, and “,” between its items."),
        ("title: Tea: green", 3, 15, "A “:” stands where none can: put text that holds one in quotes, begin a key below the key above it, and look whether the line above lacks its “:”."),
        ("title: @home", 3, 12, "Text cannot begin with “@”: put it in quotes."),
        ("title: *.txt", 3, 12, "“*” names what is marked with “&” above, and nothing is: put it in quotes, if it is text."),
        ("\ttitle: x", 3, 5, "A tab stands here: indent with blanks."),
        ("title: x\n   command: [x]", 4, 4, "This line is indented otherwise than those that it belongs to."),
        ("title: x\n    - y", 4, 5, "An item that begins with “-” stands among keys: indent it, or take the “-” away."),
        ("title: {name}x", 3, 18, "Something stands behind a value: put it in quotes, if it is one text."),
        ("command: [x]]", 3, 17, "Nothing is open that this “]” could close or part."),
        ("command: [x,, y]", 3, 17, "Before this “,” something is missing."),
        ('title: "C:\\dir"', 3, 16, "“\\d” means nothing in text between \": write “\\\\” for a “\\”, or put the text between '."),
        ("title: x\n---\ntasks: {}", 4, 1, "A line “---” begins a second document here, and only one is read."),
        ("title: a\x07", 1, 1, 'It holds a control character: take it out, or write it as an escape such as "\\e".'),
        ("title: " + "[" * 1000, 1, 1, "Lists or tables in one another go too deep."),
        ("title: " + "9" * 5000, 1, 1, "A number in it has too many digits: put it in quotes."),
    ],
)  # fmt: skip
def test_a_configuration_that_is_no_yaml_is_told_in_words(
    text: str, line: int, column: int, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "pushbutton.yaml"
    path.write_text(f"tasks:\n  a:\n    {text}\n")
    (problem,) = check([path])
    assert (problem.line, problem.column, problem.sentence) == (line, column, sentence)


def test_a_configuration_that_is_not_utf_8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pushbutton.yaml"
    path.write_bytes(b"tasks:\n  a: {command: [gr\xfc\xdfe]}\n")
    (problem,) = check([path])
    assert problem.sentence == "It is not written in UTF-8: save it as such."
