"""What is filled in is what the script's function gets: here through the real Fire, which reads values as Python."""

from __future__ import annotations

from typing import Any

import fire
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import NAMES, command_line

TEXTS = st.one_of(
    st.text("ab-=@ ,'\"$ü\\*%#[]{}()1.:_\n/", min_size=1, max_size=7).filter(lambda text: text.strip()),
    st.sampled_from(["True", "None", "12", "0x1", "1e3", "[1]", "{'a': 1}", "a-b", "a.b", "-", "--", "-x", "--x=1",
                     "a b", "lambda", "not a", "~/x", "/srv/a b", "2026-01-31", "#", "'a'", "b'a'", "...", "1_0", "ﬁ"]),
)  # fmt: skip


@st.composite
def parameters(draw: st.DrawFn, name: str) -> tuple[str, Any, Any]:
    """What the function says of it, what is filled in (None: nothing), and what the function must get."""
    given: Any
    match draw(st.sampled_from(["text", "usual", "int", "float", "yes", "no", "needed", "list", "ints", "choice"])):
        case "text":
            given = draw(TEXTS)
            return f"{name}: str", given, given
        case "usual":
            given = draw(TEXTS | st.none())
            return f"{name}='usual'", given, "usual" if given is None else given
        case "int":
            given = draw(st.integers(-9, 99) | st.none())
            return f"{name}=3", given, 3 if given is None else given
        case "float":
            given = draw(st.sampled_from([-1.5, 0.25, 1e22, 7.0]) | st.none())
            return f"{name}: float = 1.0", given, 1.0 if given is None else given
        case "yes" | "no" as usual:
            given = draw(st.booleans())
            return f"{name}={usual == 'yes'}", given, given
        case "needed":
            given = draw(st.booleans())
            return f"{name}: bool", given, given
        case "list":
            given = draw(st.lists(TEXTS, min_size=1, max_size=3))
            return f"{name}: list[str]", given, given
        case "ints":
            given = draw(st.lists(st.integers(-9, 9), max_size=3))
            return f"{name}: list[int] = None", given or None, given or None
    given = draw(st.sampled_from(["a b", "-c", "True"]))
    return f"{name}: typing.Literal['a b', '-c', 'True'] = 'a b'", given, given


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A source, the inputs, and what the function must get."""
    names = draw(st.lists(st.sampled_from([one.replace("-", "_") for one in NAMES]), unique=True, max_size=5))
    needed: list[str] = []
    others: list[str] = []
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for name in names:
        said, value, gets = draw(parameters(name))
        (others if "=" in said else needed).append(said)
        inputs |= {} if value is None else {name: value}
        expected[name] = gets
    rest = draw(st.sampled_from(["", "*rest: str"]))
    if rest and not others and not any("list" in said or "bool" in said for said in needed):
        inputs["rest"] = draw(st.lists(TEXTS, max_size=3))
        expected["rest"] = tuple(inputs["rest"])
        needed.append(rest)
    below = draw(st.booleans())
    head = f"import typing, fire\nfound = {{}}\ndef main({', '.join([*needed, *others])}): found.update(locals())\n"
    handed = "{'go': main}" if below else "main"
    return f"{head}fire.Fire({handed})", inputs, expected


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(scripts())
def test_fire_hands_on_what_was_filled_in(made: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    source, inputs, expected = made
    try:
        argv = command_line(source, inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    head, _, call = source.rpartition("\nfire.Fire(")
    space: dict[str, Any] = {}
    exec(head, space)  # it is of this file
    fire.Fire(eval(call.removesuffix(")"), space), command=argv)
    assert space["found"] == expected, argv
    assert {name: type(one) for name, one in space["found"].items()} == {
        name: type(one) for name, one in expected.items()
    }, argv


def test_what_a_class_takes_and_what_its_method_takes_reach_each() -> None:
    source = """
import fire
found = []
class App:
    def __init__(self, db='a', loud=False): found.append((db, loud))
    def move(self, till: str, n=1): found.append((till, n))
fire.Fire(App)
"""
    argv = command_line(source, {"db": "12", "loud": True, "till": "-7"})
    space: dict[str, Any] = {}
    exec(source.replace("fire.Fire(App)", ""), space)  # it is of this file
    fire.Fire(space["App"], command=argv)
    assert space["found"] == [("12", True), ("-7", 1)]
