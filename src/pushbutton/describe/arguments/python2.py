"""Python 2 by its text: the lines that are no Python of today are written as what comes to the same here."""

from __future__ import annotations

import ast
import re

__all__ = ["python2"]

_MOST = 500  # lines that are rewritten
_TEXT = re.compile(r"""\"(?:[^"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'""")
_RULES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\bprint\s*>>\s*"), "_ = "),
    (re.compile(r"\b(?:print|exec)\b(?!\s*[=.(\[])(?=\s*[^\s=])\s*"), "_ = "),
    (re.compile(r"\bprint\s*(?=\()"), "_ = "),  # `print ("a") % b`
    (re.compile(r"\bexcept\s+([\w.]+|\([^()]*\))\s*,\s*(\w+)\s*:"), r"except \1 as \2:"),
    (re.compile(r"\braise\s+([\w.]+)\s*,\s*"), r"raise \1 or "),
    (re.compile(r"`([^`]*)`"), r"(\1)"),
    (re.compile(r"<>"), "!="),
    (re.compile(r"(?<![\w.])0+([0-7]+)\b"), r"0o\1"),
    (re.compile(r"\b([0-9]+)[lL]\b"), r"\1"),
    (re.compile(r"\b[uU][rR](?=[\"'])"), "r"),
]


def python2(source: str) -> ast.Module | None:
    """Its tree; None: it is no Python 2 either. Only lines on which Python stumbles are touched."""
    lines = source.replace("\r\n", "\n").split("\n")
    for _ in range(_MOST):
        try:
            return ast.parse("\n".join(lines))
        except TabError:
            if not _without_tabs(lines):
                return None
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            if not (0 <= at < len(lines)) or not _rewritten(lines, at):
                return None
        except ValueError:
            return None
    return None


def _rewritten(lines: list[str], at: int) -> bool:
    """Whether a rule changed the line, outside of its texts."""
    line = lines[at]
    inside = [found.span() for found in _TEXT.finditer(line)]
    for rule, instead in _RULES:
        for found in rule.finditer(line):
            if not any(start < found.start() < end for start, end in inside):
                lines[at] = line[: found.start()] + found.expand(instead) + line[found.end() :]
                return lines[at] != line
    return False


def _without_tabs(lines: list[str]) -> bool:
    """Whether there were any before the text of a line."""
    before = list(lines)
    for at, line in enumerate(lines):
        text = line.lstrip(" \t")
        lines[at] = line[: len(line) - len(text)].expandtabs(8) + text
    return lines != before
