"""What is filled in comes back equal through the script's own parser: here the real click."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import NAMES, WORDS, command_line


@st.composite
def options(draw: st.DrawFn) -> tuple[str, str, Any, Any]:
    """A name, the rest of `click.option(…)`, what is filled in, and what click must find."""
    name = draw(st.sampled_from([one for one in NAMES if len(one) > 1]))
    short = draw(st.booleans())
    flag = f"-{name[0]}" if short else f"--{name}"
    dest = name.replace("-", "_")
    given: Any
    match draw(st.sampled_from(["text", "int", "flag", "pair", "count", "repeat", "two", "choice", "range"])):
        case "text":
            given = draw(WORDS | st.none())
            return dest, f"{flag!r}, {dest!r}, default='usual'", given, "usual" if given is None else given
        case "int":
            given = draw(st.integers(-9, 99) | st.none())
            return dest, f"{flag!r}, {dest!r}, type=int", given, given
        case "flag":
            given = draw(st.booleans())
            return dest, f"{flag!r}, {dest!r}, is_flag=True", given, given
        case "pair":
            given, usual = draw(st.booleans()), draw(st.booleans())
            return dest, f"'--{name}/--no-{name}', {dest!r}, default={usual}", given, given
        case "count":
            given = draw(st.integers(0, 4))
            return dest, f"{flag!r}, {dest!r}, count=True", given, given
        case "repeat":
            many = draw(st.lists(WORDS, max_size=3))
            return dest, f"{flag!r}, {dest!r}, multiple=True", many, tuple(many)
        case "two":
            pair = draw(st.lists(st.integers(0, 9), min_size=2, max_size=2) | st.none())
            return dest, f"{flag!r}, {dest!r}, type=int, nargs=2", pair, None if pair is None else tuple(pair)
        case "choice":
            given = draw(st.sampled_from(["a b", "-c", "d"]))
            return dest, f"{flag!r}, {dest!r}, type=click.Choice(['a b', '-c', 'd']), default='d'", given, given
    given = draw(st.integers(1, 40))
    return dest, f"{flag!r}, {dest!r}, type=click.IntRange(1, 40), required=True", given, given


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    lines: list[str] = []
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    taken: set[str] = set()
    for dest, call, value, found in draw(st.lists(options(), max_size=5)):
        flag = call.split("'")[1].partition("/")[0]
        if flag in taken or dest in expected:
            continue
        taken.add(flag)
        lines.append(f"@click.option({call})")
        if value is not None:
            inputs[flag.lstrip("-").replace("-", "_")] = value
        expected[dest] = found
    if draw(st.booleans()):
        lines.append("@click.argument('rest', nargs=-1)")
        inputs["rest"] = draw(st.lists(WORDS, max_size=3))
        expected["rest"] = tuple(inputs["rest"])
    below = draw(st.booleans())
    group = ["@click.group()", "def top(): ...", "@top.command('go')"]
    head = ["import click", *(group if below else ["@click.command()"])]
    source = [*head, *lines, "def main(**found): return found", f"{'top' if below else 'main'}()"]
    return "\n".join(source), inputs, expected


def parsed(source: str, argv: list[str]) -> Any:
    before, _, call = source.rpartition("\n")
    space: dict[str, Any] = {"__name__": "x"}
    exec(before, space)  # it is of this file
    return space[call.removesuffix("()")].main(argv, standalone_mode=False)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(scripts())
def test_click_finds_what_was_filled_in(made: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    source, inputs, expected = made
    try:
        argv = command_line(source, inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    assert parsed(source, argv) == expected, argv
