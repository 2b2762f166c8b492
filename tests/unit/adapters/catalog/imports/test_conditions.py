"""Conditions over inputs say the same in a shell as where they come from."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports.conditions import (
    Condition,
    Either,
    Every,
    Input,
    Not,
    in_shell,
    read_condition,
)

NAMES = {"inputs.shop": "shop", "params.DRY": "dry", "inputs.with-dash": "dash"}


def written(condition: Condition) -> str:
    match condition:
        case Input(name, None):
            return f"inputs.{name}"
        case Input(name, text):
            return f"inputs.{name} == '{(text or '').replace(chr(39), chr(39) * 2)}'"
        case Not(inner):
            return f"!({written(inner)})"
        case Every(parts):
            return f"({' && '.join(written(part) for part in parts)})"
        case Either(parts):
            return f"({' || '.join(written(part) for part in parts)})"


def holds(condition: Condition, values: dict[str, str]) -> bool:
    match condition:
        case Input(name, None):
            return values[name] == "true" if name == "a" else bool(values[name])
        case Input(name, text):
            return values[name] == text
        case Not(inner):
            return not holds(inner, values)
        case Every(parts):
            return all(holds(part, values) for part in parts)
        case Either(parts):
            return any(holds(part, values) for part in parts)


VALUES = st.sampled_from(["", "true", "false", "x y", "-n", "(", "!", "=", "$HOME", "a'b", "*"])
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.builds(Input, st.sampled_from("ab"), st.none() | VALUES),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Either, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=100)
@given(CONDITIONS, VALUES, VALUES)
def test_a_shell_finds_the_same(condition: Condition, one: str, other: str) -> None:
    values = {"a": one, "b": other}
    read = read_condition(written(condition), lambda word: word.removeprefix("inputs."))
    assert read is not None
    text = in_shell(read, str.upper, lambda name: name == "a")
    done = subprocess.run(["sh", "-ec", f"if {text}; then echo yes; fi"], env={"A": one, "B": other},
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert (done.stdout == "yes\n", done.stderr) == (holds(condition, values), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inputs.shop == 'north'", Input("shop", "north")),
        ("'it''s' != inputs.with-dash", Not(Input("dash", "it's"))),
        ("params.DRY == true", Input("dry", "true")),
        ('!params.DRY || inputs.shop == "a"', Either((Not(Input("dry")), Input("shop", "a")))),
    ],
)
def test_what_is_written_is_read(text: str, expected: Condition) -> None:
    assert read_condition(text, NAMES.get) == expected


@pytest.mark.parametrize(
    "text",
    ["", "other", "inputs.shop ==", "inputs.shop == inputs.shop", "contains(inputs.shop, 'a')", "(inputs.shop",
     "inputs.shop)", "'a' == 'a'", "inputs.shop 'a'", '"${x}" == inputs.shop', "&&", "!" * 10_000],
)  # fmt: skip
def test_what_asks_for_more_is_not_read(text: str) -> None:
    assert read_condition(text, NAMES.get) is None
