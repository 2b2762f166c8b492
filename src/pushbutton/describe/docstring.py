"""Take a docstring apart: the text, and what it says of each param (Google, Sphinx and NumPy styles)."""

from __future__ import annotations

import inspect
import re

__all__ = ["split"]

_GOOGLE = re.compile(r"(?:Args|Arguments|Parameters|Params):\s*$")
_ITEM = re.compile(r"\*{0,2}(?P<name>\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<text>.*)$")
_SPHINX = re.compile(r":(?P<field>param|parameter|arg|type)\s+(?:[^:]*\s)?(?P<name>\w+):\s*(?P<text>.*)$")
_NUMPY_ITEM = re.compile(r"(?P<names>\w+(?:\s*,\s*\w+)*)\s*(?::.*)?$")


def split(doc: str | None) -> tuple[str, dict[str, str]]:
    """The text without its params, and the sentence of each param. ("", {}) for None."""
    lines = inspect.cleandoc(doc or "").splitlines()
    kept: list[str] = []
    params: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if _GOOGLE.match(line) and _indent(lines, at + 1) > 0:
            at = _google(lines, at + 1, params)
        elif line.strip() in ("Parameters", "Other Parameters") and _underlined(lines, at + 1):
            at = _numpy(lines, at + 2, params)
        elif match := _SPHINX.match(line):
            text, at = _more(lines, at + 1, 1)
            if match["field"] != "type":
                params[match["name"]] = _joined([match["text"], *text])
        else:
            kept.append(line)
            at += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(), params


def _google(lines: list[str], at: int, params: dict[str, str]) -> int:
    depth = _indent(lines, at)
    while at < len(lines) and (not lines[at].strip() or _depth(lines[at]) >= depth):
        match = _ITEM.match(lines[at].strip()) if lines[at].strip() else None
        if match is None:
            at += 1
            continue
        text, at = _more(lines, at + 1, depth + 1)
        params[match["name"]] = _joined([match["text"], *text])
    return at


def _numpy(lines: list[str], at: int, params: dict[str, str]) -> int:
    while at < len(lines):
        if _underlined(lines, at + 1) or not (match := _NUMPY_ITEM.match(lines[at])):
            if lines[at].strip():
                break
            at += 1
            continue
        text, at = _more(lines, at + 1, 1)
        for name in re.split(r"\s*,\s*", match["names"]):
            params[name] = _joined(text)
    return at


def _more(lines: list[str], at: int, depth: int) -> tuple[list[str], int]:
    """The lines that are indented at least so far, and the index of the first that is not."""
    start = at
    while at < len(lines) and lines[at].strip() and _depth(lines[at]) >= depth:
        at += 1
    return lines[start:at], at


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indent(lines: list[str], at: int) -> int:
    return _depth(lines[at]) if at < len(lines) and lines[at].strip() else 0


def _underlined(lines: list[str], at: int) -> bool:
    return at < len(lines) and bool(re.fullmatch(r"-{3,}\s*", lines[at]))
