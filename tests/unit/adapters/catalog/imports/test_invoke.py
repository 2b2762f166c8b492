"""A tasks.py of Invoke: its functions are called by name, with their options."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError, InvalidInputs

from .pressing import World

BAKERY = '''
"""What the bakery does."""
import sys
from shlex import quote
from invoke import Collection, task
import invoke

OVENS = ["big", "small"]
raise_it = sys.exit if False else None

@task(help={"oven": "Which one", "trays": "How many"}, iterable=["kind"], incrementable=["verbose"], optional=["log"])
def heat_oven(c, oven, trays=3, kind=None, verbose=0, log=None, dry_run=False, fan=True, d=None,
              who=OVENS[0], ask=sys.argv):
    """Heat an oven.

    It takes an hour.
    """
    print(f"heating {oven}")
    c.run(f"./heat.sh {quote(oven)} --who '{who}'")
    c.run("./log.sh %s" % log)

@task
def send(ctx, text, times=1.5):
    cmd = "./send.sh " + text
    ctx.run(cmd, env={"TIMES": str(times)})

@invoke.task(name="open", aliases=("o",), pre=[send], positional=["till"])
def open_till(c, till):
    c.run(f"ssh shop 'till {till}'")

@task
def any_thing(c, command):
    c.run(command)

def helper(c):
    pass

ns = Collection(heat_oven, send, tills=Collection(open_till, any_thing))
ns.add_task(any_thing, name="thing")
inner = Collection("in_ner")
inner.add_task(send, "again")
ns.add_collection(inner)
ns.add_collection(Collection.from_module(other))
'''


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("invoke", BAKERY, "tasks.py", "invoke")


def test_functions_are_tasks_with_their_arguments(bakery: World) -> None:
    heat = bakery.tasks["heat-oven"]
    assert list(bakery.tasks) == ["heat-oven", "send", "in-ner-again"]
    assert (heat.title, heat.help) == ("Heat oven", "Heat an oven.\n\nIt takes an hour.")
    assert [(one.name, str(one.type), one.default, one.required) for one in heat.params] == [
        ("oven", "str", None, True),
        ("trays", "int", 3, False),
        ("kind", "list", None, False),
        ("verbose", "int", 0, False),
        ("log", "str", None, False),
        ("dry_run", "bool", False, False),
        ("fan", "bool", True, False),
        ("d", "str", None, False),
        ("who", "str", "big", False),
        ("ask", "str", None, False),
    ]
    assert [one.help for one in heat.params][:2] == ["Which one", "How many"]


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    thing = "“command” chooses the program that is started: a value would become a part of that program."
    till = "“till” stands in the text of a program that ssh reads: a value would become a part of that program."
    assert bakery.left == [
        (29, f"The task “tills.open” is left out: {till}"),
        (33, f"The task “tills.any-thing” is left out: {thing}"),
        (33, f"The task “thing” is left out: {thing}"),
        (43, "The tasks of another file are not read."),
        (43, "The tasks of another file are not read."),
    ]  # fmt: skip


def test_invoke_is_called_as_at_a_terminal(bakery: World) -> None:
    (called,) = bakery.press("heat-oven", oven='it\'s "$x"', trays=3)
    assert called.argv == ["heat-oven", '--oven=it\'s "$x"', "--trays=3", "--who=big"]
    (called,) = bakery.press(
        "heat-oven", oven="a b", trays=-2, kind=["a b", "c"], verbose=2, log="x", dry_run=True, fan=False, d="e f"
    )
    assert called.argv == [
        "heat-oven", "--oven=a b", "--trays=-2", "--kind=a b", "--kind=c", "--verbose", "--verbose", "--log=x",
        "--dry-run", "--no-fan", "-de f", "--who=big",
    ]  # fmt: skip
    assert not {"OVEN", "TRAYS", "WHO"} & called.env.keys()
    (called,) = bakery.press("in-ner-again", text="x", times=2.5)
    assert called.argv == ["in-ner.again", "--text=x", "--times=2.5"]
    for inputs in ({"who": "it's"}, {"log": "a b"}, {"log": "$x"}, {"d": "-x"}, {"oven": "--log"}):
        with pytest.raises(InvalidInputs):
            bakery.press("heat-oven", **{"oven": "x", **inputs})
    with pytest.raises(InvalidInputs):
        bakery.press("send", text="a;b")


@pytest.mark.skipif(shutil.which("invoke") is None, reason="the machine has no invoke")
def test_the_real_invoke_understands_what_it_is_called_with(tmp_path: Path) -> None:
    text = (
        "from invoke import task\n"
        '@task(iterable=["kind"], incrementable=["verbose"])\n'
        "def show(c, text, kind=None, verbose=0, dry_run=False, fan=True, d='', n=3):\n"
        "    print(ascii([text, kind, verbose, dry_run, fan, d, n]))\n"
    )
    world = World(tmp_path).move("invoke", text, "shop.py")
    (tmp_path / "shop.py").write_text(text)
    for value in ["two words", "a'b\"", "$HOME `id`", "a=b", "=", "é", "show"]:
        world.press("show", text=value, kind=[value, "y"], verbose=3, dry_run=True, fan=False, d="z", n=4)
        assert world.output == ascii([value, [value, "y"], 3, True, False, "z", 4]) + "\n"
    world.press("show", text="x")
    assert world.output == ascii(["x", [], 0, False, True, "", 3]) + "\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("some words\n", "This is not Python"), ("x = 1\n", "no function of it has @task"), ("def a(c): pass\n", "@task"),
     ("import os\nwhile True:\n  x = [1]*10**9\n", "@task"), ("(" * 5000, "Python")],
)  # fmt: skip
def test_what_holds_no_tasks_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("invoke", [Source("tasks.py", text)])


LINES = st.sampled_from(
    [*BAKERY.split("\n"), "@task(x=", "def f(c, *a, **b): c.run(f'{a!r} {b:>3}')", "    c.run(f'{'"]
)


@settings(deadline=None, max_examples=150)
@given(st.permutations(BAKERY.split("\n\n")), st.lists(LINES, max_size=3))
def test_any_parts_give_tasks_that_pass_the_check_or_one_sentence(parts: list[str], more: list[str]) -> None:
    with contextlib.suppress(ConfigError):
        moved = move("invoke", [Source("tasks.py", "\n".join([*parts[:5], *more]) + "\n")])
        assert bool(moved.tasks) == bool(moved.text)
