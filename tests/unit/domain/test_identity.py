"""What a name may look like, and what is kept of what an authority says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pushbutton.domain.identity import Identity, group_names, one_line, user_name
from pushbutton.errors import BadInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada", "ada"),
        ("Ada", "ada"),
        ("ada.l_b-c@example.org", "ada.l_b-c@example.org"),
        ("7", "7"),
        ("a" * 100, "a" * 100),
    ],
)
def test_a_name_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert user_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("a b", " ada", "ada ", "ada\n", "a\x00b", "a,b", "a:b", "a/b", "a\\b", "a*", "a'b", "<b>"),
        *("-rf", ".", "@ada", "_ada"),
        *(
            "\u0430da",
            "\u212aay",
            "ａｄａ",
            "ada\u200b",
            "\u202eada",
            "müller",
            "\ud800",
        ),  # Kelvin, full width, half a pair
    ],
)
def test_a_name_with_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="cannot be a user name: it may hold"):
        user_name(typed)


def test_an_empty_and_an_endless_name_are_refused() -> None:
    with pytest.raises(BadInput, match="is empty"):
        user_name("")
    with pytest.raises(BadInput, match="longer than 100 characters"):
        user_name("a" * 101)


@given(some.text(max_size=120))
def test_whatever_is_typed_is_refused_in_one_printable_line_or_is_plain(typed: str) -> None:
    try:
        name = user_name(typed)
    except BadInput as error:
        said = str(error)
    else:
        said = name
        assert user_name(name) == name
        assert name.isascii()
    assert said.isprintable()


def test_a_title_is_one_line() -> None:
    assert one_line("Ada\r\nSet-Cookie: x\x1b[31m") == "Ada Set-Cookie: x [31m"
    assert one_line("Ada\u202e \ud800 Lovelace") == "Ada Lovelace"
    assert one_line("x" * 300) == "x" * 200
    assert one_line(["Ada"]) == one_line(None) == ""


def test_groups_are_texts_that_can_be_shown() -> None:
    assert group_names(["ops", " Ops ", "", " ", 7, None, "a\nb", "x" * 201, ["ops"]]) == {"ops", "Ops"}
    assert len(group_names(f"g{number}" for number in range(5_000))) == 1_000


def test_an_identity_without_more_has_no_groups() -> None:
    assert Identity("ada").groups == frozenset()
