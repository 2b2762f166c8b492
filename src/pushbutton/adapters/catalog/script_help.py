"""The help of a script: the paragraph in its head that says what it does.

That is the docstring of a Python script, else the first paragraph of comments. Left out are licences, authors, dates
and versions, what is meant for editors and linters, blocks such as `# /// script`, and decoration.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence

__all__ = ["help_of"]

_BLOCK = re.compile(r"(?P<sign>#|//|--) /// [\w-]+\s*")
_COMMENT = re.compile(r"(?:#+|//+|--+)(?:$|(?P<text>[\s*=#~_+-].*))")
_DECORATION = re.compile(r"[\s*=#~_+|/-]+")
_SETTING = re.compile(r"\s*(?:set|shopt|setopt)\s")  # of a shell, before it says what it does
_DOCSTRING = re.compile(
    r"(?:[ \t]*(?:#.*)?\n)*[rRuU]?(?P<quote>\"{3}|'{3}|\"|')(?P<text>.*?)(?<!\\)(?P=quote)", re.DOTALL
)
_FOR_TOOLS = re.compile(
    r"-\*-|!/|/// |@\w+|\$(?:Id|Revision|Date|Author|Header)\b|https?://\S+$|<?[\w.+-]+@[\w.-]+>?$"
    r"|(?:shellcheck|vim?|ex|coding|pylint|flake8|ruff|noqa|type|mypy|isort|pragma|jscpd|nosemgrep|cspell)\b\s*[:=]?\s*"
    r"(?:disable|enable|ignore|source|set|\w+=|[\w.-]+$|\[)",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"(?:authors?|written by|maintainers?|contributors?|created(?: by| on)?|creation date|date|(?:last )?(?:modified|"
    r"updated?|changed?|change)|version|revision|copyright|license|licence|spdx-[\w-]+|since|e-?mail|contact|website|"
    r"homepage|url|repository|source|organi[sz]ation|company|team|todo)\b\s*(?:[:=]|by\b|\(c\)|©)|(?:version|revision|date)\s+v?\d|\(c\)\s|©|"
    r"all rights reserved\b|copyright\b",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"licen[sc]ed? under|permission is hereby granted|free software|general public licen[sc]e|apache licen[sc]e"
    r"|(?:mit|bsd|isc|mozilla public) licen[sc]e|without warrant|warrant(?:y|ies) of|redistribution and use"
    r"|under the terms of|copy of the licen[sc]e|under the licen[sc]e|see the licen[sc]e|liable for any|\"as is\""
    r"|use of this source code",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:description|purpose|summary|synopsis|about|desc|what)\s*:\s*", re.IGNORECASE)
_NAME = re.compile(r"(?:(?:file|script|program)?\s*name|file|script|program)\s*:\s*", re.IGNORECASE)


def help_of(lines: Sequence[str], name: str, *, python: bool) -> str:
    """`lines`: the head of a file; `name`: the file's."""
    doc = _docstring("\n".join(lines)) if python else ""
    return _of_docstring(doc, name) or next(filter(None, (_told(some, name) for some in _paragraphs(lines))), "")


def _docstring(source: str) -> str:
    try:
        return ast.get_docstring(ast.parse(source)) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass  # another Python's, or longer than what was read
    match = _DOCSTRING.match(source)
    return inspect.cleandoc(match["text"]) if match else ""


def _of_docstring(doc: str, name: str) -> str:
    """Without what stands before the first paragraph that says something."""
    lines = [line for line in doc.splitlines() if not line.strip() or not _DECORATION.fullmatch(line)]
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    for index, paragraph in enumerate(paragraphs):
        if told := _told(paragraph.splitlines(), name, python=True):
            return "\n\n".join([told, *paragraphs[index + 1 :]])
    return ""


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Of the comments before the first line that does something."""
    found: list[str] = []
    block = ""
    for line in lines:
        if match := _BLOCK.fullmatch(line):
            block = match["sign"]
        elif block:
            block = "" if line.rstrip() == f"{block} ///" else block
        elif line.startswith("#!"):
            continue
        elif match := _COMMENT.fullmatch(line):
            text = _undecorated(match["text"] or "")
            if text:
                found.append(text)
            elif found:
                yield found
                found = []
        else:
            if found:
                yield found
                found = []
            if line.strip() and not _SETTING.match(line):
                return
    if found:
        yield found


def _undecorated(text: str) -> str:
    text = text.strip()
    if _DECORATION.fullmatch(text):
        return ""
    return re.sub(r"^(?:[*=#~|+]+|-{2,})\s+|\s+(?:[*=#~|+]+|-{2,})$", "", text).strip()


def _told(lines: Sequence[str], name: str, *, python: bool = False) -> str:
    """What a paragraph says of what the script does; "": nothing."""
    if _LICENCE.search(" ".join(lines)):
        return ""
    kept = []
    for line in lines:
        bare = line.strip()
        if _FOR_TOOLS.match(bare) or _FACT.match(bare):
            continue
        bare = re.sub(rf"^{re.escape(name)}\s*(?:$|:\s*|[-–—]+\s+)", "", bare)
        if _NAME.match(bare) or not re.search(r"\w\w", bare):
            continue
        kept.append(_LABEL.sub("", bare) if _LABEL.match(bare) else line if python and bare == line.strip() else bare)
    return "\n".join(kept)
