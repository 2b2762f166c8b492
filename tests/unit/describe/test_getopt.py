"""What a source tells of the options that it takes by getopt, and that its own getopt finds what is passed."""

from __future__ import annotations

import getopt
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.describe.arguments.found import NotRead, Script
from pushbutton.describe.arguments.read import read_python
from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import WORDS, command_line

LOOP = """
for o, a in opts:
    if o in ("-h", "--help"): sys.exit(0)
    elif o in ("-s", "--shop"): shop = a
    elif o == "-d" or o == "--days": days = int(a)
    elif o == "-v": loud += 1
    elif o == "--only": only.append(a)
    elif o in ["-z"]: zipped = True
"""
LONGS = "['help', 'shop=', 'days=', 'only=', 'dry-run']"


def source(shorts: str = "'hs:d:vz'", longs: str = LONGS, end: str = "", loop: str = LOOP) -> str:
    return f"import getopt, sys\nopts, args = getopt.getopt(sys.argv[1:], {shorts}, {longs})\n{loop}{end}"


def found(text: str) -> Script:
    script = read_python(text)
    assert script is not None
    return script


def test_options_are_put_together_as_the_source_compares_them() -> None:
    made = {one.name: one for one in found(source()).command.arguments}
    assert {name: one.flags for name, one in made.items()} == {
        "shop": ("-s", "--shop"), "days": ("-d", "--days"), "v": ("-v",), "z": ("-z",), "only": ("--only",),
        "dry_run": ("--dry-run",),
    }  # fmt: skip
    assert (made["shop"].type, made["days"].type, made["z"].type, made["dry_run"].type) == (
        "str",
        "int",
        "bool",
        "bool",
    )
    assert (made["v"].count, made["only"].repeat, made["shop"].repeat, made["z"].count) == (True, True, False, False)
    assert not any(one.required or one.default for one in made.values())


def test_operands_are_as_the_script_looks_at_them() -> None:
    assert not found(source()).gaps
    one = found(source(end="if len(args) != 1: sys.exit(2)\nprint(args[0])\n"))
    assert [(arg.name, arg.required) for arg in one.command.arguments if not arg.flags] == [("arg", True)]
    some = found(source(end="for x in args: print(x)\n"))
    assert [gap.text for gap in some.gaps] == ["how many operands it takes is only known when it runs"]


def test_flags_that_no_comparison_names_are_options_of_their_own() -> None:
    made = found(source(loop="print(opts)\n")).command.arguments
    assert [one.flags for one in made][:3] == [("-s",), ("-d",), ("-v",)]


@pytest.mark.parametrize("call", ["SPEC", "'a', [x for x in SPEC]"])
def test_what_only_running_tells_is_no_form(call: str) -> None:
    with pytest.raises(NotRead, match="line 3: which options it takes is only known when it runs"):
        read_python(f"import getopt, sys\nfrom other import SPEC\nopts, args = getopt.getopt(sys.argv[1:], {call})\n")


def test_what_is_not_the_scripts_own_line_is_none_of_its_options() -> None:
    assert read_python("import getopt\ngetopt.getopt(['-a'], 'a')\n") is None


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    shop=WORDS | st.none(), days=st.integers(-9, 99) | st.none(), loud=st.integers(0, 4), zipped=st.booleans(),
    only=st.lists(WORDS, max_size=3), rest=st.lists(WORDS, max_size=3),
)  # fmt: skip
def test_getopt_finds_what_was_filled_in(
    shop: str | None, days: int | None, loud: int, zipped: bool, only: list[str], rest: list[str]
) -> None:
    inputs: dict[str, Any] = {"v": loud, "z": zipped, "only": only, "args": rest}
    inputs |= {} if shop is None else {"shop": shop}
    inputs |= {} if days is None else {"days": days}
    try:
        argv = command_line(source(end="print(args)\n"), inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    opts, args = getopt.getopt(argv, "hs:d:vz", ["help", "shop=", "days=", "only=", "dry-run"])
    assert [value for flag, value in opts if flag == "--shop"] == [shop] * (shop is not None)
    assert [value for flag, value in opts if flag == "--days"] == [str(days)] * (days is not None)
    assert ([value for flag, value in opts if flag == "--only"], args) == (only, rest)
    assert [sum(flag == one for flag, _ in opts) for one in ("-v", "-z")] == [loud, int(zipped)]
