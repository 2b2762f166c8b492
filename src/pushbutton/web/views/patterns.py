r"""A pattern for the browser, so that it sees a mistake before the form is sent. The server looks again.

Only what both read alike: letters, classes, groups, repeats, `\d`, `\w` and the point. Anything else is left to the
server, and so is what may take long to compare.
"""

from __future__ import annotations

import re

from pushbutton.domain.pattern import nested

__all__ = ["in_browsers"]

_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CLASSES = {"d": r"\p{Nd}", "w": r"\p{L}\p{N}_"}  # Python means those of all scripts
_PIECE = re.compile(
    r"""(?P<class>\[\^?(?:\\.|[^\\\[\]])+\])
    | \\(?P<escape>.)
    | (?P<open>\((?:\?:)?(?!\?))
    | (?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??(?![*+?{]))
    | (?P<plain>[)|])
    | (?P<point>\.)
    | (?P<letter>[^\\^$.*+?(){}\[\]|])""",
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(r"\\(.)|(.)", re.DOTALL)


def in_browsers(pattern: str) -> str:
    """The `pattern` of HTML that matches the same texts; "" where there is none."""
    if nested(pattern):
        return ""
    pattern = pattern.removeprefix("^")
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1]
    found, at = "", 0
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        one = _piece(piece) if piece else None
        if piece is None or one is None:
            return ""
        found, at = found + one, piece.end()
    return found


def _piece(piece: re.Match[str]) -> str | None:
    if piece["class"]:
        return _class(piece["class"])
    if piece["escape"]:
        escaped = piece["escape"]
        if escaped in _CLASSES:
            return f"[{_CLASSES[escaped]}]"
        return None if escaped.isalnum() else _literal(escaped)
    if piece["point"]:
        return r"[^\n]"
    return _literal(piece["letter"]) if piece["letter"] else piece[0]


def _literal(letter: str) -> str:
    return f"\\{letter}" if letter in _SYNTAX else letter


def _class(text: str) -> str | None:
    negated = text.startswith("[^")
    found, inner = "", text[2 if negated else 1 : -1]
    members = list(_MEMBER.finditer(inner))
    for place, member in enumerate(members):
        escaped, letter = member[1], member[2]
        if escaped in _CLASSES:
            found += _CLASSES[escaped]
        elif escaped and escaped.isalnum():
            return None
        elif letter == "-" and 0 < place < len(members) - 1:
            found += "-"  # a range
        else:
            one = escaped or letter
            found += one if one.isalnum() or one in " _" else f"\\{one}" if one in _SYNTAX | {"-"} else _by_number(one)
    return f"[{'^' if negated else ''}{found}]"


def _by_number(letter: str) -> str:
    """A sign that newer browsers may take for an operator of classes."""
    return f"\\u{{{ord(letter):x}}}"
