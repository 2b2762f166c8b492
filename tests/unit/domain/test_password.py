"""Which passwords are taken."""

from __future__ import annotations

import pytest

from pushbutton.domain.password import require_good
from pushbutton.errors import BadInput


@pytest.mark.parametrize(
    "password", ["four words will do", "ünïcödé is fine too", "twelve chars", " " * 6 + "abcdef", "0123456789ab"]
)
def test_a_long_password_is_taken_whatever_it_holds(password: str) -> None:
    require_good(password, "ada")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "too short; take at least 12"),
        ("eleven char", "too short; take at least 12"),
        ("x" * 999 + "yz", "longer than 1,000 characters"),
        ("ada.lovelace@example.org", "is the user name"),
        ("ADA.Lovelace@Example.org", "is the user name"),
        ("Password1234", "one of the first that anybody would try"),
        ("aaaaaaaaaaaaaaaa", "one of the first that anybody would try"),
        ("abababababab", "one of the first that anybody would try"),
        ("twelve chars\ud800", "half a character"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason(password: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        require_good(password, "ada.lovelace@example.org")
    assert str(refused.value).count(".") == 1
