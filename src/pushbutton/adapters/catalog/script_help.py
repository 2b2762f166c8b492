"""The help of a script: the paragraph in its head that says what it does.

That is what its language has for it (the docstring of a Python script, NAME of Perl's POD, `.SYNOPSIS` of PowerShell,
`usage_description=` of a shell), else the first paragraph of comments. Left out are licences, authors, dates, versions
and links, what is meant for editors and linters, blocks such as `# /// script`, and decoration.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from collections.abc import Iterator, Sequence

__all__ = ["comment_of", "help_of"]

_BLOCK = re.compile(r"(?P<sign>#|//|--) /// [\w-]+\s*")
_COMMENT = re.compile(r"(?:#+|//+|--+)(?:$|(?P<text>[\s*=#~_+-].*))")
_DECORATION = re.compile(r"[\s*=#~_+|/-]+")
_SETTING = re.compile(r"\s*(?:set|shopt|setopt)\s")  # of a shell, before it says what it does
_DOCSTRING = re.compile(
    r"(?:[ \t]*(?:#[^\n]*)?\n)*(?P<literal>[rRuU]?(?P<quote>\"{3}|'{3}|\"|')(?P<text>.*?)(?<!\\)(?P=quote))"
    r"(?P<alone>[ \t]*(?:#[^\n]*)?(?:\n|$))?",
    re.DOTALL,
)
_NO_DOCSTRING = re.compile(r"(?:[ \t]*(?:#.*)?\n)*(?:import|from|def|class|async|with|for|while|if|try|@)\b")
_FOR_TOOLS = re.compile(
    r"-\*-|!/|/// |@\w+|\$(?:Id|Revision|Date|Author|Header)\b|(?:see(?: also)?:?\s+)?<?https?://\S+$|<?[\w.+-]+@[\w.-]+>?$"
    r"|(?:shellcheck|vim?|ex|coding|pylint|flake8|ruff|noqa|type|mypy|isort|pragma|jscpd|nosemgrep|cspell)\b\s*[:=]?\s*"
    r"(?:disable|enable|ignore|source|set|\w+=|[\w.-]+$|\[)",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"(?:authors?|written by|maintainers?|contributors?|created(?: by| on)?|creation date|date|(?:last )?(?:modified|"
    r"updated?|changed?|change)|version|revision|copyright|license|licence|spdx-[\w-]+|since|e-?mail|contact|website|"
    r"homepage|url|repository|source|organi[sz]ation|company|team|todo|args)\b\s*(?:[:=]|by\b|\(c\)|©)|(?:version|revision|date)\s+v?\d|\(c\)\s|©|"
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
_BEHIND_A_NAME = re.compile(r"\s*(?:$|:\s*|[-–—]+\s+)")


_POD = re.compile(r"^=head1[ \t]+NAME[ \t]*\n\s*\n(?P<text>[^=].*?)(?:\n\s*\n|\n=|\Z)", re.DOTALL | re.MULTILINE)
_SYNOPSIS = re.compile(
    r"^\s*(?:#\s*)?\.SYNOPSIS[ \t]*\n(?P<text>.+?)(?=\n\s*(?:#\s*)?(?:\.[A-Z]|#>)|\n\s*#?\s*\n|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_DESCRIPTION = re.compile(
    r"^(?:export +|readonly +)?usage_description="
    r"(?:\"(?P<double>(?:[^\"\\]|\\.){0,4000})\"|'(?P<single>[^']{0,4000})')",
    re.DOTALL | re.MULTILINE,
)


def help_of(lines: Sequence[str], name: str, *, python: bool) -> str:
    """The help in its language's own form; "": none. `lines`: the head of a file; `name`: the file's."""
    source = "\n".join(lines)
    if python:
        return _of_docstring(_docstring(source), name)
    for found in (_POD.search(source), _SYNOPSIS.search(source), _DESCRIPTION.search(source)):
        if found and (told := _of_docstring(_plain(found), name)):
            return told.split("\n\n")[0]
    return ""


def comment_of(lines: Sequence[str], name: str) -> str:
    """The first paragraph of comments that says something."""
    return next(filter(None, (_told(some, name) for some in _paragraphs(lines))), "")


def _plain(found: re.Match[str]) -> str:
    """Without signs of comments, and what POD marks."""
    named = found.groupdict()
    text = named.get("text") or named.get("double") or named.get("single") or ""
    text = re.sub(r"^[ \t]*#[ \t]?|^[ \t]+", "", text, flags=re.MULTILINE)
    text = re.sub(r"\b[BCFILX]<(.*?)>", r"\1", text) if found.re is _POD else text
    text = re.sub(r"\\([\"$`\\])", r"\1", text) if named.get("double") else text
    return re.sub(r"^\S+ +-+ +", "", text.strip()) if found.re is _POD else text.strip()


def _docstring(source: str) -> str:
    if _NO_DOCSTRING.match(source):
        return ""
    match = _DOCSTRING.match(source)
    wrong = (SyntaxError, ValueError, RecursionError, MemoryError)
    if match and match["alone"] is not None:  # to parse the rest of thousands of scripts would take long
        with contextlib.suppress(*wrong):
            return inspect.cleandoc(ast.literal_eval(match["literal"]))
    try:
        return ast.get_docstring(ast.parse(source)) or ""
    except wrong:  # another Python's, or longer than what was read
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
    """A paragraph's sentence on what the script does; "": none."""
    if _LICENCE.search(" ".join(lines)):
        return ""
    kept = []
    for line in lines:
        bare = line.strip()
        if _FOR_TOOLS.match(bare) or _FACT.match(bare):
            continue
        if bare.startswith(name) and (found := _BEHIND_A_NAME.match(bare, len(name))):
            bare = bare[found.end() :]
        if _NAME.match(bare) or not re.search(r"\w\w", bare):
            continue
        kept.append(_LABEL.sub("", bare) if _LABEL.match(bare) else line if python and bare == line.strip() else bare)
    return "\n".join(kept)
