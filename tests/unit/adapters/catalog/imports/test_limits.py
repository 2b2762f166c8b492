"""What a value may hold that is filled into a shell's text, so that it means only itself there."""

from __future__ import annotations

import re
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports.limits import Taken, Use, limit, take, uses

HOLE = "\ue001"


def how(text: str) -> list[Use]:
    found = uses(text, {match.start() for match in re.finditer(HOLE, text)})
    return [found[at] for at in sorted(found)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run @ --to=@", [Use.BARE, Use.BARE]),
        ('run "@" "a@b"', [Use.DOUBLE, Use.DOUBLE]),
        ("run '@' 'a'@'b'", [Use.SINGLE, Use.BARE]),
        (r"run \"@ \'@", [Use.BARE, Use.BARE]),
        ("""run "it's @" 'a "@"'""", [Use.DOUBLE, Use.SINGLE]),
        ('run "$(cat @)" "$(cat "@")" "`cat @`"', [Use.BARE, Use.BARE, Use.BARE]),
        ('run "$(a (b) c)@"', [Use.DOUBLE]),
        ("cat <<END\n@\nEND", [Use.BARE]),
        ("cat <<<'@'", [Use.SINGLE]),
    ],
)
def test_the_quotes_around_a_hole_are_known(text: str, expected: list[Use]) -> None:
    assert how(text.replace("@", HOLE)) == expected


TEXTS = ["echo_ @", "echo_ x@y", 'echo_ "@"', 'echo_ "a @ b"', "echo_ '@'", "echo_ 'a'@", 'echo_ "$(printf %s. @)"',
         "echo_ @ '@' \"@\""]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(TEXTS), st.text(st.sampled_from(string.printable + "é"), max_size=8))
def test_a_value_that_is_let_in_is_only_itself(template: str, value: str) -> None:
    text = template.replace("@", HOLE)
    if not limit(how(text)).fits(value) or not value or "\n" in value or "\r" in value:
        return
    program = 'echo_() { for x; do printf "[%s]" "$x"; done; }\n' + text.replace(HOLE, value)
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True, cwd="/")
    words = template.split(" ", 1)[1]
    plain = words.replace("$(printf %s. @)", "@.").replace("'a'", "a")
    expected = plain.replace('"a @ b"', "a%20@%20b").replace('"', "").replace("'", "")
    shown = "".join(f"[{word.replace('%20', ' ').replace('@', value)}]" for word in expected.split(" "))
    assert (done.stdout, done.stderr) == (shown, "")


def test_what_the_program_itself_acts_on_is_refused_too_and_data_is_let_in() -> None:
    assert limit([Use.DATA]).pattern == ""
    assert limit([]).fits("anything; at $all")
    dollar = limit([Use.DATA], never="$", program="make")
    assert (dollar.fits("a b"), dollar.fits("$a"), dollar.text) == (True, False, "No $, for make acts on it.")
    both = limit([Use.DOUBLE, Use.SINGLE])
    assert [both.fits(value) for value in ("a b", "a'b", 'a"b', "-a", "")] == [True, False, False, False, True]


def test_a_value_in_the_text_of_another_program_is_known_with_its_line() -> None:
    found: dict[str, Taken] = {}
    text = "ls x\nssh host x"
    take(found, 10, text, {3: (4, "here"), 14: (15, "there")})
    assert found["here"].unsafe is None
    assert (found["here"].line, found["there"].line) == (10, 11)
    unsafe = found["there"].unsafe
    assert unsafe is not None
    assert (unsafe.line, "ssh reads" in unsafe.what) == (11, True)


def test_a_text_that_goes_too_deep_is_let_in_nowhere() -> None:
    found: dict[str, Taken] = {}
    text = '"$(a ' * 3000 + "x"
    take(found, 1, text, {len(text) - 1: (len(text), "deep")})
    assert found["deep"].unsafe is not None
    assert "too deep" in found["deep"].unsafe.what
