"""A justfile: its recipes are called as somebody at a terminal would call them."""

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
from pushbutton.adapters.catalog.imports.justfile import Dependency, Parameter, read_justfile
from pushbutton.errors import ConfigError, InvalidInputs

from .pressing import TRICKY, World

BAKERY = r"""
set dotenv-load
set positional-arguments
oven := env("OVEN", "big")
where := "hall" + '/' + oven
today := `date +%F`
import 'other.just'

_default:
    @just --list

# Heat an oven
[group('Ovens')]
[confirm("Is it {empty}?")]
heat name oven=oven *more: (look oven)
    ./heat.sh {{ quote(name) }} --oven {{oven}} {{more}}

[private]
look what:
    ./look.sh "{{what}}" "$1"

alias h := heat

[doc('Bakes "n" trays'), no-cd]
bake $n="3" +kinds="rye":
    #!/usr/bin/env bash
    for kind in {{kinds}}; do oven bake -n "$n" "$kind"; done

send day=today to="all {{x}}":
    ./send.sh "$1" '{{to}}'

count days=("1" + "0") from=today last:
    ./count.sh {{days}} {{ if from == "" { "x" } else { uppercase(from) } }} "$3"

ask name:
    #!/usr/bin/env python3
    print("{{name}}")

tell host:
    ssh {{host}} "sudo {{host}}"

[windows]
only-there:
    dir
""".lstrip()


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("just", BAKERY, "justfile", "just")


def test_recipes_are_tasks_with_their_parameters(bakery: World) -> None:
    shown = {
        slug: [(one.name, one.default, one.required, str(one.type)) for one in task.params]
        for slug, task in bakery.tasks.items()
    }
    assert shown == {
        "heat": [("name", None, True, "str"), ("oven", "big", False, "str"), ("more", None, False, "list")],
        "bake": [("n", "3", False, "str"), ("kinds", ["rye"], False, "list")],
        "send": [("day", None, True, "str"), ("to", "all {{x}}", False, "str")],
        "count": [("days", "10", False, "str"), ("from", None, True, "str"), ("last", None, True, "str")],
    }
    heat = bakery.tasks["heat"]
    assert (heat.help, heat.group, heat.confirm) == ("Heat an oven", "Ovens", "Is it {{empty}}?")
    assert bakery.tasks["bake"].help == 'Bakes "n" trays'


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    ssh = "“host” stands in the text of a program that ssh reads: a value would become a part of that program."
    assert bakery.left == [
        (6, "What is brought in is not read: 'other.just'"),
        (8, "The recipe “_default” is private, and passed over."),
        (18, "The recipe “look” is private, and passed over."),
        (21, "“h” is another name of “heat”, and no button of its own."),
        (36, "The recipe “ask” is left out: “name” becomes part of a program that python3 reads."),
        (39, f"The recipe “tell” is left out: {ssh}"),
        (42, "The recipe “only-there” is for windows alone, and passed over."),
    ]  # fmt: skip


def test_just_is_called_as_at_a_terminal(bakery: World) -> None:
    (called,) = bakery.press("heat", name="-x 'y' \"$z\" {q}", more=["a", "b:c"])
    assert called.argv == ["--yes", "heat", "-x 'y' \"$z\" {q}", "big", "a", "b:c"]
    assert not {"NAME", "OVEN", "MORE"} & called.env.keys()
    (called,) = bakery.press("bake", n="4 5")
    assert called.argv == ["bake", "4 5", "rye"]
    (called,) = bakery.press("bake", kinds=["rye", "spelt"])
    assert called.argv == ["bake", "3", "rye", "spelt"]
    (called,) = bakery.press("send", day="$(id)")
    assert called.argv == ["send", "$(id)", "all {{x}}"]
    for slug, inputs in (
        ("heat", {"name": "x", "oven": "a b"}),
        ("heat", {"name": "x", "oven": "$x"}),
        ("bake", {"kinds": ["a b"]}),
        ("send", {"day": "x", "to": "it's"}),
    ):
        with pytest.raises(InvalidInputs):
            bakery.press(slug, **inputs)


@pytest.mark.skipif(shutil.which("just") is None, reason="the machine has no just")
def test_with_the_real_just_a_recipe_gets_what_was_filled_in(tmp_path: Path) -> None:
    text = (
        'set positional-arguments\nshow a b c $d *e:\n    @./show {{quote(a)}} "{{b}}" \'{{c}}\' "$d" "${@:5}"\n'
        'set shell := ["bash", "-c"]\n'
    )
    world = World(tmp_path).move("just", text, "Justfile", "./show")
    (tmp_path / "Justfile").write_text(text)
    fine = {"a": "a", "b": "b", "c": "c", "d": "d"}
    accepted = 0
    for value in [*TRICKY, "--list", "x=1", "show", "-n"]:
        for name in fine:
            try:
                (called,) = world.press("show", **{**fine, name: value})
            except InvalidInputs:
                continue
            assert called.argv == list({**fine, name: value}.values()), (name, value)
            (tmp_path / "told").write_text("")
            subprocess.run(["just", "show", *{**fine, name: value}.values()], cwd=tmp_path, check=True)
            assert called.argv == json.loads((tmp_path / "told").read_text())[1]
            accepted += 1
    assert accepted > 40
    (called,) = world.press("show", **fine, e=["x y", "z"])
    assert called.argv == [*fine, "x y", "z"]


def test_what_the_reader_sees() -> None:
    found = read_justfile(
        'a := "x\\ty" + \'\\t\'\nb := a / "z"\nc := env(\'HOME\')\nset shell := ["bash", "-c"]\n'
        "@go first second=(a + \"1\") third='it, (too)' +rest: && (after (first) (a + second)) before\n"
        "  echo \\\n    {{first}}\n\n  more\n"
    )
    assert found.values == {"a": "x\ty\\t", "b": None, "c": None}
    (go,) = found.recipes.values()
    assert go.parameters == (
        Parameter("first"),
        Parameter("second", optional=True, default="x\ty\\t1"),
        Parameter("third", optional=True, default="it, (too)"),
        Parameter("rest", many="+"),
    )
    assert go.dependencies == (Dependency("after", ("first", None), frozenset({"a", "second"})), Dependency("before"))
    assert go.body == ((6, "echo \\"), (7, "  {{first}}"), (8, ""), (9, "more"))


@pytest.mark.parametrize("text", ["some words\n", "a := 'b'\n", "# nothing\n", "]\n"])
def test_what_is_no_justfile_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="It is no justfile"):
        move("just", [Source("justfile", text)])


LINES = st.sampled_from(BAKERY.split("\n")) | st.text(st.sampled_from("aé:=\t +*$(){}[],?\"'\\%@;|&`<>-#"), max_size=20)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=12).map("\n".join).filter(str.strip))
def test_any_lines_give_tasks_that_pass_the_check_or_one_sentence(text: str) -> None:
    with contextlib.suppress(ConfigError):
        moved = move("just", [Source("justfile", text)])
        assert bool(moved.tasks) == bool(moved.text)
