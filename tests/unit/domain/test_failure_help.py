"""Which of an author's words about failures fits what a run said."""

import pytest

from pushbutton.domain.failure_help import FailureHelp, fitting

TIMEOUT, BOTH, ANY = FailureHelp("timeouterror", "Wait."), FailureHelp("lb-*refused", "Ask."), FailureHelp(help="Else.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["all is well", "TimeoutError: 30 s"], TIMEOUT),
        (["lb-1.internal: connection REFUSED"], BOTH),
        (["refused by lb-1", "lb-1 is there"], ANY),
        ([], ANY),
    ],
)
def test_the_first_that_stands_in_one_line_counts(said, expected):
    assert fitting((TIMEOUT, BOTH, ANY), said) == expected


def test_nothing_fits_where_nothing_stands_there():
    assert fitting((TIMEOUT,), ["all is well"]) is None
    assert fitting((), ["TimeoutError"]) is None


def test_a_long_line_and_many_stars_take_no_time():
    assert fitting((FailureHelp("*a" * 500 + "b", "x"),), ["a" * 100_000] * 20) is None
