"""Which line of an output is taken for the one that names a failure."""

import pytest

from pushbutton.web.views.error_line import error_line


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):|  File x, line 1|    r = 1/0|*ZeroDivisionError: division by zero|leaving",
        "make: entering|gcc -c a.c|*a.c:3: error: expected ';'|make: *** [a.o] Error 1 is behind it",
        "cp: cannot stat 'x'|*ERROR: backup is not complete|cleaning up",
        "starting|*cp: cannot create '/x': Permission denied|done with it",
        "[fatal] one|*fatal: not a git repository",
        "curl: (6) x|*npm ERR! failed to fetch|bye",
        "java.lang.IllegalStateException: broken|*Caused by: java.io.IOException: error: no space",
        "*killed|bye",
    ],
)
def test_the_last_line_that_says_it_outright_else_the_last_that_speaks_of_it(text: str) -> None:
    lines = text.split("|")
    marked = next(number for number, line in enumerate(lines, 1) if line.startswith("*"))
    assert error_line(enumerate((line.lstrip("*") for line in lines), 1)) == marked


@pytest.mark.parametrize("text", ["all is well", "0 errors, no failures", "terrorised by nothing", ""])
def test_where_nothing_is_wrong_no_line_is(text: str) -> None:
    assert error_line([(1, text)]) == 0


def test_a_line_without_end_is_looked_at_in_part() -> None:
    assert error_line([(1, "x" * 3_000_000), (2, "a: error: b" + " " * 3_000_000)]) == 2
