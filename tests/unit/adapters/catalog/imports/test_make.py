"""A Makefile: its targets are called as somebody at a terminal would call them."""

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
from pushbutton.adapters.catalog.imports.makefile import read_makefile, references
from pushbutton.errors import ConfigError, InvalidInputs

from .pressing import TRICKY, World

BAKERY = """\
SHELL := /bin/bash
OVEN ?= big ## Which oven to heat
DAY ?= $(shell date +%F)
PYTHON ?= python3
TRAYS = --trays $(COUNT)
export KEY
include other.mk
.PHONY: heat bake list say tell \\
    sweep

list: ## What there is to call
\t@grep '##' $(MAKEFILE_LIST)

heat: tools/probe ## Heat an oven
\t@./heat.sh $(OVEN) $(DAY) \\
\t\t$(TRAYS)

# Bake all that is ordered
bake: guard-ORDER heat
\t./bake.sh "$(ORDER)" "$$HOME"
ifdef FAST
\t./bake.sh --fast
endif

say:
\t@echo '$(WORDS)'

tell:
\t$(PYTHON) -c "print('$(NAME)')"

sweep: ROOM := hall
sweep: ; ./sweep.sh $(ROOM) && $(PYTHON) sweep.py

tools/probe: probe.c
\tcc -o $@ $<

guard-%:
\t@test -n "$($*)"
"""


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("make", BAKERY, "Makefile", "make")


def test_targets_for_people_are_tasks_with_what_their_recipes_take_from_outside(bakery: World) -> None:
    assert {slug: [one.name for one in task.params] for slug, task in bakery.tasks.items()} == {
        "list": [],
        "heat": ["oven", "day", "count"],
        "bake": ["order", "oven", "day", "count"],
        "say": ["words"],
        "sweep": [],
    }
    oven, day, _ = bakery.tasks["heat"].params
    assert (oven.default, oven.help, oven.required) == ("big", "Which oven to heat", False)
    assert (day.default, day.help, day.required) == (None, "Left empty, make works it out.", False)
    assert bakery.tasks["bake"].help == "Bake all that is ordered"
    assert bakery.tasks["bake"].params[0].required


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    python = "PYTHON is left as the Makefile sets it: “PYTHON” chooses the program that is started: "
    name = "The target “tell” is left out: “NAME” stands in the text of a program that python reads: "
    assert bakery.left == [
        (6, "Its recipes find $KEY in the environment of whoever calls make; here it is not there."),
        (7, "What is included is not read: other.mk"),
        (29, f"{python}a value would become a part of that program."),
        (29, f"{name}a value would become a part of that program."),
        (32, f"{python}a value would become a part of that program."),
        (34, "The target “tools/probe” is passed over: it makes a file, or is a step of others."),
        (37, "The target “guard-%” stands for many, and is no button."),
    ]


def test_make_is_called_as_at_a_terminal(bakery: World) -> None:
    (called,) = bakery.press("heat", oven="small", count="3")
    assert called.argv == ["heat", "OVEN=small", "COUNT=3"]
    (called,) = bakery.press("heat")
    assert called.argv == ["heat", "OVEN=big"]
    (called,) = bakery.press("bake", order="two words; 'x' #1", day="2026-01-31")
    assert called.argv == ["bake", "ORDER=two words; 'x' #1", "OVEN=big", "DAY=2026-01-31"]
    assert not {"OVEN", "ORDER", "DAY"} & called.env.keys()
    (called,) = bakery.press("sweep")
    assert called.argv == ["sweep"]


@pytest.mark.parametrize(
    ("slug", "name", "wrong"),
    [
        ("heat", "oven", ["a b", "a;b", "$(id)", "`id`", "a'b", "-n", "a\\b", "*", "{y}", "~"]),
        ("bake", "order", ['a"b', "$(id)", "`id`", "$HOME", "a\\b", "-n", " a"]),
        ("say", "words", ["a'b", "$(id)", "-n"]),
    ],
)
def test_a_value_that_a_shell_or_make_would_act_on_is_refused(
    bakery: World, slug: str, name: str, wrong: list[str]
) -> None:
    given = {"order": "x"} if slug == "bake" else {}
    for value in wrong:
        with pytest.raises(InvalidInputs) as error:
            bakery.press(slug, **{**given, name: value})
        assert list(error.value.fields) == [name], value


@pytest.mark.skipif(shutil.which("make") is None, reason="the machine has no make")
def test_with_the_real_make_a_recipe_gets_the_value_that_was_filled_in(tmp_path: Path) -> None:
    text = 'A ?= x\nexport C ?= y\n.PHONY: show\nshow:\n\t@./show $(A) "$(B)" \'$(S)\' "$$C"\n'
    world = World(tmp_path).move("make", text, "Makefile", "./show")
    (tmp_path / "Makefile").write_text(text)
    accepted = 0
    for value in [*TRICKY, "a b", "plain", "x=1", "50%", "a:b", "(x)", "a  b "]:
        for name in "absc":
            try:
                (called,) = world.press("show", **{name: value})
            except InvalidInputs:
                continue
            (tmp_path / "told").write_text("")
            subprocess.run(["make", "show", f"{name.upper()}={value}"], cwd=tmp_path, check=True)
            assert called.argv == json.loads((tmp_path / "told").read_text())[1], (name, value)
            assert value in called.argv or not value
            accepted += 1
    assert accepted > 20


def test_a_file_without_help_and_phony_shows_all_that_is_no_file_and_another_name_is_named(tmp_path: Path) -> None:
    text = "all: x\n\t./run $(WHAT)\nx.o: x.c\n\tcc x.c\n"
    world = World(tmp_path).move("make", text, "rules.mk", "make")
    assert list(world.tasks) == ["all"]
    (called,) = world.press("all", what="it")
    assert called.argv == ["-f", "rules.mk", "all", "WHAT=it"]
    assert world.tasks["all"].params[0].required is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("just some words\n", "It is no Makefile"),
        (".RECIPEPREFIX = >\na:\n> x\n", "something else than a tab"),
        ("SHELL := python3\na:\n\tprint()\n", "no text of a shell"),
        ("x.o: x.c\n\tcc x.c\n", "No target of it is meant for people"),
    ],
)
def test_what_is_no_makefile_for_people_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("make", [Source("Makefile", text)])


def test_what_the_reader_sees() -> None:
    found = read_makefile(
        "A ?= 1 # one\nifdef X\nA = 2\nendif\ndefine Y\nno: target\nendef\nB ?= \\\n  3\nb: ; run\nb: A=4\n"
    )
    assert (found.variables["A"].value, found.variables["A"].known) == ("2", False)
    assert (found.variables["B"].value, found.variables["B"].line) == ("3", 8)
    assert list(found.targets) == ["b"]
    assert found.targets["b"].recipe == ((10, "run"),)
    assert found.targets["b"].own[0].name == "A"
    assert [one.name for one in references("$(A) ${B} $$C $$(D) $(E:.c=.o) $X $(call F,$(G))")] == [
        "A",
        "B",
        "E",
        "X",
        "G",
    ]


LINES = st.sampled_from(BAKERY.split("\n")) | st.text(st.sampled_from("aA:=\t #$(){}?\"'\\%@;|&`<>-"), max_size=20)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=12).map("\n".join).filter(str.strip))
def test_any_lines_give_tasks_that_pass_the_check_or_one_sentence(text: str) -> None:
    with contextlib.suppress(ConfigError):
        moved = move("make", [Source("Makefile", text)])
        assert bool(moved.tasks) == bool(moved.text)
