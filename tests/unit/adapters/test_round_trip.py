"""What is filled in comes back equal through the script's own parser: here the real argparse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.script_form import forms_of
from pushbutton.describe.arguments.read import read_python
from pushbutton.domain.command import build
from pushbutton.domain.inputs import parse
from pushbutton.domain.targets import ScriptTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import InvalidInputs

NAMES = ["shop", "db_host", "dry-run", "n", "k", "till", "day", "kind", "area", "x"]
WORDS = st.text("ab-=@ ,'\"$ü\\*%", min_size=1, max_size=6).filter(lambda text: text.strip())


@st.composite
def options(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any]:
    """The flags, the other arguments of `add_argument`, and what is filled in (None: nothing)."""
    name = draw(st.sampled_from(NAMES))
    flag = draw(st.sampled_from([f"--{name}", f"-{name}", f"-{name[0]}"]))
    kind = draw(
        st.sampled_from(["text", "int", "float", "yes", "no", "pair", "count", "repeat", "words", "two", "choice"])
    )
    default = draw(st.booleans())
    match kind:
        case "text":
            return flag, {"default": "usual"} if default else {}, draw(WORDS | st.none())
        case "int":
            given = draw(st.integers(-9, 99) | st.none())
            return flag, {"type": "int", **({"default": 3} if default else {})}, given
        case "float":
            return flag, {"type": "float"}, draw(st.sampled_from([-1.5, 0.25, 7.0]) | st.none())
        case "yes":
            return flag, {"action": "store_true"}, draw(st.booleans())
        case "no":
            return flag, {"action": "store_false"}, draw(st.booleans())
        case "pair":
            flag = f"--{name}"
            return flag, {"action": "pair", "default": default}, draw(st.booleans())
        case "count":
            return flag, {"action": "count", "default": 0}, draw(st.integers(0, 4))
        case "repeat":
            return flag, {"action": "append"}, draw(st.lists(WORDS, max_size=3))
        case "words":
            return flag, {"nargs": "+"}, draw(st.lists(WORDS, max_size=3))
        case "two":
            return (
                flag,
                {"nargs": 2, "type": "int"},
                draw(st.lists(st.integers(0, 9), min_size=2, max_size=2) | st.none()),
            )
    return flag, {"choices": ["a b", "-c", "d"], "default": "d"}, draw(st.sampled_from(["a b", "-c", "d"]))


OPERANDS = st.sampled_from(["", "one", "maybe", "many", "one many"])


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A source, the inputs, and what the parser must find."""
    lines = ["import argparse", "parser = argparse.ArgumentParser()"]
    inputs: dict[str, Any] = {}
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for flag, more, value in draw(st.lists(options(), max_size=6)):
        name = flag.lstrip("-").replace("-", "_")
        if flag in taken or name in found or f"--no-{flag[2:]}" in taken:
            continue
        taken |= {flag, f"--no-{flag[2:]}"}
        shown = ", ".join(f"{key}={_source(key, one)}" for key, one in more.items())
        lines.append(f"parser.add_argument({flag!r}{', ' if shown else ''}{shown})")
        if value is not None:
            inputs[name] = value
        found[name] = _expected(more, value)
    form = draw(OPERANDS)
    if "one" in form:
        lines.append("parser.add_argument('first')")
        inputs["first"] = found["first"] = draw(WORDS)
    if "maybe" in form:
        lines.append("parser.add_argument('perhaps', nargs='?')")
        value = draw(WORDS | st.none())
        found["perhaps"] = value
        inputs |= {"perhaps": value} if value else {}
    if "many" in form:
        lines.append("parser.add_argument('rest', nargs='*')")
        inputs["rest"] = found["rest"] = draw(st.lists(WORDS, max_size=3))
    return "\n".join([*lines, "found = parser.parse_args()"]), inputs, found


def _source(key: str, value: Any) -> str:
    if key == "type":
        return str(value)
    return "argparse.BooleanOptionalAction" if value == "pair" else repr(value)


def _expected(more: dict[str, Any], value: Any) -> Any:
    action = more.get("action")
    if action == "store_false":
        return not value
    if value in (None, []):
        return more.get("default")
    return value


def command_line(source: str, inputs: dict[str, Any], at: int = 0) -> list[str]:
    script = read_python(source)
    assert script is not None
    form = forms_of(json.loads(json.dumps(script.json())))[at]
    target = ScriptTarget("/s", form.passing, command=form.command, from_file=form.from_file, read=form.library)
    task = Task("t", "T", target, Source("/s"), params=form.params)
    return list(build(task, parse(form.params, inputs), python="/py").argv[1:])


def parsed(source: str, argv: list[str]) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(source.replace("parse_args()", f"parse_args({argv!r})"), space)  # it is of this file
    return dict(vars(space["found"]))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(scripts())
def test_argparse_finds_what_was_filled_in(made: tuple[str, dict[str, Any], dict[str, Any]]):
    source, inputs, expected = made
    try:
        argv = command_line(source, inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    assert parsed(source, argv) == expected, argv


@pytest.mark.parametrize("options", ["'--shop'", "'-s'", "'--shop', action='append'", "'shop'"])
def test_what_argparse_would_take_for_the_end_of_the_options_is_refused(options: str):
    """Its older versions drop it even where it is the value of an option."""
    source = f"import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument({options})\nparser.parse_args()"
    name = "s" if options == "'-s'" else "shop"
    with pytest.raises(InvalidInputs) as refused:
        command_line(source, {name: ["--"] if "append" in options else "--"})
    assert list(refused.value.fields) == [name]
    assert "says where the options end" in refused.value.fields[name]
