"""A pattern is given to the browser only where it reads it as Python does."""

import pytest

from pushbutton.web.views.patterns import in_browsers


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("[0-9]{5}", "[0-9]{5}"),
        (r"^\d+\.\d+$", r"[\p{Nd}]+\.[\p{Nd}]+"),
        (r"(?:[a-z]-)*[a-z]+", r"(?:[a-z]-)*[a-z]+"),
        (r"v[\w.-]{1,9}?", r"v[\p{L}\p{N}_\.\-]{1,9}?"),
        ("a.c|/x/", r"a[^\n]c|\/x\/"),
        ("[^&&!]", r"[^\u{26}\u{26}\u{21}]"),
        (r"\$[0-9]+\$", r"\$[0-9]+\$"),
    ],
)
def test_what_both_read_alike_is_given_to_the_browser(pattern: str, there: str):
    assert in_browsers(pattern) == there


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            r"\bx",
            r"\s*",
            r"(?i)abc",
            r"(?P<y>a)(?P=y)",
            r"(?=a)a",
            r"(?<!x)y",
            r"a*+",
            r"[\s]",
            r"x{,3}",
            r"a$b",
            "[]a]",
        ),
        *(r"\Aabc\Z", "", "([a-z]+[.]?)+!"),
    ],
)
def test_anything_else_is_left_to_the_server(pattern: str):
    assert in_browsers(pattern) == ""
