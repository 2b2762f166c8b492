"""What is filled in comes back equal through the command line of a real process, whatever keys say how it is passed."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.adapters.catalog.scripts import read_script
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.task import Task
from pushbutton.errors import InvalidInputs

WORDS = st.text("ab-=@ ,'\"$ü\\*%{}", min_size=1, max_size=6).filter(lambda text: text.strip() and text != "--")
LISTS = st.lists(WORDS, min_size=1, max_size=3)
ECHO = """#!/bin/sh
for word; do printf '%s\\0' "$word"; done
"""

Row = tuple[str, dict[str, Any], dict[str, Any], Any]
"""An input: its name, what its file says of it, what argparse is told of it, and its value (None: it is left empty)."""


@st.composite
def options(draw: st.DrawFn, name: str, number: int) -> Row:
    flag = draw(st.sampled_from([f"--{name}", f"--{name}_x", f"-{'pqrstuvwxy'[number]}"]))
    off = f"--no-{name}"
    ways: list[tuple[dict[str, Any], dict[str, Any], st.SearchStrategy[Any]]] = [
        ({}, {}, WORDS),
        ({"words": 1}, {}, WORDS),
        ({"type": "int"}, {"type": int}, st.integers(-9, 99)),
        ({"type": "int", "words": 1}, {"type": int}, st.integers(0, 99)),
        ({"type": "float"}, {"type": float}, st.sampled_from([-1.5, 0.25, 7.0])),
        ({"type": "bool"}, {"action": "store_true"}, st.booleans()),
        ({"off": off}, {"off": off}, st.booleans()),
        ({"repeat": True}, {"action": "append"}, LISTS),
        ({"repeat": True, "of": "int"}, {"action": "append", "type": int}, st.lists(st.integers(-9, 9), min_size=1)),
        ({"repeat": True, "choices": ["a", "b"]}, {"action": "append"}, st.sampled_from([["a"], ["a", "b"]])),
        ({"count": True}, {"action": "count"}, st.integers(1, 9)),
        ({"words": 2}, {"nargs": 2}, st.tuples(WORDS, WORDS).map(list)),
        ({"words": "+"}, {"nargs": "+"}, LISTS),
        ({"words": "*", "of": "int"}, {"nargs": "*", "type": int}, st.lists(st.integers(0, 9), min_size=1)),
    ]
    said, told, values = draw(st.sampled_from(ways))
    value = draw(values)
    if not isinstance(value, bool) and draw(st.booleans()):
        value = None
    return name, {"flag": flag, "required": False, **said}, {"flag": flag, **told}, value


@st.composite
def operands(draw: st.DrawFn) -> list[Row]:
    """In any order in the file; those behind an empty one are empty, too."""
    number = draw(st.integers(0, 3))
    filled = draw(st.integers(0, number))
    rows: list[Row] = []
    for at in range(number):
        value = draw(WORDS) if at < filled else None
        rows.append((f"place{at}", {"place": at + 1, "required": False}, {"nargs": "?"}, value))
    if draw(st.booleans()):
        rest = draw(LISTS) if filled == number else None
        rows.append(("others", {"place": "rest", "required": False}, {"nargs": "*"}, rest))
    return rows


@st.composite
def scripts(draw: st.DrawFn) -> tuple[list[Row], list[Row], str]:
    """Of the script itself, and of a subcommand, "" if there is none."""
    under = draw(st.sampled_from(["", "move", "list-all"]))
    number = draw(st.integers(0, 4))
    rows = [draw(options(f"opt{at}", at)) for at in range(number)]
    if not under:
        return [*rows, *draw(operands())], [], ""
    rows = [row for row in rows if row[1].get("words") not in ("+", "*")]
    inner = [draw(options(f"sub{at}", at)) for at in range(draw(st.integers(0, 2)))]
    return rows, [*inner, *draw(operands())], under


def parsers(parser: argparse.ArgumentParser, rows: list[Row]) -> None:
    for name, _, told, _ in rows:
        more = {key: value for key, value in told.items() if key not in ("flag", "off")}
        if "off" in told:
            parser.add_argument(told["flag"], dest=name, action="store_true")
            parser.add_argument(told["off"], dest=name, action="store_false")
        elif "flag" in told:
            parser.add_argument(told["flag"], dest=name, **more)
        else:
            parser.add_argument(name, **more)


def parsed(rows: list[Row], inner: list[Row], under: str, argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parsers(parser, rows)
    if under:
        subs = parser.add_subparsers(dest="command", required=True)
        for name in ("move", "list-all"):
            parsers(subs.add_parser(name, allow_abbrev=False), inner if name == under else [])
    return vars(parser.parse_args(argv))


def toml(value: Any) -> str:
    """JSON is TOML, but for its tables."""
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"


def tasks(folder: Path, params: dict[str, dict[str, Any]]) -> list[Task]:
    """A script, by its head, and a command that starts it."""
    file = folder / "echo.sh"
    lines = "".join(f"# params.{name} = {toml(said)}\n" for name, said in params.items())
    file.write_text(ECHO.replace("\n", f"\n# /// pushbutton\n{lines}# ///\n", 1))
    file.chmod(0o755)
    config = folder / "pushbutton.yaml"
    config.write_text(json.dumps({"tasks": {"echo": {"command": [str(file)], "params": params}}}))
    readings = [read_script(Found(file, Form.SCRIPT)), read_config(Found(config, Form.CONFIG))]
    found: list[Task] = []
    for reading in readings:
        assert reading is not None
        assert [str(problem) for problem in reading.problems] == []
        found += reading.tasks
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("echo")


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
)
@given(scripts(), st.randoms(use_true_random=False))
def test_a_parser_finds_what_was_filled_in(folder: Path, made: tuple[list[Row], list[Row], str], order: Any) -> None:
    rows, inner, under = made
    chooser: dict[str, Any] = {"command": {"choices": ["move", "list-all"], "place": 1}} if under else {}
    params = {name: said for name, said, *_ in rows} | {name: {**said, "under": under} for name, said, *_ in inner}
    items = list({**chooser, **params}.items())
    order.shuffle(items)
    inputs = {name: value for name, _, _, value in (*rows, *inner) if value is not None}
    inputs |= {"command": under} if under else {}
    for task in tasks(folder, dict(items)):
        try:
            command = build(task, parse(task.params, inputs), python="/py")
        except InvalidInputs:  # a value that could not be told from an option is refused
            assume(False)
        started = subprocess.run(command.argv, capture_output=True, check=True, env={})
        argv = started.stdout.decode().split("\0")[:-1]
        found = parsed(rows, inner, under, argv)
        for name, _, told, value in (*rows, *inner):
            nothing: Any = [] if told.get("nargs") == "*" and "flag" not in told else None
            assert found[name] == (nothing if value is None else value), (name, argv)
