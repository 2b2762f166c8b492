"""Faults of a YAML file, in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ruamel.yaml.error import MarkedYAMLError

__all__ = ["yaml_fault"]

_NO_COLON = (
    "A “:” stands where none can: put text that holds one in quotes, begin a key below the key above it, and look "
    "whether the line above lacks its “:”."
)
_HERE: Sequence[tuple[str, str]] = (
    ("mapping values are not allowed", _NO_COLON),
    ("could not find expected ':'", "A key is missing its “:” and its value here."),
    ("sequence entries are not allowed", "An item that begins with “-” stands on a line of its own; or use [ and ]."),
    (r"found character '\\t'", "A tab stands here: indent with blanks."),
    ("found character '(.)'", "Text cannot begin with “{0}”: put it in quotes."),
    (
        "found undefined alias",
        "“*” names what is marked with “&” above, and nothing is: put it in quotes, if it is text.",
    ),
    ("expected alphabetic or num", "“&” and “*” mark and name things in YAML: put it in quotes, if it is text."),
    (
        "found unknown escape character '(.)'",
        "“\\{0}” means nothing in text between \": write “\\\\” for a “\\”, or put the text between '.",
    ),
    ('found duplicate key "([^"]*)"', "“{0}” stands here twice: leave one of them."),
    ("expected the node content, but found '(.*)'", "Before this “{0}” something is missing."),
    (
        "expected <block end>, but found '-'",
        "An item that begins with “-” stands among keys: indent it, or take the “-” away.",
    ),
    ("expected <block end>, but found '<block", "This line is indented otherwise than those that it belongs to."),
    ("expected <block end>, but found '<sca", "Something stands behind a value: put it in quotes, if it is one text."),
    (r"expected <block end>, but found '([\]},])'", "Nothing is open that this “{0}” could close or part."),
    ("but found another document", "A line “---” begins a second document here, and only one is read."),
    ("expected a mapping or list of mappings for merging", "Behind “<<:” stands what is merged: a table."),
    ("expected chomping or indent", "Behind “|” or “>” the line ends, and the text begins on the next one."),
)
"""The reader's messages, and ours in their place."""

_BEGAN: Sequence[tuple[str, str, str]] = (
    (
        "quoted scalar|double-quoted|single-quoted",
        "found unexpected (?:end|document)",
        "The text that begins here is not closed: write the same quote at its end.",
    ),
    (
        "flow sequence",
        r"expected ',' or '\]'",
        "The list that begins here is not closed: write ] at its end, and “,” between its items.",
    ),
    (
        "flow mapping",
        "expected ',' or '}'",
        "The table that begins here is not closed: write } at its end, and “,” between its items.",
    ),
)
"""The reader's context, its message, and our sentence about the place where that began."""


def yaml_fault(error: Exception) -> tuple[int, int, str]:
    """(line, column, a sentence); line and column count from 1."""
    if not isinstance(error, MarkedYAMLError):
        return 1, 1, _unmarked(error)
    said, reading = (error.problem or "").partition("\n")[0], error.context or ""
    for context, problem, sentence in _BEGAN:
        if error.context_mark and re.search(context, reading) and re.match(problem, said):
            return error.context_mark.line + 1, error.context_mark.column + 1, sentence
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for pattern, sentence in _HERE:
        if match := re.match(pattern, said):
            return line, column, sentence.format(*match.groups())
    return line, column, f"This cannot be read as YAML: {said or reading or 'nobody knows why'}."


def _unmarked(error: Exception) -> str:
    said = str(error).partition("\n")[0]
    if isinstance(error, RecursionError):
        return "Lists or tables in one another go too deep."
    if isinstance(error, UnicodeDecodeError):
        return "It is not written in UTF-8: save it as such."
    if "special characters are not allowed" in said:
        return 'It holds a control character: take it out, or write it as an escape such as "\\e".'
    if said.startswith("Exceeds the limit"):
        return "A number in it has too many digits: put it in quotes."
    return f"It cannot be read: {said}."
