"""What is filled in comes back equal through the script's own parser: here the real optparse."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import NAMES, WORDS, command_line


@st.composite
def options(draw: st.DrawFn) -> tuple[str, str, Any, Any]:
    """The flag, the rest of `add_option`, what is filled in (None: nothing), and what optparse must find."""
    name = draw(st.sampled_from(NAMES))
    flag = draw(st.sampled_from([f"--{name}", f"-{name[0]}"]))
    given: Any
    match draw(st.sampled_from(["text", "usual", "int", "yes", "no", "count", "repeat", "two", "choice"])):
        case "text":
            given = draw(WORDS | st.none())
            return flag, "", given, given
        case "usual":
            given = draw(WORDS | st.none())
            return flag, "default='usual'", given, "usual" if given is None else given
        case "int":
            given = draw(st.integers(-9, 99) | st.none())
            return flag, "type='int', default=3", given, 3 if given is None else given
        case "yes":
            given = draw(st.booleans())
            return flag, "action='store_true', default=False", given, given
        case "no":
            given = draw(st.booleans())
            return flag, "action='store_false', default=True", given, not given
        case "count":
            given = draw(st.integers(0, 4))
            return flag, "action='count', default=0", given, given
        case "repeat":
            given = draw(st.lists(WORDS, max_size=3))
            return flag, "action='append'", given, given or None
        case "two":
            given = draw(st.lists(WORDS, min_size=2, max_size=2) | st.none())
            return flag, "nargs=2", given, given and tuple(given)
    given = draw(st.sampled_from(["a b", "-c", "d"]))
    return flag, "type='choice', choices=['a b', '-c', 'd'], default='d'", given, given


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any], list[str]]:
    """A source, the inputs, the options and the operands that the parser must find."""
    lines = ["import optparse", "p = optparse.OptionParser()"]
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    flags: set[str] = set()
    for flag, rest, value, finds in draw(st.lists(options(), max_size=6)):
        name = flag.lstrip("-").replace("-", "_")
        if flag in flags or name in expected:
            continue
        flags.add(flag)
        lines.append(f"p.add_option({flag!r}, dest={name!r}{', ' if rest else ''}{rest})")
        expected[name] = finds
        inputs |= {} if value is None else {name: value}
    words = draw(st.lists(WORDS, max_size=3))
    lines += ["opts, args = p.parse_args()", "found = vars(opts), [*args]"]
    return "\n".join(lines), {**inputs, "args": words}, expected, words


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(scripts())
def test_optparse_finds_what_was_filled_in(made: tuple[str, dict[str, Any], dict[str, Any], list[str]]) -> None:
    source, inputs, expected, words = made
    try:
        argv = command_line(source, inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    space: dict[str, Any] = {}
    exec(source.replace("parse_args()", f"parse_args({argv!r})"), space)  # it is of this file
    assert space["found"] == (expected, words), argv
