"""The block that `header` prints for a script: pasted into it, it is well, and the form is the same."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog.asking import help_printed_by
from pushbutton.adapters.catalog.check import examined
from pushbutton.adapters.catalog.header import block_for, block_for_command
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput, ConfigError

ARGPARSE = """#!/usr/bin/env python3
import argparse, os
p = argparse.ArgumentParser()
p.add_argument("till", type=int, help='its "number"\\n\\\\ and more')
p.add_argument("extra", nargs="*")
p.add_argument("--kind", choices=["full", "prices"], default="full")
p.add_argument("--where", default=os.environ.get("WHERE", "x"))
p.add_argument("-v", "--verbose", action="count", default=0)
p.add_argument("--backup", action=argparse.BooleanOptionalAction, default=True)
p.add_argument("--only", action="append", type=int)
p.add_argument("--between", nargs=2, type=float)
p.add_argument("--rate", type=float, default=0.5)
p.add_argument("--file", type=argparse.FileType("r"))
how = p.add_mutually_exclusive_group()
how.add_argument("--now", action="store_true")
how.add_argument("--at")
p.parse_args()
"""
SUBCOMMANDS = """#!/usr/bin/env python3
import argparse
p = argparse.ArgumentParser()
s = p.add_subparsers(required=True)
move = s.add_parser("move")
move.add_argument("till", help="its number")
move.add_argument("--all", action="store_true", help="everything")
show = s.add_parser("show")
show.add_argument("--all", action="store_true", help="also what is hidden")
p.parse_args()
"""
CLICK = """#!/usr/bin/env python3
import click
@click.command()
@click.argument("name")
@click.option("--shop", type=click.Choice(["a b", "c"]), required=True)
@click.option("--rush/--no-rush", default=False)
@click.option("-k", "kinds", multiple=True)
def main(name, shop, rush, kinds): ...
main()
"""
GETOPTS = """#!/bin/sh
# Restores a shop.
: "${BAKERY:?which bakery}"
RETRIES=${RETRIES:-3}
KEEP=7
TOKEN=${API_TOKEN:-}
usage() { echo "  -s SHOP   which shop"; exit 1; }
while getopts s:k:f opt; do
  case $opt in
    s) SHOP=$OPTARG ;;
    k) KEEP=$OPTARG ;;
    f) FORCE=1 ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ -n "$SHOP" ] || usage
FROM=${1:?from where}
printf '%s\\n' "$SHOP" "$FROM"
"""
PLAIN = """#!/bin/bash
# Usage: back.sh backup|restore FROM [TO...]
set -eu
if [ $# -lt 2 ]; then echo "Usage: $0 MODE FROM [TO...]"; exit 1; fi
case "$1" in backup|restore) ;; *) exit 2 ;; esac
MODE=$1; FROM="$2"; shift 2
for to in "$@"; do echo "$MODE $FROM $to ${LEVEL:-low}"; done
"""
UNREADABLE = f"""#!{sys.executable}
import argparse, json
made = getattr(argparse, "Argument" + "Parser")()
made.add_argument("till", help="its number")
made.add_argument("extra", nargs="*")
made.add_argument("--kind", choices=["full", "prices"], default="full", help="which (default: %(default)s)")
made.add_argument("--quiet", action="store_true")
made.add_argument("--between", nargs=2)
made.add_argument("--shop", required=True)
made.add_argument("--backup", action=argparse.BooleanOptionalAction, default=True)
print(json.dumps(vars(made.parse_args())))
"""


def put(folder: Path, source: str, block: str = "", name: str = "move") -> Path:
    path = folder / name
    first, _, rest = source.partition("\n")
    path.write_text("\n".join(filter(None, [first, block, rest])))
    path.chmod(0o755)
    return path


async def tasks(folder: Path) -> list[Task]:
    found = await examined([folder])
    assert [str(one) for one in found.problems] == []
    return found.tasks


def facts(found: list[Task]) -> list[tuple[str, list[Any], Any]]:
    return [(task.slug, list(task.params), getattr(task.target, "passing", None)) for task in found]


def argv(task: Task, **inputs: object) -> list[str]:
    return list(build(task, parse(task.params, inputs), python="/py").argv[1:])


@pytest.mark.parametrize("source", [ARGPARSE, SUBCOMMANDS, CLICK], ids=["argparse", "subcommands", "click"])
async def test_pasted_into_a_script_of_python_the_block_leaves_the_form_as_it_is(source: str, tmp_path: Path):
    path = put(tmp_path, source)
    before = facts(await tasks(tmp_path))
    block = await block_for(path)
    put(tmp_path, source, str(block))
    assert facts(await tasks(tmp_path)) == before
    assert sum(len(params) for _, params, _ in before) >= 3


async def test_pasted_into_a_shell_script_the_block_adds_what_was_guessed(tmp_path: Path):
    path = put(tmp_path, GETOPTS)
    (before,) = await tasks(tmp_path)
    block = await block_for(path)
    put(tmp_path, GETOPTS, str(block))
    (task,) = await tasks(tmp_path)
    assert {param.name: (param.type, param.required, param.default, param.help) for param in task.params} == {
        "s": ("str", True, None, "which shop"),
        "k": ("str", False, "7", ""),
        "f": ("bool", False, False, ""),
        "from_": ("str", True, None, "from where"),
        "bakery": ("str", True, None, "which bakery"),
        "retries": ("str", False, "3", ""),
        "api_token": ("secret", False, None, ""),
    }
    assert [param.name for param in before.params] == ["s", "k", "f"]
    assert argv(task, s="a", bakery="b", api_token="x", from_="/c") == ["-sa", "/c"]
    assert block.remark == "Guessed, so look at it: s is required, from_, bakery, retries, api_token."


async def test_a_shell_script_whose_source_tells_nothing_has_a_block_of_guesses(tmp_path: Path):
    path = put(tmp_path, PLAIN)
    put(tmp_path, PLAIN, str(await block_for(path)))
    (task,) = await tasks(tmp_path)
    assert [(param.name, param.type, param.required, param.default) for param in task.params] == [
        ("mode", "choice", True, None),
        ("from_", "str", True, None),
        ("to", "list", False, None),
        ("level", "str", False, "low"),
    ]
    assert argv(task, mode="backup", from_="/a", to=["/b", "/c"]) == ["backup", "/a", "/b", "/c"]
    assert argv(task, mode="restore", from_="/a") == ["restore", "/a"]


async def test_what_a_script_prints_for_help_becomes_a_block_by_which_it_finds_its_values(tmp_path: Path):
    path = put(tmp_path, UNREADABLE)
    with pytest.raises(ConfigError, match="ask the script itself with --run"):
        await block_for(path)
    put(tmp_path, UNREADABLE, str(await block_for(path, await help_printed_by([str(path)]))))
    (task,) = await tasks(tmp_path)
    given = {"till": "7", "extra": ["a", "b"], "shop": "north", "between": ["1", "2"], "quiet": True, "backup": False}
    process = await asyncio.create_subprocess_exec(
        path, *argv(task, **given, kind="prices"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert json.loads(said) == {**given, "kind": "prices"}
    assert {param.name for param in task.params if param.required} == {"till", "shop"}


async def test_what_a_script_prints_closes_the_gaps_of_what_was_read(tmp_path: Path):
    source = f"""#!{sys.executable}
import argparse
KINDS = sorted({{"full": 1, "prices": 2}}.copy())
p = argparse.ArgumentParser()
p.add_argument("--kind", choices=[one for one in map(str.lower, KINDS)], help="which")
p.add_argument("--where", default="".join(reversed("ereh")), help="(default: %(default)s)")
p.parse_args()
"""
    path = put(tmp_path, source)
    before = await block_for(path)
    after = await block_for(path, await help_printed_by([str(path)]))
    assert len(before.notes) > len(after.notes) == 0
    put(tmp_path, source, str(after))
    (task,) = await tasks(tmp_path)
    assert [(param.name, param.type, param.default) for param in task.params] == [
        ("kind", "choice", None),
        ("where", "str", "here"),
    ]
    assert getattr(task.target, "gaps", None) == ()


async def test_asking_a_script_is_over_when_its_time_is_and_nothing_of_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pushbutton.adapters.catalog.asking.SECONDS", 1.0)
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(held, True)
    path = put(tmp_path, f"#!/bin/sh\nexec 9> {tmp_path}/held\nsleep 600 &\necho ready\nwait\n")
    with pytest.raises(BadInput, match="did not end within 1 seconds"):
        await help_printed_by([str(path)])
    assert await asyncio.to_thread(os.read, held, 1) == b""  # comes when nobody has it open any more
    os.close(held)


async def test_a_script_is_asked_in_the_environment_of_its_author_and_gets_nothing_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OF_THE_AUTHOR", "yes")
    path = put(tmp_path, '#!/bin/sh\necho "$OF_THE_AUTHOR $*"; cat; echo "on the other" >&2\n')
    assert await help_printed_by([str(path)]) == "yes --help\non the other\n"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("echo\n", "does not begin with “#!”"),
        ("#!/bin/sh\n# /// pushbutton\n# ///\n", "has a block already, in line 2"),
        ("#!/bin/sh\n# /// pushbutton\necho\n", "has a block already, in line 2"),
        ("#!/bin/sh\necho\n", "Its source does not tell what it takes: ask the script itself with --run"),
        ("#!/usr/bin/perl\nprint @ARGV;\n", "Its source does not tell what it takes"),
        ("#!/bin/sh\nwhile getopts h o; do case $o in h) exit;; esac; done\n", "It takes nothing"),
        ("#!/bin/sh\nwhile getopts a o; do :; done\n", "line 2: its loop over getopts has no “case”"),
    ],
)
async def test_where_there_is_no_block_to_print_it_is_said_why(source: str, sentence: str, tmp_path: Path):
    with pytest.raises((BadInput, ConfigError), match=sentence.replace("(", r"\(")):
        await block_for(put(tmp_path, source))


async def test_the_sign_of_the_block_is_that_of_the_language(tmp_path: Path):
    path = put(tmp_path, "#!/usr/bin/env node\nprocess.argv\n")
    block = str(await block_for(path, "Usage: x\n  --shop NAME   which\n"))
    assert block.splitlines()[0] == "// /// pushbutton"
    put(tmp_path, "#!/usr/bin/env node\nprocess.argv\n", block)
    (task,) = await tasks(tmp_path)
    assert argv(task, shop="a b") == ["--shop=a b"]


COMMAND = """tasks:
  go:
    title: Go
    command: {command}
{more}
"""


async def pasted(folder: Path, command: str, said: str | None = None, more: str = "") -> Task:
    """The command with what was printed for it below it."""
    config = folder / "pushbutton.yaml"
    config.write_text(COMMAND.format(command=command, more=more))
    (task,) = [one for one in await tasks(folder) if one.slug == "go"]
    block = await block_for_command(task, said)
    config.write_text(COMMAND.format(command=command, more=f"{more}\n{block}"))
    return next(one for one in await tasks(folder) if one.slug == "go")


async def test_a_command_gets_the_inputs_of_the_script_that_it_starts(tmp_path: Path):
    path = put(tmp_path, ARGPARSE)
    path.chmod(0o644)
    task = await pasted(tmp_path, "[python3, ./move]")
    given = {
        "till": 7,
        "kind": "prices",
        "only": [1, 2],
        "between": [0.5, 1],
        "now": True,
        "extra": ["x"],
        "verbose": 2,
    }
    assert argv(task, **given)[1:] == [
        "--kind=prices", "--verbose", "--verbose", "--backup", "--only=1", "--only=2", "--between", "0.5", "1.0",
        "--rate=0.5", "--now", "7", "x",
    ]  # fmt: skip
    assert {param.name for param in task.params if param.required} == {"till"}


async def test_a_command_of_a_subcommand_gets_its_inputs_and_keeps_its_own(tmp_path: Path):
    put(tmp_path, SUBCOMMANDS).chmod(0o644)
    more = "    params:\n      all: {flag: --all, type: bool, label: Everything}"
    task = await pasted(tmp_path, "[python3, move, move]", more=more)
    assert [(param.name, param.title) for param in task.params] == [("all", "Everything"), ("till", "Till")]
    assert argv(task, till="7", all=True) == ["move", "move", "--all", "7"]
    with pytest.raises(BadInput, match=r"has subcommands: put one of them behind it in “command” \(move, show\)"):
        await pasted(tmp_path, "[python3, move]")


async def test_a_command_may_be_any_program_that_prints_its_help(tmp_path: Path):
    said = "Usage: copy [OPTION]... SOURCE... DEST\n  -t, --target=DIR   where it goes\n  -v   talk\n"
    task = await pasted(tmp_path, "[copy]", said)
    assert argv(task, target="/a", v=True, source=["x", "y"], dest="z") == ["--target=/a", "-v", "x", "y", "z"]
    with pytest.raises(ConfigError, match="ask the script itself with --run"):
        await pasted(tmp_path, "[copy]")
