"""Lists of values that are typed in: one on each line of a form, one option each on a command line, JSON lists else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.cli.options import help_text, read
from pushbutton.domain.inputs import bounds_fault, parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.errors import InvalidInputs

SHOPS = Param("shops", ParamType.LIST)
NUMBERS = Param("numbers", ParamType.LIST, of=ParamType.INT, min=1, max=40, required=False)
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=TURNING)
TEXTS = st.text(LETTERS, min_size=1).filter(lambda text: text.strip())


def taken(param: Param, value: Any, *, form: bool = False) -> Any:
    return parse([param], {param.name: value}, form=form).get(param.name)


def refusal(param: Param, value: Any, *, form: bool = False) -> str:
    with pytest.raises(InvalidInputs) as caught:
        parse([param], {param.name: value}, form=form)
    return caught.value.fields[param.name]


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_what_stands_on_the_lines_of_a_form_is_what_json_has_as_a_list(texts: list[str]):
    assert taken(SHOPS, "\r\n".join(texts), form=True) == texts == taken(SHOPS, texts)


def test_lines_without_anything_are_no_values_and_commas_are_no_ends():
    assert taken(SHOPS, "\nBerlin, Mitte\n  \nKöln\n", form=True) == ["Berlin, Mitte", "Köln"]


def test_numbers_are_numbers():
    assert taken(NUMBERS, " 3\n07", form=True) == [3, 7]
    assert taken(NUMBERS, [3, 40.0]) == [3, 40]


@pytest.mark.parametrize(
    ("param", "value", "sentence"),
    [
        (SHOPS, "Berlin", "Send this as a list."),
        (SHOPS, ["Berlin", 3], "Line 2: Send this as text."),
        (SHOPS, ["Berlin", "a\nb"], "Line 2: Write this on one line."),
        (SHOPS, ["Berlin", ""], "Line 2: Fill this in."),
        (SHOPS, [], "Write at least one, each on a line of its own."),
        (NUMBERS, [1, 41], "Line 2: Choose a number from 1 to 40."),
        (NUMBERS, [0], "Choose a number from 1 to 40."),
        (NUMBERS, ["3"], "Write a whole number, such as 3."),
        (NUMBERS, [True], "Write a whole number, such as 3."),
        (SHOPS, ["x"] * 3000, "Write at most 2,048 lines."),
    ],
)
def test_what_is_no_such_list_is_refused_with_its_line(param: Param, value: Any, sentence: str):
    assert refusal(param, value) == sentence


def test_a_form_says_which_line_is_no_number():
    assert refusal(NUMBERS, "3\nthree", form=True) == "Line 2: Write a whole number, such as 3."


def test_one_that_need_not_be_filled_in_is_empty_or_not_there():
    assert taken(NUMBERS, "", form=True) == []
    assert taken(NUMBERS, None) is None


def test_how_many_it_must_and_may_hold_is_kept_to():
    pair = Param("pair", ParamType.LIST, of=ParamType.FLOAT, min_length=2, max_length=2)
    assert taken(pair, "1.5\n2", form=True) == [1.5, 2.0]
    assert refusal(pair, [1.5]) == "Write at least 2 lines."
    assert refusal(pair, [1, 2, 3]) == "Write at most 2 lines."


def test_a_pattern_is_of_each_value():
    codes = Param("codes", ParamType.LIST, pattern="[a-z]+", pattern_text="Lower case, please")
    assert taken(codes, ["ab", "c"]) == ["ab", "c"]
    assert refusal(codes, ["ab", "C"]) == "Lower case, please."


def test_bounds_are_of_the_kind_of_its_values():
    assert bounds_fault(NUMBERS) == ("", "")
    assert bounds_fault(Param("n", ParamType.LIST, of=ParamType.INT, min=4, max=1))[0] == "min"


def test_on_a_command_line_each_option_is_one_value():
    raw = read([SHOPS], ["--shops", "Berlin, Mitte", "--shops=Köln"])
    assert parse([SHOPS], raw, form=True) == {"shops": ["Berlin, Mitte", "Köln"]}
    assert "--shops TEXT …" in help_text([SHOPS])
