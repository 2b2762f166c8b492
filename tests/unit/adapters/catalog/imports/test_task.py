"""A Taskfile: its tasks are called as somebody at a terminal would call them."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError, InvalidInputs

from .pressing import TRICKY, World

BAKERY = r"""
version: '3'
includes:
  site: ./site/Taskfile.yml
vars:
  OVEN: '{{.OVEN | default "big"}}'
  HALL: east
  WHERE: '{{.HALL}}/{{.OVEN}}'
  TRAYS: {sh: 'count {{.KIND}}'}
tasks:
  heat:
    desc: Heat an oven
    summary: It takes an hour.
    prompt: Heat {{.OVEN}} for {{.WHO | upper}} {now}?
    requires: {vars: [DAY, {name: KIND, enum: [rye, "two words"]}]}
    deps: [look]
    cmds:
      - ./heat.sh {{.WHERE}} {{.DAY | shellQuote}} "{{.WHO}}" {{.CLI_ARGS}}
      - {task: 'site:clear', vars: {WHAT: '{{.PAGE}}'}}
      - {task: note, vars: {TEXT: '{{.KIND}}'}}
  look: {internal: true, cmds: ['./look.sh {{.TRAYS}}']}
  note:
    env: {TEXT: '{{.TEXT}}'}
    cmd: ./note.sh "$TEXT"
  run-it: '{{.PROGRAM}} --now'
  keep:
    vars: {PROGRAM: '{{default "rsync" .PROGRAM}}'}
    cmds: ['{{.PROGRAM}} a b']
  'open:*': ./open.sh
  'say {x}': [echo done]
""".lstrip()


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("task", BAKERY, "Taskfile.yml", "task")


def test_tasks_ask_for_what_their_commands_take_from_outside(bakery: World) -> None:
    shown = {
        slug: [(one.name, one.default, one.required, str(one.type)) for one in task.params]
        for slug, task in bakery.tasks.items()
    }
    assert shown == {
        "heat": [
            ("oven", "big", False, "str"),
            ("day", None, True, "str"),
            ("who", None, False, "str"),
            ("cli_args", None, False, "list"),
            ("page", None, False, "str"),
            ("kind", None, True, "choice"),
        ],
        "note": [("text", None, False, "str")],
        "keep": [],
        "say-x": [],
    }
    heat = bakery.tasks["heat"]
    assert (heat.help, heat.confirm) == ("Heat an oven\n\nIt takes an hour.", "Heat {oven} for … {{now}}?")
    assert [choice.value for choice in heat.params[-1].choices] == ["rye", "two words"]


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    program = "“PROGRAM” chooses the program that is started: a value would become a part of that program."
    assert bakery.left == [
        (3, "What is included is not read: site"),
        (20, "The task “look” is passed over: it is internal."),
        (24, f"The task “run-it” is left out: {program}"),
        (27, f"PROGRAM is left as the Taskfile sets it: {program}"),
        (28, "The task “open:*” is passed over: its name stands for many; write a task for each one that people call."),
    ]


def test_task_is_called_as_at_a_terminal(bakery: World) -> None:
    (called,) = bakery.press("heat", day='it\'s "$x" `y`', kind="two words", who="a; b", cli_args=["a b", "c"])
    assert called.argv == [
        "--yes", "heat", "OVEN=big", "DAY=it's \"$x\" `y`", "WHO=a; b", "KIND=two words", "--", "a b", "c",
    ]  # fmt: skip
    assert not {"OVEN", "DAY", "WHO"} & called.env.keys()
    (called,) = bakery.press("heat", day="1", kind="rye")
    assert called.argv == ["--yes", "heat", "OVEN=big", "DAY=1", "KIND=rye"]
    (called,) = bakery.press("say-x")
    assert called.argv == ["say {x}"]
    for inputs in ({"oven": "a b"}, {"who": "$x"}, {"day": "{{.OVEN}}"}, {"page": "a;b"}, {"cli_args": ["{{.X}}"]}):
        with pytest.raises(InvalidInputs):
            bakery.press("heat", **{"day": "1", "kind": "rye", **inputs})


@pytest.mark.skipif(shutil.which("task") is None, reason="the machine has no task")
def test_with_the_real_task_a_command_gets_what_was_filled_in(tmp_path: Path) -> None:
    text = (
        "version: '3'\nsilent: true\ntasks:\n  show:\n    env: {E: '{{.E}}'}\n    cmds:\n"
        '      - ./show {{q .A}} "{{.B}}" {{.C}} "$E" {{.CLI_ARGS}}\n'
    )
    world = World(tmp_path).move("task", text, "Taskfile.yml", "./show")
    (tmp_path / "Taskfile.yml").write_text(text)
    fine = {"a": "a", "b": "b", "c": "c", "e": "e"}
    accepted = 0
    for value in [*TRICKY, "-x", "x=1"]:
        for name in fine:
            try:
                (called,) = world.press("show", **{**fine, name: value})
            except InvalidInputs:
                continue
            words = [one for key, one in {**fine, name: value}.items() if one or key != "c"]
            assert called.argv == words, (name, value)
            (tmp_path / "told").write_text("")
            given = [f"{key.upper()}={one}" for key, one in {**fine, name: value}.items()]
            subprocess.run(["task", "show", *given], cwd=tmp_path, check=True)
            assert called.argv == json.loads((tmp_path / "told").read_text())[1]
            accepted += 1
    assert accepted > 30
    (called,) = world.press("show", **fine, cli_args=["x y", "$HOME", "it's"])
    assert called.argv == [*fine, "x y", "$HOME", "it's"]


@pytest.mark.parametrize("text", ["some words\n", "tasks: [1]\n", "- a\n", "version: '3'\n"])
def test_what_is_no_taskfile_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="It is no Taskfile"):
        move("task", [Source("Taskfile.yml", text)])


def test_a_file_that_only_includes_others_says_so() -> None:
    moved = move("task", [Source("Taskfile.yml", "includes: {a: ./a.yml}\n")])
    assert (moved.text, [one.what for one in moved.left]) == ("", ["What is included is not read: a"])


TEXT = st.text(st.sampled_from("{}.|AB q\"'$-a"), max_size=14) | st.sampled_from(
    ["{{.A}}", '{{.A | default "x"}}', "a"]
)
TREE = st.recursive(
    TEXT | st.integers() | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cmds", "cmd", "deps", "vars", "env", "task", "requires", "name", "enum", "prompt", "sh", "A", "B"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=14,
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(TEXT, TREE, max_size=3), st.dictionaries(st.sampled_from("AB"), TREE, max_size=2))
def test_any_tree_gives_tasks_that_pass_the_check_or_one_sentence(tasks: dict[str, object], own: object) -> None:
    with contextlib.suppress(ConfigError):
        moved = move("task", [Source("Taskfile.yml", json.dumps({"tasks": tasks, "vars": own}))])
        assert bool(moved.tasks) == bool(moved.text)
