"""The head of a script corrects what was read from its source, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from pushbutton.adapters.catalog.check import examined
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.targets import ScriptTarget
from pushbutton.domain.task import Task
from pushbutton.job.options import INPUTS, SCRIPT

SOURCE = """import argparse, os
p = argparse.ArgumentParser()
p.add_argument("--shop", required=True)
p.add_argument("--kind", default="full")
p.add_argument("--where", default=os.environ.get("WHERE", "x"))
p.add_argument("-v", "--verbose", action="count", default=0)
p.add_argument("--only", action="append")
p.add_argument("--two", nargs=2)
p.add_argument("--dry", action="store_true")
p.add_argument("--sheet", type=argparse.FileType("r"))
p.add_argument("--number", default="3")
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


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """As it is read where the head says nothing."""
    (task,), _, _ = asyncio.run(read(tmp_path_factory.mktemp("plain"), ""))
    return task


def argv(task: Task, **inputs: object) -> list[str]:
    return list(build(task, parse(task.params, inputs), python="/py").argv[1:])


def passing(task: Task) -> Mapping[str, object]:
    assert isinstance(task.target, ScriptTarget)
    return task.target.passing


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
    assert list(params) == ["shop", "kind", "where", "only", "two", "dry", "sheet", "number"]
    assert (params["shop"].title, params["shop"].type, params["shop"].required) == ("Which shop", "choice", True)
    assert (params["only"].type, params["kind"].default) == ("choices", "prices")
    assert argv(task, shop="north", only=["a", "b"]) == [
        "--shop=north", "--kind=prices", "--where=here", "--only=a", "--only=b",
    ]  # fmt: skip
    assert argv(task, shop="south", kind="full", where="there") == ["--shop=south", "--where=there"]
    assert any("9 inputs (argparse)" in note for note in notes)


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
        ('[params.shop]\ntype = "bool"', 4, "“type” of “shop” is what the script's source says"),
        ('[params.shop]\ntype = "secret"', 4, "“type” of “shop” is what the script's source says"),
        ('[params.only]\ntype = "str"', 4, "“type” of “only” is what the script's source says"),
        ('[params.verbose]\ntype = "float"', 4, "“type” of “verbose” is what the script's source says"),
        ('[params.shop]\nof = "int"', 4, "“of” of “shop” is what the script's source says"),
        ('[params.shop]\nflag = "-s"', 4, "“flag” of “shop” is what the script's source says"),
        ("[params.shop]\nplace = 1", 4, "“place” of “shop” is what the script's source says"),
        ("[params.shop]\nrepeat = true", 4, "“repeat” of “shop” is what the script's source says"),
        ('[params.only]\nwords = "+"', 4, "“words” of “only” is what the script's source says"),
        ("[params.shop]\nmin = 3", 4, "“shop” is str, which can have no “min”."),
        ("[params.shop]\nmin_length = 3\nmultiline = 1", 5, "“multiline” must be true or false."),
        ("[params.kind]\ndefault = 3", 4, "“default” of “kind” must be text; put it in quotes."),
        ('[params.only]\ndefault = "a"', 4, "“default” of “only” must be a list."),
        ('[params.verbose]\ndefault = "a"', 4, "The default of “verbose” does not fit"),
        ("[params.verbose]\nmultiline = true", 4, "“verbose” is int, which can have no “multiline”."),
        ("[params.verbose]\nmin = -1", 4, "“verbose” is how many times its flag is given: from 0 to 100."),
        ("[params.verbose]\nmax = 'x'", 4, "“max” of “verbose” must be a number."),
        ("[params.verbose]\nupload = true", 4, "“verbose” is int, which nobody can bring along"),
        ("[params.shop]\nhide = true", 4, "The script does not start without “shop”, so it cannot be hidden."),
        ('[params.kind]\nhide = true\nlabel = "x"', 5, "“kind” is hidden, so nothing more can be said of it"),
        ("[params.two]\nchoices = ['a', 'b']", 4, "“two” takes 2 values in their order, which choices do not have."),
        ("[params.dry]\nchoices = ['a', 'b']", 4, "“dry” has choices, so its type must be choice or choices."),
        ("[params.shop]\nwhen = {kynd = 'full'}", 4, "“kynd”"),
        ("[params.shop]\npattern = '('", 4, "The pattern of “shop” is wrong"),
        ('[params.shop]\npass = "env"', 4, "“pass” of “shop” is what the script's source says"),
        ('[params.kind]\nchoices = ["a"]', 3, "The default of “kind” does not fit"),
        ("[params.other]\nhide = true", 3, "takes nothing that is called “other”; say how it gets it (flag, place or"),
        ('[params.other]\nhide = true\nflag = "-o"', 4, "“other” stands here only"),
        ('[params.other]\nflag = "--kind"', 4, "“kind” and “other” would both be “--kind”: change one."),
    ],
)
async def test_what_cannot_be_corrected_is_said_with_its_line(
    head: str, line: int, sentence: str, tmp_path: Path
) -> None:
    (task,), problems, _ = await read(tmp_path, head)
    assert task.broken
    assert [True for problem in problems if sentence in problem], problems
    assert f"move.py:{line}:" in next(problem for problem in problems if sentence in problem)


@pytest.mark.parametrize("said", ["help = 'x'", "pass = 'argument'", "type = 'secret'"])
async def test_a_head_that_names_none_of_what_was_read_is_all_that_is_asked_for(tmp_path: Path, said: str) -> None:
    source = f"{SOURCE}print(os.environ['SHELF'])\n"
    (task,), problems, _ = await read(tmp_path, f"[params.shelf]\n{said}", source)
    assert ([param.name for param in task.params], problems) == (["shelf"], [])


async def test_a_name_that_the_source_has_no_more_is_a_mistake_also_where_it_is_the_only_one(tmp_path: Path) -> None:
    (task,), problems, _ = await read(tmp_path, "[params.shup]\nlabel = 'SHUP'")
    (problem,) = problems
    assert "move.py:3:" in problem
    assert "The script takes nothing that is called “shup”" in problem
    assert "Did you mean “shop”?" in problem
    assert task.broken


async def test_an_input_that_the_script_has_in_its_environment_is_added_beside_what_was_read(tmp_path: Path) -> None:
    source = f"{SOURCE}print(os.environ['SHELF'])\n"
    head = "[params.shop]\nlabel = 'x'\n[params.shelf]\nlabel = 'y'\n[params.token]\ntype = 'secret'"
    (task,), problems, _ = await read(tmp_path, head, source)
    assert problems == []
    made = build(task, parse(task.params, {"shop": "a", "shelf": "b", "token": "c"}), python="/py")
    assert (made.argv[1:], made.env["SHELF"], made.env["TOKEN"]) == (("--shop=a",), "b", "c")


async def test_a_head_that_says_the_same_as_the_source_is_no_mistake(tmp_path: Path, plain: Task) -> None:
    head = """[params.shop]
type = "str"
pass = "option"
flag = "--shop"
[params.verbose]
type = "int"
count = true
[params.only]
type = "list"
of = "str"
repeat = true
[params.two]
words = 2
[params.dry]
type = "bool"
pass = "option"
[params.sheet]
type = "file"
upload = true"""
    (task,), problems, _ = await read(tmp_path, head)
    assert problems == []
    assert (task.params, passing(task)) == (plain.params, passing(plain))


CORRECTED: list[tuple[str, str, dict[str, object]]] = [
    ("shop", 'label = "Which"', {"label": "Which"}),
    ("shop", 'help = "Which"', {"help": "Which"}),
    ("shop", "min_length = 2\nmax_length = 3", {"min_length": 2, "max_length": 3}),
    ("shop", 'pattern = "a+"\npattern_text = "Only a."', {"pattern": "a+", "pattern_text": "Only a."}),
    ("shop", 'example = "north"', {"example": "north"}),
    ("shop", "multiline = true\ncontrols = true\ndash = true", {"multiline": True, "controls": True, "dash": True}),
    ("shop", "when = {dry = true}", {"when": {"dry": [True]}}),
    ("kind", "when = {verbose = [1, 2]}", {"when": {"verbose": [1, 2]}}),
    ("kind", "required = true\ndefault = 'x'", {"required": True, "default": "x"}),
    ("kind", "required = false\ndefault = 'x'", {"required": False, "nullable": True}),
    ("only", "required = true", {"required": True}),
    ("verbose", "max = 3", {"max": 3, "default": 0}),
    ("verbose", "default = 2", {"default": 2, "type": "int"}),
    ("number", 'type = "int"\nmax = 9', {"type": "int", "default": 3, "max": 9}),
    ("number", 'type = "float"', {"type": "float", "default": 3.0}),
    ("kind", 'type = "date"', {"type": "date", "default": None, "required": False}),
    ("only", 'of = "int"\nmin = 2', {"type": "list", "of": "int", "min": 2}),
    ("only", "default = ['a']", {"default": ["a"], "required": False}),
    ("number", "choices = ['3', '4']", {"type": "choice", "default": "3"}),
    ("number", "choices = {3 = 'three', 4 = ['four', 'more']}", {"type": "choice", "default": "3"}),
    ("shop", "choices_from = ['ls']", {"type": "choice", "choices_from": ("ls",)}),
    ("dry", "default = true", {"default": True}),
    ("sheet", "upload = false", {"type": "str", "required": False}),
    ("sheet", 'type = "str"', {"type": "str"}),
    ("shop", "upload = true", {"type": "file", "required": True}),
    ("kind", "upload = true", {"type": "file", "required": False, "default": None}),
]


@pytest.mark.parametrize(("name", "said", "expected"), CORRECTED)
async def test_every_key_is_laid_over_what_was_read(
    tmp_path: Path, plain: Task, name: str, said: str, expected: dict[str, object]
) -> None:
    (task,), problems, _ = await read(tmp_path, f"[params.{name}]\n{said}")
    assert problems == []
    (param,) = (param for param in task.params if param.name == name)
    assert {key: getattr(param, key) for key in expected} == expected
    assert [one for one in task.params if one.name != name] == [one for one in plain.params if one.name != name]
    assert passing(task) == passing(plain)


def test_no_key_of_an_input_is_without_a_correction() -> None:
    said = {line.split(" = ")[0] for _, lines, _ in CORRECTED for line in lines.splitlines()}
    as_read = {"pass", "flag", "off", "repeat", "count", "words", "place", "under", "hide"}
    assert said | as_read == {name for name, row in INPUTS.items() if SCRIPT in row.only}


async def test_a_corrected_value_comes_back_through_the_script(tmp_path: Path) -> None:
    head = '[params.number]\ntype = "int"\n[params.sheet]\nupload = false\n[params.dry]\ndefault = true'
    (task,), _, _ = await read(tmp_path, head)
    assert argv(task, shop="a", number=4, sheet="/srv/x") == ["--shop=a", "--dry", "--sheet=/srv/x", "--number=4"]


async def test_an_option_that_was_left_out_is_added_by_its_flag(tmp_path: Path) -> None:
    source = SOURCE.replace('"--kind"', "*os.environ.get('FLAGS', '--kind').split()")
    (task,), problems, notes = await read(tmp_path, '[params.kind]\nflag = "--kind"\nplace = 1', source)
    assert "“flag” makes “kind” an option, and “place” an operand" in problems[0]
    (task,), problems, notes = await read(tmp_path, '[params.kind]\nflag = "--kind"', source)
    assert problems == []
    assert argv(task, shop="a", kind="prices") == ["--shop=a", "--kind=prices"]
    assert any("1 left out" in note for note in notes), notes


TILLS = """import argparse
p = argparse.ArgumentParser(description="Looks after tills.")
p.add_argument("--dry-run", action="store_true")
s = p.add_subparsers(required=True)
m = s.add_parser("move", help="Moves one.")
m.add_argument("till")
m.add_argument("--rehearse", action="store_true")
s.add_parser("list")
p.parse_args()
"""


async def test_what_the_head_says_of_the_script_fits_each_of_its_subcommands(tmp_path: Path) -> None:
    head = """title = "Tills"
help = "All about tills."
timeout = 20
dry_run = "rehearse"
confirm = "Sure?"
button = "Go on with {till}"
"""
    tasks, problems, _ = await read(tmp_path, head, TILLS)
    assert problems == []
    assert [
        (task.title, task.help, task.dry_run, task.button, task.confirm, task.limits.timeout) for task in tasks
    ] == [
        ("Tills: move", "Moves one.", "rehearse", "Go on with {till}", "Sure?", 20),
        ("Tills: list", "All about tills.", "dry_run", "", "Sure?", 20),
    ]


async def test_a_head_may_say_under_which_subcommand_an_input_is(tmp_path: Path) -> None:
    _, problems, _ = await read(tmp_path, '[params.till]\nunder = "move"', TILLS)
    assert problems == []
    _, problems, _ = await read(tmp_path, '[params.till]\nunder = "list"', TILLS)
    assert "“under” of “till” is what the script's source says" in problems[0]
    _, problems, _ = await read(tmp_path, '[params.dry_run]\nunder = "move"', TILLS)
    assert "“under” of “dry_run” is what the script's source says" in problems[0]


async def test_what_names_an_input_of_no_subcommand_is_a_mistake(tmp_path: Path) -> None:
    _, problems, _ = await read(tmp_path, 'button = "Go on with {tyll}"', TILLS)
    assert [True for one in problems if "names “{tyll}”, and there is no such input" in one] != []


async def test_an_input_of_the_head_belongs_to_the_subcommand_that_it_is_under(tmp_path: Path) -> None:
    tasks, problems, _ = await read(tmp_path, '[params.force]\ntype = "bool"\nflag = "-f"\nunder = "move"', TILLS)
    assert problems == []
    assert {task.slug: [param.name for param in task.params] for task in tasks} == {
        "move-move": ["dry_run", "till", "rehearse", "force"], "move-list": ["dry_run"],
    }  # fmt: skip
    assert argv(tasks[0], till="7", force=True) == ["move", "-f", "7"]
    _, problems, _ = await read(tmp_path, '[params.force]\nflag = "-f"\nunder = "mov"', TILLS)
    assert "There is no subcommand “mov”" in problems[0]


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


SHELL = """#!/bin/sh
{head}
KEEP=7
usage() {{
    cat <<EOF
  -s SHOP   which shop
  -k DAYS   keep so many (default: $KEEP)
  -f        do not ask
EOF
    exit "$1"
}}
while getopts ":s:k:p:fh" opt; do
    case $opt in
        s) SHOP=$OPTARG ;;
        k) KEEP="${{OPTARG}}" ;;
        p) DB_PASSWORD=$OPTARG ;;
        f) FORCE=1 ;;
        h) usage 0 ;;
        *) usage 1 ;;
    esac
done
shift $((OPTIND - 1))
echo "$SHOP $KEEP $FORCE"
"""


async def read_shell(tmp_path: Path, head: str = "") -> tuple[list[Task], list[str], list[str]]:
    lines = "".join(f"# {line}\n" for line in ["/// pushbutton", *head.splitlines(), "///"]) if head else ""
    (tmp_path / "restore").write_text(SHELL.format(head=lines))
    (tmp_path / "restore").chmod(0o755)
    found = await examined([tmp_path])
    return found.tasks, [str(one) for one in found.problems], found.notes


async def test_a_shell_script_has_the_form_that_its_own_loop_tells(tmp_path: Path) -> None:
    (task,), problems, notes = await read_shell(tmp_path)
    assert problems == []
    assert [(param.name, param.title, param.type, param.default, param.help) for param in task.params] == [
        ("s", "Shop", "str", None, "which shop"),
        ("k", "Keep", "str", "7", "keep so many (default: 7)"),
        ("f", "Force", "bool", False, "do not ask"),
    ]
    assert argv(task, s="a b", k="7", f=True) == ["-sa b", "-f"]
    assert argv(task, s="=x", k="8") == ["-s", "=x", "-k8"]
    path = tmp_path / "restore"
    secret = "-p is a secret, and everybody on the machine can read a command line: it is left out"
    assert notes == [f"{path}: 3 inputs (getopts), 1 left out", f"{path}:16: {secret}"]


async def test_the_head_of_a_shell_script_corrects_and_adds_by_name(tmp_path: Path) -> None:
    head = """[params.s]
required = true
choices = ["north", "south"]
[params.p]
hide = true
[params.db_password]
type = "secret"
pass = "env"
[params.files]
place = "rest"
required = false"""
    (task,), problems, notes = await read_shell(tmp_path, head)
    assert problems == []
    assert [(param.name, param.type, param.required) for param in task.params] == [
        ("s", "choice", True), ("k", "str", False), ("f", "bool", False), ("db_password", "secret", True),
        ("files", "list", False),
    ]  # fmt: skip
    assert argv(task, s="north", db_password="x", files=["a", "b"]) == ["-snorth", "a", "b"]
    assert [note for note in notes if "left out" in note] == []


async def test_a_loop_that_cannot_be_followed_is_said_and_the_head_is_all_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("#!/bin/bash\nMODE=$1; shift\nwhile getopts a o; do case $o in a) ;; esac; done\n")
    (tmp_path / "long").chmod(0o755)
    found = await examined([tmp_path])
    sentence = "what it takes cannot be read from its source: line 2: it takes a word before its options."
    assert found.notes == [f"{tmp_path / 'long'}: {sentence}"]
    assert [task.params for task in found.tasks] == [()]


LOOP = """#!/bin/sh
{head}
while [ $# -gt 0 ]; do
    case "$1" in
        --store) SHOP="$2"; shift ;;
        *) exit 2 ;;
    esac
    shift
done
{more}
echo "$SHOP"
"""


@pytest.mark.parametrize(
    ("name", "more", "found"),
    [
        ("shelf", 'echo "$SHELF"', True),
        ("shelf", 'echo "${SHELF:-attic}"', True),
        ("shelf", 'SHELF="${SHELF:-attic}"; echo "$SHELF"', True),
        ("shelf", 'SHELF=attic; echo "$SHELF"', False),
        ("shelf", 'echo "$SHELFS"', False),
        ("shelf", "# SHELF", False),
        ("shop", "", False),
    ],
)
async def test_a_shell_finds_in_its_environment_what_it_gives_no_value_itself(
    tmp_path: Path, name: str, more: str, found: bool
) -> None:
    path = tmp_path / "copy.sh"
    head = f"# /// pushbutton\n# [params.store]\n# label = 'x'\n# [params.{name}]\n# label = 'y'\n# ///"
    path.write_text(LOOP.format(head=head, more=more))
    path.chmod(0o755)
    told = await examined([tmp_path])
    assert (
        [f"The script takes nothing that is called “{name}”" in str(one) for one in told.problems] == [True]
    ) != found
    assert [param.name for param in told.tasks[0].params] == ["store", *([name] if found else [])]
